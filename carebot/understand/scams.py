"""Does somebody only warn of a scam, which did not catch them? "Me llegó este correo, ¿es de ustedes?", "a phishing text is going round".

They are owed an answer and thanks, and the bank wants to know; nobody is robbed. In doubt somebody lost something: one word of money, of
their own account or of what they did for the thief (words/scams.txt) is enough. Of 151 messages that were read as fraud on recorded days,
55 only warn, and of those nobody had lost anything (2026-11; the words were written beside them).
"""

from __future__ import annotations

from carebot.understand.lexicon import words
from carebot.understand.patterns import patterns

_SAID = patterns(words("scams"), " ", " ")


def only_warns(plain: str) -> bool:
    """Of a text that was read as fraud: did something come, and is nothing lost?

    plain   as `normalise.plain` gave it
    """
    said = f" {plain.strip()} "
    return bool(_SAID["came"].search(said)) and not _SAID["lost"].search(said)
