"""A model in a process of its own, which may crash, hang, answer nonsense or eat memory: the full tier's, or the user's.

Nothing of that stops the desk: what the model did not read keeps the built-in reading, and is never "neutral" for want of an answer. A
process that fails is killed and started again, later each time. Staff hear of it once when it fails and once when it is back.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.effects.reading.model_child import Frame, Ready, Rows, Settings, Texts, Trouble, hear, send
from carebot.model import SelfReport, Text
from carebot.understand.encoder import OUTPUTS
from carebot.understand.verdicts import LABELS

log = logging.getLogger("carebot")

CHILD = (sys.executable, "-P", "-m", "carebot.effects.reading.model_child")  # -P: no module is taken from the folder we happen to be in
LOADING = 600.0  # seconds; a first load may fetch a gigabyte
FIRST_AGAIN, SLOWEST_AGAIN = 5.0, 600.0  # seconds until it is started again: the first time, and at most
WELL = 600.0  # a process that lived this long failed by bad luck: the waiting begins anew
AT_ONCE = 256  # texts asked about together at most
_OURS = ("CAREBOT_", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_")  # of the environment: no business of a model
_QUIET = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "TRANSFORMERS_VERBOSITY": "error", "OMP_NUM_THREADS": "1"}


class Failed(Exception):
    """The process did not do what it is for. The text says what, for the operator."""


# ── kinds of model ───────────────────────────────────────────────────────────────────────────────────────────────


class Kind(msgspec.Struct, frozen=True):
    """What tells one kind of model from another: the shape of a right answer, and what staff read when there is none.

    width   numbers a text
    right   whether rows can be an answer; if not, `wrong` says why not
    """

    id: str
    width: int
    right: Callable[[NDArray[np.float32]], bool]
    wrong: str
    down: Text
    back: Text


def _are_shares(rows: NDArray[np.float32]) -> bool:
    return bool(np.isfinite(rows).all() and (rows >= 0).all() and np.allclose(rows.sum(axis=1), 1, atol=1e-3))


def _are_numbers(rows: NDArray[np.float32]) -> bool:
    return bool(np.isfinite(rows).all())


KINDS = {
    "encoder": Kind(
        id="full-tier",
        width=len(OUTPUTS),
        right=_are_numbers,
        wrong="its answer is no numbers (NaN or infinity)",
        down=Text("La lectura completa no responde: vale la lectura rápida", "The full tier does not answer: the fast one's reading holds"),
        back=Text("La lectura completa vuelve a responder", "The full tier answers again"),
    ),
    "sentiment": Kind(
        id="classifier",
        width=len(LABELS),
        right=_are_shares,
        wrong="its answer is no probabilities (NaN, or a sum that is not 1)",
        down=Text("El modelo propio no responde: vale la lectura de carebot", "Your own model does not answer: carebot's reading holds"),
        back=Text("El modelo propio vuelve a responder", "Your own model answers again"),
    ),
}


# ── the process ──────────────────────────────────────────────────────────────────────────────────────────────────


class Worker:
    """One model and its process, used by one thread at a time. The process starts with the first look at it.

    budget    seconds that nobody waits longer than for an answer
    patient   waits until the model is loaded and has read every text, as `carebot classify` does; otherwise nobody waits for the
              loading, nor longer than `budget` for the reading
    command   what is run; it must speak as `model_child` does
    """

    def __init__(self, settings: Settings, budget: float, *, patient: bool = False, command: Sequence[str] = CHILD) -> None:
        self.kind = KINDS[settings.kind]
        self.trouble = ""  # why it cannot be asked now; empty while all is well or it still loads for the first time
        self.settings, self._budget = settings, budget
        self.patient, self._command = patient, tuple(command)
        self._name = settings.model or self.kind.id
        self._child: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._portion = 0  # texts asked about together; 0 until it is loaded
        self._began = self._again_at = 0.0
        self._failures = 0
        self._told = False

    @property
    def state(self) -> str:
        """In a word: loading, ready or down."""
        return "down" if self.trouble else "ready" if self._portion else "loading"

    # ── asking ──

    def ask(self, texts: Sequence[str], seconds: float = math.inf) -> NDArray[np.float32] | None:
        """Float32 (k, width): the rows of the first k texts, as many as were read before the seconds or half the budget were over.

        All of them when patient. None when the model cannot be asked now or failed just now: then `trouble` says why, unless it still
        loads.
        """
        if not self._is_ready():
            return None
        began = time.monotonic()
        enough = began + (math.inf if self.patient else min(seconds, self._budget / 2))
        rows = [np.zeros((0, self.kind.width), np.float32)]
        asked = 0
        try:
            while asked < len(texts) and (not asked or time.monotonic() < enough):
                few = texts[asked : asked + self._portion]
                rows.append(self._answer(few, (time.monotonic() if self.patient else began) + self._budget))
                asked += len(few)
        except Failed as failed:
            self._fall(str(failed))
            return None
        return np.concatenate(rows)

    def _answer(self, texts: Sequence[str], deadline: float) -> NDArray[np.float32]:
        frame = self._exchange(Texts(list(texts)), deadline)
        raw = frame.rows if isinstance(frame, Rows) else b""
        if len(raw) != len(texts) * self.kind.width * 4:
            raise Failed("its answer has the wrong shape")
        rows = np.frombuffer(raw, "<f4").reshape(-1, self.kind.width).astype(np.float32)
        if not self.kind.right(rows):
            raise Failed(self.kind.wrong)
        return rows

    def _exchange(self, frame: Frame | None, deadline: float) -> Frame:
        """Says something, unless it is None, and hears the answer."""
        assert self._line
        try:
            if frame is not None:
                send(self._line, frame, deadline)
            answer = hear(self._line, deadline)
        except TimeoutError:
            raise Failed(f"no answer within {self._budget:.0f} s") from None
        except (EOFError, OSError):
            raise Failed(self._how_it_ended()) from None
        except ValueError:
            raise Failed("its answer cannot be read") from None
        if isinstance(answer, Trouble):
            raise Failed(answer.what)
        return answer

    # ── life ──

    def _is_ready(self) -> bool:
        """Looks after the process: started when it is due, heard when it is loaded, noticed when it is dead."""
        try:
            if self._child is None:
                if time.monotonic() < self._again_at:
                    return False
                self._start()
            elif self._child.poll() is not None and self._portion:
                raise Failed(self._how_it_ended())
            return self._portion > 0 or self._is_loaded()
        except Failed as failed:
            self._fall(str(failed))
            return False

    def _start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        environment |= _QUIET | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._began, self._portion = time.monotonic(), 0
        try:
            self._line, theirs = socket.socketpair()
            with theirs:
                self._child = subprocess.Popen(self._command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, env=environment)  # noqa: S603
            send(self._line, self.settings, self._began + 1)
        except OSError as error:
            raise Failed(f"its process does not start: {error.strerror or type(error).__name__}") from None
        log.info("classifier loading model=%s", self._name)

    def _is_loaded(self) -> bool:
        assert self._line
        news = select.poll()
        news.register(self._line, select.POLLIN)
        if not news.poll(LOADING * 1000 if self.patient else 0):
            if time.monotonic() - self._began < LOADING:
                return False
            raise Failed(f"it did not load within {LOADING / 60:.0f} minutes")
        frame = self._exchange(None, time.monotonic() + 1)
        if not isinstance(frame, Ready):
            raise Failed("its answer cannot be read")
        if frame.slowest_s > self._budget:
            raise Failed(f"a single text takes it {frame.slowest_s:.1f} s, more than budget allows")
        # What comes back in half the budget even if all texts are long: a slow answer is then no answer, and not a hard one.
        self._portion = int(min(max(self._budget / 2 / max(frame.slowest_s, 1e-6), 1), AT_ONCE))
        self.trouble = ""
        log.info("classifier ready model=%s slowest_ms=%.1f", self._name, frame.slowest_s * 1000)
        return True

    def _how_it_ended(self) -> str:
        assert self._child
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(1)
        status = self._child.returncode
        if status is not None and status < 0:
            return f"its process was killed by signal {-status}; too little memory, perhaps"
        return f"its process ended with status {status}"

    def _fall(self, what: str) -> None:
        """It failed: gone for now, and started again later, each time twice as late."""
        self.trouble = what
        self._failures = 1 if time.monotonic() - self._began > WELL else self._failures + 1
        wait = min(FIRST_AGAIN * 2.0 ** min(self._failures - 1, 10), SLOWEST_AGAIN)
        self._again_at = time.monotonic() + (0 if self.patient and self._failures < 3 else wait)
        # Whoever waits for it is told by `report`, once, on the same terminal.
        level = logging.DEBUG if self.patient else logging.WARNING
        log.log(level, "classifier failed model=%s again_in_s=%.0f what=%s", self._name, wait, what)
        self.close()

    def close(self) -> None:
        """Ends the process. Asking again would start it anew."""
        if self._line:
            self._line.close()
        if self._child:
            self._child.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in a driver: nobody can end that
                self._child.wait(5)
        self._child, self._line, self._portion = None, None, 0

    # ── telling ──

    def report(self, now: datetime) -> tuple[SelfReport, ...]:
        """What staff do not know yet: that it failed, or that it is back. Says the same until `told`."""
        if bool(self.trouble) == self._told:
            return ()
        if self.trouble:
            what = f"{self._name}: {self.trouble}"
            detail = Text(f"{what}. Se vuelve a intentar solo.", f"{what}. It is tried again by itself.")
            return (SelfReport(id=self.kind.id, reason="classifier_down", headline=self.kind.down, detail=detail, at=now),)
        detail = Text(self._name, self._name)
        return (SelfReport(id=self.kind.id, reason="classifier_back", headline=self.kind.back, detail=detail, at=now),)

    def told(self) -> None:
        """What `report` says is on its way."""
        self._told = bool(self.trouble)
