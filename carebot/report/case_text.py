"""A case for a terminal: who waits, how it stands, then everything in order. Whatever strangers wrote is made harmless. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from textwrap import wrap
from zoneinfo import ZoneInfo

from carebot.config.schema import Rulebook
from carebot.decide.care.cases import FIRST
from carebot.decide.telling.sentences import service_name
from carebot.effects.harmless import clean, cut, defang
from carebot.explain_words import PHASES
from carebot.model import Text
from carebot.report.case import Owed, Spoken, View
from carebot.report.words import Language, clock, kind, lasted

WIDTH = 110
ROOM = 600  # of one message

WORDS = {
    "state": Text("{case}: {state}", "{case}: {state}"),
    "waiting": Text("espera respuesta desde {at} ({min})", "has waited for an answer since {at} ({min})"),
    "answered": Text("contestado, sin cerrar", "answered, not closed"),
    "solved": Text("resuelto, lo dijo el {at}", "solved, as they said on {at}"),
    "closed": Text("cerrado el {at}: nadie ha vuelto a escribir", "closed on {at}: nobody wrote any more"),
    "who": Text("Cliente    {who}", "Customer   {who}"),
    "forgotten": Text("retiró todo lo que dijo", "took back all they said"),
    "also_rules": Text("También es {who} (lo dice rules.yaml)", "Also {who} (rules.yaml says so)"),
    "also_words": Text("Dice ser también {who}: «{words}»", "Says to be {who} too: “{words}”"),
    "also_reference": Text("{who} citó el mismo número: {words}", "{who} quoted the same number: {words}"),
    "about": Text("Asunto     {service}", "About      {service}"),
    "general": Text("en general", "in general"),
    "told_us": Text(
        "Escribió   {n}, {before} antes de la primera respuesta; volvió por su cuenta: {back}; reabierto: {again}",
        "Wrote      {n}, {before} before the first answer; came back by themselves: {back}; opened again: {again}",
    ),
    "we_told": Text("Le dijimos {answers}, {hand_offs}", "We gave    {answers}, {hand_offs}"),
    "times": Text("{n} veces", "{n} times"),
    "time": Text("1 vez", "once"),
    "replies": Text("{n} respuestas", "{n} answers"),
    "doors": Text("{n} derivaciones", "{n} hand-offs"),
    "waited": Text(
        "Esperó     {first} la primera respuesta; lo más, {longest}", "Waited     {first} for the first answer; the longest, {longest}"
    ),
    "references": Text("Números    {them}", "Numbers    {them}"),
    "needs": Text("Avisado    {them}", "Alerted    {them}"),
    "explained": Text("Lo explica {id}: {service}, {phase}, desde {at}", "Explained  by {id}: {service}, {phase}, since {at}"),
    "until": Text(" hasta {at}", " until {at}"),
    "public": Text("  dicho a todos el {at}: {text}", "  told everybody at {at}: {text}"),
    "clocks": Text("Lo que se le debía", "What was owed"),
    "clock": Text("  {kind}, para el {due}: {end}{words}", "  {kind}, due {due}: {end}{words}"),
    "order": Text("En orden", "In order"),
    "not_kept": Text("  … {n} mensajes de en medio ya no se guardan", "  … {n} messages in between are not kept"),
    "deleted": Text("(borrado)", "(deleted)"),
    "after": Text(", tras {min}", ", after {min}"),
    "staff": Text("aviso a {to}", "alert to {to}"),
    "muted": Text(", callado: {why}", ", kept back: {why}"),
    "was": Text("; editado (antes: {what})", "; edited (before: {what})"),
    "others": Text("Otros casos suyos: {them}", "Other cases of theirs: {them}"),
}
WHAT = {
    "asked": Text("pide respuesta", "asks"),
    "wrote": Text("escribe", "writes"),
    "solved": Text("dice que está resuelto", "says that it is solved"),
    "answer": Text("respuesta", "answer"),
    "asked_back": Text("le preguntamos", "we ask back"),
    "hand_off": Text("le mandamos a otra puerta", "we send them elsewhere"),
}
ENDS = {
    "running": Text("corre", "running"),
    "standing_still": Text("parado, esperamos al cliente", "stands still, we wait for them"),
    "kept": Text("cumplido ({min})", "kept ({min})"),
    "broken": Text("vencido{min}", "broken{min}"),
    "not_needed": Text("ya no hizo falta", "no longer needed"),
}


def lines(found: View, rulebook: Rulebook, language: Language) -> list[str]:
    """In the zone of the rules file."""
    return list(_Reader(found, rulebook, language).lines())


class _Reader:
    def __init__(self, found: View, rulebook: Rulebook, language: Language) -> None:
        self.found, self.rulebook, self.language = found, rulebook, language
        self.zone = ZoneInfo(rulebook.file.brand.time_zone)

    def say(self, word: str, **values: object) -> str:
        text: str = getattr(WORDS[word], self.language)
        return text.format(**values)

    def at(self, moment: datetime | None) -> str:
        return clock(moment, self.zone) if moment else "—"

    def service(self, name: str) -> str:
        if not name:
            return self.say("general")
        return clean(getattr(service_name(self.rulebook, name, self.rulebook.file.brand.name), self.language))

    def n(self, count: int) -> str:
        return self.say("time") if count == 1 else self.say("times", n=count)

    def lines(self) -> Iterator[str]:
        one = self.found
        waiting = (one.known_to - one.waiting_since).total_seconds() / 60 if one.waiting_since else None
        ended = {"waiting": one.waiting_since, "solved": one.solved_at, "closed": one.closed_at}.get(one.state)
        yield self.say("state", case=clean(one.case), state=self.say(one.state, at=self.at(ended), min=lasted(waiting)))
        yield self.say("who", who=f"@{clean(one.who)} ({clean(one.source)})" if one.who else self.say("forgotten"))
        for account in one.accounts:
            who = f"@{clean(account['author']).lstrip('@')} ({clean(account['source'])})"
            yield "           " + self.say(f"also_{account['known_by']}", who=who, words=cut(account["words"], 80))
        yield self.say("about", service=self.service(one.service))
        counts = {"n": self.n(one.contacts), "before": one.wrote_before_answer, "back": one.came_back, "again": one.reopened}
        yield self.say("told_us", **counts)
        yield self.say("we_told", answers=self.say("replies", n=one.answers), hand_offs=self.say("doors", n=one.hand_offs))
        yield self.say("waited", first=lasted(one.first_answer_min), longest=lasted(one.longest_wait_min))
        if one.references:
            yield self.say("references", them=clean(", ".join(one.references)))
        if one.needs:
            yield self.say("needs", them=", ".join(kind(need, self.language) for need in one.needs))
        yield from self.explained()
        yield from self.clocks()
        yield from ("", self.say("order"))
        for _, told in sorted([*self.spoken(), *self.alerts()], key=lambda each: each[0]):
            yield from told
        if one.others:
            yield from ("", self.say("others", them=clean(", ".join(one.others[:10]))))

    def explained(self) -> Iterator[str]:
        if one := self.found.explained_by:
            phase = getattr(PHASES[one.phase], self.language)
            end = self.say("until", at=self.at(one.resolved_at)) if one.resolved_at else ""
            yield self.say("explained", id=one.incident, service=self.service(one.service), phase=phase, at=self.at(one.onset_at)) + end
            for said in one.said:
                text = said.texts.get(self.language) or next(iter(said.texts.values()), "")
                yield self.say("public", at=self.at(said.at), text=defang(cut(text, 200)))

    def clocks(self) -> Iterator[str]:
        if self.found.clocks:
            yield from ("", self.say("clocks"))
        for one in self.found.clocks:
            words = f" «{defang(cut(one.words, 120))}»" if one.words else ""
            name = kind(one.kind, self.language) + (f" ({clean(one.promise)})" if one.promise else "")
            yield self.say("clock", kind=name, due=self.at(one.due_at), end=self.end(one), words=words)

    def end(self, one: Owed) -> str:
        took = lasted((one.met_at - one.started_at).total_seconds() / 60) if one.met_at else ""
        text: str = getattr(ENDS[one.end], self.language)
        return text.format(min=took if one.end == "kept" else f" ({took})" if took else "")

    # ── in order ──

    def spoken(self) -> Iterator[tuple[tuple[datetime, int], list[str]]]:
        for place, one in enumerate(self.found.lines):
            before = [self.say("not_kept", n=self.found.left_out)] if place == FIRST and self.found.left_out else []
            yield (one.at, 0), before + list(self.line(one))

    def line(self, one: Spoken) -> Iterator[str]:
        mark = "←" if one.what in ("answer", "asked_back", "hand_off") else "→"
        what: str = getattr(WHAT[one.what], self.language)
        waited = self.say("after", min=lasted(one.waited_min)) if one.waited_min is not None else ""
        was = self.say("was", what=getattr(WHAT[one.was], self.language)) if one.was else ""
        by = f"@{clean(one.by)} ({clean(one.source)})" if one.by else clean(one.source)
        yield f"  {self.at(one.at)}  {mark} {by}  {what}{waited}{was}"
        text = self.say("deleted") if one.text is None else defang(cut(one.text.replace("\n", " "), ROOM))
        yield from wrap(text, WIDTH, initial_indent=" " * 17, subsequent_indent=" " * 17)

    def alerts(self) -> Iterator[tuple[tuple[datetime, int], list[str]]]:
        for one in self.found.alerts:
            muted = self.say("muted", why=clean(one.muted)) if one.muted else ""
            headline: str = getattr(one.headline, self.language)
            yield (one.at, 1), [f"  {self.at(one.at)}  ! {self.say('staff', to=clean(one.to) or '—')}{muted}: {clean(headline)}"]
