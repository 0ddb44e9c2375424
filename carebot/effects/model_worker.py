"""A sentiment model of the user's own, in a process of its own, which may crash, hang, answer nonsense or eat memory.

Nothing of that stops the desk: what the model did not read keeps carebot's own reading, and is never "neutral" for want of an answer. A
process that fails is killed and started again, later each time. Staff hear of it once when it fails and once when it is back.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from carebot.config.schema import Classifier
from carebot.effects.model_child import Frame, Ready, Rows, Settings, Texts, Trouble, hear, send
from carebot.model import SelfReport, Text
from carebot.understand.transformer import most_wanted, spoken
from carebot.understand.verdicts import LABELS, Verdicts, with_sentiment

log = logging.getLogger("carebot")

CHILD = (sys.executable, "-P", "-m", "carebot.effects.model_child")  # -P: no module is taken from the folder we happen to be in
LOADING = 600.0  # seconds; a first load may fetch a gigabyte
FIRST_AGAIN, SLOWEST_AGAIN = 5.0, 600.0  # seconds until it is started again: the first time, and at most
WELL = 600.0  # a process that lived this long failed by bad luck: the waiting begins anew
AT_ONCE = 256  # texts asked about together at most
_OURS = ("CAREBOT_", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_")  # of the environment: no business of a model
_QUIET = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "TRANSFORMERS_VERBOSITY": "error", "OMP_NUM_THREADS": "1"}


class Failed(Exception):
    """The process did not do what it is for. The text says what, for the operator."""


class Worker:
    """One model and its process, used by one thread at a time. The process starts with the first look at it.

    patient   waits until the model is loaded and has read every text, as `carebot classify` does; otherwise nobody waits for the
              loading, nor longer than `budget` for the reading
    command   what is run; it must speak as `model_child` does
    """

    def __init__(self, classifier: Classifier, *, patient: bool = False, command: Sequence[str] = CHILD) -> None:
        self.classifier = classifier
        self.trouble = ""  # why it cannot be asked now; empty while all is well or it still loads for the first time
        self._patient, self._command = patient, tuple(command)
        self._budget = classifier.budget.total_seconds()
        self._child: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._portion = 0  # texts asked about together; 0 until it is loaded
        self._began = self._again_at = 0.0
        self._failures = 0
        self._told = False

    # ── reading ──

    def read(self, verdicts: Verdicts, texts: Sequence[str | None]) -> Verdicts:
        """The verdicts with the model's sentiment where it gave one; what matters to anybody is asked first.

        texts   redacted, one for each verdict; None where the model is not to be asked
        """
        rows = [row for row in most_wanted(verdicts) if texts[row] is not None]
        moods = self.sentiment([spoken(texts[row] or "") for row in rows])
        return verdicts if moods is None else with_sentiment(verdicts, moods, rows[: len(moods)])

    def sentiment(self, texts: Sequence[str]) -> NDArray[np.float32] | None:
        """Float32 (k, 3): negative, neutral, positive of the first k texts, as many as the budget allowed; all of them when patient.

        None when the model cannot be asked now or failed just now: then `trouble` says why, unless it still loads.
        """
        if not self._is_ready():
            return None
        began = time.monotonic()
        rows = [np.zeros((0, len(LABELS)), np.float32)]
        asked = 0
        try:
            while asked < len(texts) and (self._patient or not asked or time.monotonic() < began + self._budget / 2):
                few = texts[asked : asked + self._portion]
                rows.append(self._answer(few, (time.monotonic() if self._patient else began) + self._budget))
                asked += len(few)
        except Failed as failed:
            self._fall(str(failed))
            return None
        return np.concatenate(rows)

    def _answer(self, texts: Sequence[str], deadline: float) -> NDArray[np.float32]:
        frame = self._exchange(Texts(list(texts)), deadline)
        raw = frame.rows if isinstance(frame, Rows) else b""
        if len(raw) != len(texts) * len(LABELS) * 4:
            raise Failed("its answer has the wrong shape")
        rows = np.frombuffer(raw, "<f4").reshape(-1, len(LABELS)).astype(np.float32)
        if not (np.isfinite(rows).all() and (rows >= 0).all() and np.allclose(rows.sum(axis=1), 1, atol=1e-3)):
            raise Failed("its answer is no probabilities (NaN, or a sum that is not 1)")
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
        self._began, self._portion, mine = time.monotonic(), 0, self.classifier
        try:
            self._line, theirs = socket.socketpair()
            with theirs:
                self._child = subprocess.Popen(self._command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, env=environment)  # noqa: S603
            send(self._line, Settings(mine.model, mine.device, dict(mine.labels), mine.memory_mb), self._began + 1)
        except OSError as error:
            raise Failed(f"its process does not start: {error.strerror or type(error).__name__}") from None
        log.info("classifier loading model=%s", mine.model)

    def _is_loaded(self) -> bool:
        assert self._line
        news = select.poll()
        news.register(self._line, select.POLLIN)
        if not news.poll(LOADING * 1000 if self._patient else 0):
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
        log.info("classifier ready model=%s slowest_ms=%.1f", self.classifier.model, frame.slowest_s * 1000)
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
        self._again_at = time.monotonic() + (0 if self._patient and self._failures < 3 else wait)
        log.warning("classifier failed model=%s again_in_s=%.0f what=%s", self.classifier.model, wait, what)
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
        name = self.classifier.model
        if self.trouble:
            headline = Text(
                "El modelo propio no responde: vale la lectura de carebot", "Your own model does not answer: carebot's reading holds"
            )
            detail = Text(f"{name}: {self.trouble}. Se vuelve a intentar solo.", f"{name}: {self.trouble}. It is tried again by itself.")
            return (SelfReport(id="classifier", reason="classifier_down", headline=headline, detail=detail, at=now),)
        headline = Text("El modelo propio vuelve a responder", "Your own model answers again")
        return (SelfReport(id="classifier", reason="classifier_back", headline=headline, detail=Text(name, name), at=now),)

    def told(self) -> None:
        """What `report` says is on its way."""
        self._told = bool(self.trouble)
