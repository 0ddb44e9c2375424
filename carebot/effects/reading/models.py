"""Who reads beside the built-in reader: the full tier, a sentiment model of the user's, or both.

The built-in reader has read everything before anybody here is asked, and what is not asked about, or not answered in time, stays as it read
it. In a storm the built-in reader must keep the pace: all waiting for models together takes no longer than all other work does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from carebot.config.schema import Classifier
from carebot.effects.reading.model_child import Settings
from carebot.effects.reading.model_worker import CHILD, Worker
from carebot.model import SelfReport
from carebot.understand.cascade import everything, worth_asking
from carebot.understand.transformer import most_wanted, spoken
from carebot.understand.verdicts import Verdicts, replaced, with_sentiment

Again = Callable[[Sequence[int], NDArray[np.float32]], Verdicts]
FULL_TIER_MB = 512  # what the full tier may take; it works in 200


class Allowance:
    """Seconds that may be spent waiting: as many as pass otherwise, and at most `most` saved up."""

    def __init__(self, most: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._saved, self._since = most, clock()

    def seconds(self) -> float:
        """What may be spent now; nothing or less after a wait that nobody saved up for."""
        now = self._clock()
        self._saved, self._since = min(self._saved + now - self._since, self._most), now
        return self._saved

    def spent(self) -> None:
        """The time since `seconds` was waiting."""
        now = self._clock()
        self._saved, self._since = self._saved - (now - self._since), now


class Models:
    """The models that rules name under `classifier`, each in its process; used by one thread at a time.

    aside    given by whoever waits, as `carebot classify` does: then every text with words is read, however long that takes, and what goes
             wrong is told there instead of to the desk
    command  what is run for a model
    """

    def __init__(
        self, classifier: Classifier, *, aside: Callable[[SelfReport], object] | None = None, command: Sequence[str] = CHILD
    ) -> None:
        self.classifier = classifier
        self.full = self.own = None
        self._aside = aside
        both = classifier.tier == "full" and classifier.model is not None
        budget = classifier.budget.total_seconds() / (2 if both else 1)
        self._allowance = Allowance(budget)
        if classifier.tier == "full":
            settings = Settings("encoder", memory_mb=FULL_TIER_MB)
            self.full = Worker(settings, budget, patient=aside is not None, command=command)
        if classifier.model is not None:
            settings = Settings("sentiment", classifier.model, classifier.device, dict(classifier.labels), classifier.memory_mb)
            self.own = Worker(settings, budget, patient=aside is not None, command=command)

    @property
    def workers(self) -> dict[str, Worker]:
        """Those at work, by what staff call them."""
        return {name: worker for name, worker in (("full tier", self.full), ("own model", self.own)) if worker}

    # ── reading ──

    def read(self, verdicts: Verdicts, plain: Sequence[str], texts: Sequence[str | None], again: Again) -> Verdicts:
        """The verdicts, better where a model answered: all of a row by the full tier, then its sentiment by the user's own.

        texts   tamed and redacted, one for each verdict; None where nobody is to be asked
        again   the built-in reader's second look at these rows, with what the full tier makes of each
        """
        seconds = self._allowance.seconds()
        if self.full:
            wanted = everything(plain) if self._aside else worth_asking(verdicts, plain)
            rows, logits = _asked(self.full, wanted, texts, seconds)
            verdicts = replaced(verdicts, rows, again(rows, logits)) if rows else verdicts
        if self.own:
            rows, moods = _asked(self.own, most_wanted(verdicts), texts, seconds)
            verdicts = with_sentiment(verdicts, moods, rows) if rows else verdicts
        self._allowance.spent()
        if self._aside:
            for report in self.report(datetime.min.replace(tzinfo=UTC)):
                self._aside(report)
            self.told()
        return verdicts

    # ── life ──

    def states(self) -> dict[str, str]:
        """How each is: loading, ready, or down and why."""
        return {name: worker.state + (f": {worker.trouble}" if worker.trouble else "") for name, worker in self.workers.items()}

    def report(self, now: datetime) -> tuple[SelfReport, ...]:
        """What staff do not know yet: who failed, or is back. Says the same until `told`."""
        return tuple(report for worker in self.workers.values() for report in worker.report(now))

    def told(self) -> None:
        """What `report` says is on its way."""
        for worker in self.workers.values():
            worker.told()

    def close(self) -> None:
        """Ends the processes."""
        for worker in self.workers.values():
            worker.close()


def _asked(worker: Worker, wanted: Sequence[int], texts: Sequence[str | None], seconds: float) -> tuple[list[int], NDArray[np.float32]]:
    """The rows that were answered, of those wanted, and the answers. No row where the model cannot be asked now."""
    free = [(row, spoken(text)) for row in wanted if (text := texts[row]) is not None]
    if not worker.patient and seconds <= 0:
        free = []
    answers = worker.ask([text for _, text in free], seconds)  # also with no text: that is when its process is looked after
    if answers is None:
        answers = np.zeros((0, worker.kind.width), np.float32)
    return [row for row, _ in free[: len(answers)]], answers
