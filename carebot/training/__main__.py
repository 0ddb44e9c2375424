"""`python -m carebot.training`: what `carebot train` does."""

import sys

from carebot.errors import Unusable
from carebot.training.command import main


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


try:
    sys.exit(main(sys.argv[1:], say))
except Unusable as error:
    sys.exit(f"carebot train: {error}")
