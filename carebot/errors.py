"""What went wrong, sorted by whose turn it is.

Catch these where you can decide; let everything else rise. No message here may carry a secret or a customer's text.
"""

from __future__ import annotations

from datetime import timedelta


class Trouble(Exception):
    """Something outside is not as it should be. The text is for the operator: what, where, what to do."""


class Unreachable(Trouble):
    """Nobody's turn: the other side cannot be reached or makes no sense now. Wait and ask again."""


class TooLarge(Unreachable):
    """The answer is longer than we take. Asking for less of it at once may help."""


class Throttled(Trouble):
    """Their turn: they asked us to wait. `wait` is what they asked for, already clamped to something sensible."""

    def __init__(self, what: str, wait: timedelta) -> None:
        super().__init__(what)
        self.wait = wait


class Refused(Trouble):
    """A human's turn: a token, a permission, an address is wrong. Asking again will not help; `what_to_fix` says what will."""

    def __init__(self, what: str, what_to_fix: str) -> None:
        super().__init__(f"{what}. {what_to_fix}")
        self.what_to_fix = what_to_fix


class Unusable(Exception):
    """The operator's turn, before anything runs: bad arguments, a bad rules file, a database somebody else holds. Exit status 2."""


class Held(Unusable):
    """Another carebot holds the database. Exit status 73 (EX_CANTCREAT), as two writers would count everything twice."""
