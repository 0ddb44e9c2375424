"""What people really type into rules.yaml, and what carebot answers, letter for letter.

Each NAME.yaml in typos/ is a file with a slip in it, NAME.txt is what its writer is told. Read the texts aloud as a support lead:
what, where, the value seen, what to do.
"""

from pathlib import Path

import pytest
from small_kinds import KINDS

from carebot.config.load import decode, read

TYPOS = sorted((Path(__file__).parent / "typos").glob("*.yaml"))
SECRETS = ("xoxb-", "abcdefGHIJKL", "xapp-", "hunter2", "9f8e7d")


def told(path: Path) -> str:
    text = decode(path.read_bytes())
    assert isinstance(text, str)
    rulebook, problems = read(text, kinds=KINDS)
    assert rulebook is None
    return "".join(f"{problem}\n" for problem in problems)


@pytest.mark.parametrize("typo", TYPOS, ids=lambda path: path.stem)
def test_a_slip_is_answered_with_what_where_and_what_to_do(typo):
    answer = told(typo)
    assert answer == typo.with_suffix(".txt").read_text("utf-8")
    assert not any(secret in answer for secret in SECRETS)


def test_every_text_belongs_to_a_file_and_there_are_enough_of_them():
    texts = {path.stem for path in (Path(__file__).parent / "typos").glob("*.txt")}
    assert texts == {path.stem for path in TYPOS}
    assert len(texts) >= 30
