"""Phrases with gaps in them, as people wrote them down in words/*.txt: what `lexicon` cannot say, since its phrases are fixed.

    staff = team|experts?|department           a name for some words
    [phone]                                    what every line below says
    (call|ring) (our|the) …4 <staff>           …4 stands for up to four words, <staff> for the words of that name

A line is otherwise a regular expression. Gaps have a fixed most, so that no text takes long.
"""

from __future__ import annotations

import re

_GAP, _NAME = re.compile(r"…(\d+) ?"), re.compile(r"(?<!P)<(\w+)>")
_GROUP = re.compile(r"(?<!\\)\((?!\?)")  # nobody asks what a group held, and a search that need not keep it is faster


def patterns(text: str, before: str, after: str = "", word: str = "[^ ]+ ") -> dict[str, re.Pattern[str]]:
    """One pattern a heading, in the order of the headings.

    before, after   what stands on both sides of each line; a line that begins with ^ stands at the very beginning
    word            what counts as one word of a gap, with the space after it
    Raises KeyError for a name that is not given above its line.
    """
    names: dict[str, str] = {}
    lines: dict[str, tuple[list[str], list[str]]] = {}  # those that stand anywhere, and those at the very beginning
    for line in filter(None, map(str.strip, text.splitlines())):
        full = _NAME.sub(lambda found: f"(?:{names[found[1]]})", line)
        if line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]") and line[1:-1].isidentifier():
            heading = lines.setdefault(line[1:-1], ([], []))
        elif " = " in line and line.partition(" = ")[0].isidentifier():
            name, _, words = full.partition(" = ")
            names[name] = words
        else:
            full = _GAP.sub(lambda found: f"(?:{word}){{0,{found[1]}}}", full)
            heading[full.startswith("^")].append(_GROUP.sub("(?:", full.lstrip("^")))
    return {
        name: re.compile("|".join(f"{'^' * first}{before}(?:{'|'.join(some)}){after}" for first, some in enumerate(each) if some))
        for name, each in lines.items()
    }
