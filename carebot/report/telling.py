"""The week in sections that a terminal and a page draw alike: what is said, in which order, in the reader's language. Pure.

Every word of a stranger's (handles, quotes, promises, names of sources) is made harmless here and is still escaped by whoever draws it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from carebot.config.schema import Rulebook
from carebot.decide.telling.plainly import figure
from carebot.decide.telling.sentences import service_name
from carebot.effects.harmless import cut, defang, permalink
from carebot.explain_words import PHASES
from carebot.report.parts import Bars, Cell, Curve, Link, Note, Part, Section, Table, Tiles, Told
from carebot.report.week import Breach, Course, Ledger, Promised, Waits, Week
from carebot.report.words import Language, clock, day, kind, lasted, percent, said

SHOWN = 12  # rows of a list; --json has more


def told(week: Week, rulebook: Rulebook, language: Language) -> Told:
    return _Teller(week, rulebook, language).told()


def hosts(rulebook: Rulebook) -> frozenset[str]:
    """Hosts that the rules file names: where a forum or a feed of ours is, only its owner knows."""
    named = (value for source in rulebook.file.sources for value in source.options.values() if isinstance(value, str))
    found = (urlsplit(value if "://" in value else f"https://{value}").hostname for value in named if "." in value and " " not in value)
    return frozenset(host for host in found if host)


class _Teller:
    def __init__(self, week: Week, rulebook: Rulebook, language: Language) -> None:
        self.week, self.rulebook, self.language = week, rulebook, language
        self.zone, self.hosts = ZoneInfo(week.zone), hosts(rulebook)

    def say(self, word: str, **values: object) -> str:
        return said(word, self.language, **values)

    def kind(self, name: str) -> str:
        return kind(name, self.language)

    def n(self, n: int) -> str:
        return figure(n, self.language)

    def service(self, name: str) -> str:
        text: str = getattr(service_name(self.rulebook, name, self.week.brand), self.language) if name else self.say("no_service")
        return cut(text, 60)

    def who(self, handle: str, source: str) -> str:
        return f"@{cut(handle, 40)} ({cut(source, 20)})" if handle else cut(source, 20) or "—"

    def told(self) -> Told:
        week = self.week
        first, last = day(week.from_, self.zone), day(week.to - timedelta(seconds=1), self.zone)
        title = self.say("title" if week.week else "title_days", brand=cut(week.brand, 60), week=week.week, first=first, last=last)
        lead = self.say("span", first=first, last=last, zone=week.zone)
        if week.known_to < week.to:
            lead += " " + self.say("until", at=f"{day(week.known_to, self.zone)} {week.known_to.astimezone(self.zone):%H:%M}")
        if not week.heard and not week.incidents:
            return Told(title, lead, self.language, (Section(self.say("glance"), (Note(self.say("empty")),)),))
        sections = {
            "glance": self.glance(),
            "first": self.first(),
            "breaches": self.breaches(),
            "hand_offs": self.hand_offs(),
            "promises": self.promises(),
            "returned": self.returned(),
            "churn": self.churn(),
            "incidents": self.incidents(),
            "missed": self.missed(),
            "thanks": self.thanks(),
        }
        return Told(title, lead, self.language, tuple(Section(self.say(name), tuple(parts)) for name, parts in sections.items()))

    def glance(self) -> Iterator[Part]:
        week, waits = self.week, self.week.first_response.all
        yield Tiles(
            (
                (self.say("heard"), self.n(sum(one.customers for one in week.heard))),
                (self.say("said"), self.n(sum(one.brand for one in week.heard))),
                (self.say("in_time"), percent(waits.within, self.language)),
                (self.say("p50"), lasted(waits.p50_min)),
                (self.say("p90"), lasted(waits.p90_min)),
                (self.say("unanswered"), self.n(waits.asked - waits.answered - waits.no_more)),
                (self.say("breached"), self.n(week.breaches.count)),
                (self.say("handed"), self.n(week.hand_offs.count)),
                (self.say("kept_broken"), f"{self.n(week.promises.kept)} / {self.n(week.promises.broken)}"),
                (self.say("incidents_n"), self.n(sum(not one.dismissed for one in week.incidents))),
                (self.say("deaf_h"), f"{week.missed.deaf_hours:g}"),
            )
        )

    # ── customers ──

    def first(self) -> Iterator[Part]:
        found = self.week.first_response
        if not found.all.asked:
            yield Note(self.say("none"))
            return
        head = tuple(self.say(word) for word in ("channel", "asked", "answered", "p50", "p90", "share"))
        yield Table(head, tuple(self._waits(cut(name, 30), waits) for name, waits in found.channels.items()))
        yield Bars(
            self.say("by_hour"),
            tuple(
                (
                    f"{hour:02}",
                    waits.p50_min,
                    lasted(waits.p50_min),
                    self.say("hour_few" if waits.p90_min is None else "hour_note", n=self.n(waits.asked), p90=lasted(waits.p90_min)),
                )
                for hour, waits in found.hours.items()
            ),
        )
        yield Note(self.say("first_note"))

    def _waits(self, name: str, waits: Waits) -> tuple[Cell, ...]:
        figures = (self.n(waits.asked), self.n(waits.answered), lasted(waits.p50_min), lasted(waits.p90_min))
        return (name, *figures, percent(waits.within, self.language))

    def breaches(self) -> Iterator[Part]:
        found = self.week.breaches
        if not found.count:
            yield Note(self.say("none"))
            return
        yield self.counted("why", found.why)
        head = tuple(self.say(word) for word in ("who", "what", "due", "late", "why", "case"))
        yield Table(head, tuple(self._breach(one) for one in found.first[:SHOWN]))
        if found.count > SHOWN:
            yield Note(self.say("more", n=self.n(found.count - SHOWN)))

    def _breach(self, one: Breach) -> tuple[Cell, ...]:
        why = ", ".join(map(self.kind, one.why))
        return (
            self.who(one.who, one.source),
            self.kind(one.clock),
            clock(one.due_at, self.zone),
            lasted(one.late_min),
            why,
            cut(one.case, 60),
        )

    def counted(self, title: str, counts: Mapping[str, int]) -> Bars:
        return Bars(self.say(title), tuple((self.kind(name), float(n), self.n(n), "") for name, n in counts.items()))

    def hand_offs(self) -> Iterator[Part]:
        one = self.week.hand_offs
        yield Note(self.say("hand_offs_note", n=self.n(one.count), all=self.n(one.count + one.answers), cases=one.cases, twice=one.twice))
        if one.doors:
            yield self.counted("doors", one.doors)
        if one.doors_read < one.count:
            yield Note(self.say("sampled", n=self.n(one.doors_read), all=self.n(one.count)))

    def promises(self) -> Iterator[Part]:
        one = self.week.promises
        yield Note(self.say("promises_note", kept=one.kept, broken=one.broken, open=one.open, dropped=one.dropped))
        if one.first:
            head = tuple(self.say(word) for word in ("who", "words", "due", "end", "case"))
            yield Table(head, tuple(self._promise(each) for each in one.first[:SHOWN]))

    def _promise(self, one: Promised) -> tuple[Cell, ...]:
        whom = self.say("everybody") if one.public else self.who(one.who, one.source)
        return whom, f"«{defang(cut(one.words, 120))}»", clock(one.due_at, self.zone), self.kind(one.end), cut(one.case, 60)

    def returned(self) -> Iterator[Part]:
        one = self.week.returned
        yield Note(self.say("returned_note", cases=self.n(one.cases), twice=one.wrote_twice, reopened=one.reopened, repeat=one.repeat))
        if one.needs:
            yield self.counted("needs", one.needs)

    def churn(self) -> Iterator[Part]:
        found = self.week.churn
        yield Note(self.say("churn_note", n=found.count, solved=found.solved))
        if found.first:
            head = tuple(self.say(word) for word in ("who", "at", "contacts", "answers", "handed", "solved", "case"))
            yield Table(
                head,
                tuple(
                    (self.who(one.who, one.source), clock(one.at, self.zone), str(one.contacts), str(one.answers), str(one.hand_offs),
                     self.say("yes" if one.solved else "no"), cut(one.case, 60))
                    for one in found.first[:SHOWN]
                ),
            )  # fmt: skip

    # ── everybody ──

    def incidents(self) -> Iterator[Part]:
        if not self.week.incidents:
            yield Note(self.say("none"))
        for one in self.week.incidents:
            phase = self.say("dismissed") if one.dismissed else getattr(PHASES[one.phase], self.language)  # type: ignore[index]
            facts = {"service": self.service(one.service), "phase": phase, "severity": one.severity, "count": self.n(one.count)}
            yield Table(
                tuple(self.say(word) for word in ("step", "at", "after")),
                tuple(self._steps(one)),
                f"{one.incident}. {self.say('incident_note', people=self.n(one.people), **facts)}",
            )
            if one.course:
                yield Curve(self.say("course", n=one.course.step_min), one.course.counts, tuple(self._marks(one, one.course)))

    def _steps(self, one: Ledger) -> Iterator[tuple[Cell, ...]]:
        for step in ("first_post", "noticed", "detected", "told", "acknowledged", "public_statement", "peak", "clear"):
            at = one.steps.get(step)
            note = self.say("decided") if step == "told" and one.told_by == "decided" else ""
            by = f" ({cut(one.owner, 40)})" if step == "acknowledged" and at and one.owner else ""
            when = clock(at, self.zone) if at else self.say("not_taken")
            yield self.kind(step) + by + note, when, lasted(one.after_min[step]) if step in one.after_min else ""

    def _marks(self, one: Ledger, course: Course) -> Iterator[tuple[str, float]]:
        for step in ("detected", "told", "public_statement", "clear"):
            if at := one.steps.get(step):
                place = (at - course.start) / timedelta(minutes=course.step_min)
                if 0 <= place <= len(course.counts):
                    yield self.kind(step), place

    def missed(self) -> Iterator[Part]:
        one = self.week.missed
        worst = lasted(one.latest_min)
        yield Note(
            self.say(
                "missed_note", late=one.late_alerts, worst=worst, not_said=one.not_said, not_sent=one.not_sent, set_aside=one.set_aside
            )
        )
        if one.unread:
            head = tuple(self.say(word) for word in ("source", "what", "from", "to", "why"))
            yield Table(
                head,
                tuple(
                    (cut(each.source, 40), self.say(each.what), clock(each.from_, self.zone) if each.from_ else "—",
                     clock(each.to, self.zone), defang(cut(each.why, 160)))
                    for each in one.unread[:SHOWN]
                ),
            )  # fmt: skip

    def thanks(self) -> Iterator[Part]:
        found = self.week.thanks
        if not found.count:
            yield Note(self.say("none"))
            return
        rows = tuple((self.service(name), float(n), self.n(n), "") for name, n in found.services.items())
        yield Bars(self.say("by_service"), rows[:SHOWN])
        yield Note(self.say("thanks_note", n=self.n(found.count)))
        quotes: list[tuple[Cell, ...]] = []
        for one in found.quotes:
            url = permalink(one.url, one.source, self.hosts)
            quotes.append((self.who(one.who, one.source), defang(cut(one.text, 240)), Link(self.say("open_link"), url) if url else ""))
        yield Table((), tuple(quotes))
        if found.advocates:
            yield Table(
                (),
                tuple(
                    (self.who(one.who, one.source), self.say("advocate_note", n=one.praises, audience=self.n(one.audience)))
                    for one in found.advocates
                ),
                self.say("advocates"),
            )
