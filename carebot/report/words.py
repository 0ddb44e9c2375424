"""The fixed words of the report and of a case's view, in both languages, and how figures are written in each."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from carebot.model import Text

Language = Literal["es", "en"]

WORDS = {
    "title": Text("{brand}: la semana {week}", "{brand}: week {week}"),
    "title_days": Text("{brand}: del {first} al {last}", "{brand}: {first} to {last}"),
    "span": Text("Del {first} al {last}, horas de {zone}.", "{first} to {last}, times of {zone}."),
    "until": Text("Se sabe hasta el {at}.", "Known up to {at}."),
    "empty": Text("De estos días no hay nada en la base de datos.", "The database has nothing of these days."),
    "glance": Text("De un vistazo", "At a glance"),
    "heard": Text("mensajes de clientes", "messages of customers"),
    "said": Text("respuestas y avisos nuestros", "replies and posts of ours"),
    "in_time": Text("primeras respuestas a tiempo", "first answers in time"),
    "p50": Text("espera de la mitad", "half waited up to"),
    "p90": Text("espera de nueve de cada diez", "nine in ten waited up to"),
    "unanswered": Text("sin respuesta", "without an answer"),
    "breached": Text("plazos vencidos", "clocks run out"),
    "handed": Text("derivaciones", "hand-offs"),
    "kept_broken": Text("promesas cumplidas / rotas", "promises kept / broken"),
    "incidents_n": Text("incidencias", "incidents"),
    "deaf_h": Text("horas sin oír una fuente", "hours deaf on a source"),
    "first": Text("Primera respuesta", "First answer"),
    "first_note": Text(
        "Espera de reloj. Quien sigue sin respuesta cuenta como quien espera sin fin: «—» es que no ha llegado a tantos.",
        "By the clock on the wall. Who has no answer yet counts as waiting for ever: “—” means that it never reached so many.",
    ),
    "channel": Text("canal", "channel"),
    "asked": Text("preguntaron", "asked"),
    "answered": Text("con respuesta", "answered"),
    "share": Text("a tiempo", "in time"),
    "by_hour": Text("Espera de la mitad, según la hora a la que preguntan", "What half of them wait, by the hour in which they ask"),
    "hour_note": Text("{n} preguntaron; nueve de diez: {p90}", "{n} asked; nine in ten: {p90}"),
    "hour_few": Text("{n} preguntaron", "{n} asked"),
    "breaches": Text("Plazos vencidos", "Clocks that ran out"),
    "why": Text("Por qué", "Why"),
    "who": Text("quién", "who"),
    "what": Text("qué", "what"),
    "due": Text("vencía", "due"),
    "late": Text("de más", "late by"),
    "case": Text("caso", "case"),
    "more": Text("… y {n} más (--json los cuenta por motivo).", "… and {n} more (--json counts them by reason)."),
    "none": Text("Nada.", "None."),
    "hand_offs": Text("Derivaciones", "Hand-offs"),
    "hand_offs_note": Text(
        "{n} de {all} respuestas solo mandaban al cliente a otra puerta; {cases} casos, {twice} de ellos dos veces y sin solución.",
        "{n} of {all} replies only sent the customer to another door; {cases} cases, {twice} of them twice and unsolved.",
    ),
    "doors": Text("Adónde", "Where to"),
    "sampled": Text("Leídas {n} de las {all}.", "Read from {n} of the {all}."),
    "promises": Text("Lo prometido", "What was promised"),
    "promises_note": Text(
        "{kept} cumplidas, {broken} rotas, {open} en curso, {dropped} que ya nadie esperaba.",
        "{kept} kept, {broken} broken, {open} still running, {dropped} that nobody waited for any more.",
    ),
    "words": Text("dijimos", "we said"),
    "end": Text("quedó en", "came to"),
    "everybody": Text("a todos", "everybody"),
    "returned": Text("Quién volvió", "Who came back"),
    "returned_note": Text(
        "{cases} casos nuevos; en {twice} el cliente escribió otra vez antes de la primera respuesta. {reopened} se reabrieron;"
        " {repeat} clientes volvieron por tercera vez en una semana.",
        "{cases} new cases; in {twice} the customer wrote again before the first answer. {reopened} were opened again;"
        " {repeat} customers came back for the third time in a week.",
    ),
    "needs": Text("Avisos de que hacía falta una persona", "Alerts that a person was needed"),
    "incidents": Text("Incidencias", "Incidents"),
    "incident_note": Text(
        "{service}: {phase}, SEV{severity}; {count} quejas de {people} personas",
        "{service}: {phase}, SEV{severity}; {count} complaints of {people} people",
    ),
    "dismissed": Text("no era una incidencia", "it was no incident"),
    "step": Text("paso", "step"),
    "at": Text("cuándo", "when"),
    "after": Text("desde la primera queja", "since the first post"),
    "not_taken": Text("no consta", "not known"),
    "decided": Text(" (decidido; el destino no dice cuándo llegó)", " (decided; its destination does not say when it arrived)"),
    "course": Text("Quejas cada {n} min", "Complaints each {n} min"),
    "missed": Text("Lo que se nos pudo escapar", "What may have been missed"),
    "missed_note": Text(
        "{late} avisos tarde (el que más, {worst}), {not_said} callados, {not_sent} no entregados, {set_aside} apartados sin leer.",
        "{late} late alerts (the latest by {worst}), {not_said} not said, {not_sent} not delivered, {set_aside} set aside unread.",
    ),
    "source": Text("fuente", "source"),
    "from": Text("desde", "from"),
    "to": Text("hasta", "to"),
    "gap": Text("hueco: no se leerá", "gap: never read"),
    "deaf": Text("sordos", "deaf"),
    "quiet": Text("contestaba y no traía nada", "answered and brought nothing"),
    "thanks": Text("Lo que nos agradecen", "What customers thanked us for"),
    "thanks_note": Text("{n} elogios. Darles las gracias es gratis:", "{n} praises. Thanking them back costs nothing:"),
    "by_service": Text("De qué", "For what"),
    "advocates": Text("Nos recomiendan", "Advocates"),
    "advocate_note": Text("elogios: {n}; seguidores: {audience}", "praises: {n}; followers: {audience}"),
    "open_link": Text("ver", "open"),
    "churn": Text("Quién puede irse", "Who may leave"),
    "churn_note": Text("{n} lo dijeron; {solved} quedaron resueltos.", "{n} said so; {solved} were solved."),
    "contacts": Text("escribió", "wrote"),
    "answers": Text("respuestas", "answers"),
    "solved": Text("resuelto", "solved"),
    "no_service": Text("en general", "in general"),
    "yes": Text("sí", "yes"),
    "no": Text("no", "no"),
}  # fmt: skip

KINDS = {
    "first_response": Text("primera respuesta", "first answer"),
    "next_response": Text("siguiente respuesta", "next answer"),
    "resolution": Text("solución", "solution"),
    "promise": Text("lo prometido", "what was promised"),
    "nobody_answered": Text("nadie contestó", "nobody answered"),
    "answered_late": Text("se contestó tarde", "answered late"),
    "only_sent_elsewhere": Text("solo se le mandó a otra puerta", "only sent elsewhere"),
    "heard_late": Text("lo leímos tarde", "we read it late"),
    "incident": Text("durante una incidencia", "during an incident"),
    "direct": Text("mensaje directo", "direct message"),
    "phone": Text("teléfono", "telephone"),
    "branch": Text("oficina", "branch"),
    "form": Text("formulario", "form"),
    "mail": Text("correo", "mail"),
    "chat": Text("chat", "chat"),
    "others": Text("otra empresa o equipo", "another company or team"),
    "unknown": Text("no se sabe", "not known"),
    "kept": Text("cumplida", "kept"),
    "broken": Text("rota", "broken"),
    "dropped": Text("ya no hacía falta", "no longer needed"),
    "open": Text("en curso", "running"),
    "moment": Text("momento de la verdad", "moment of truth"),
    "fraud": Text("fraude", "fraud"),
    "scam": Text("avisa de una estafa", "warns of a scam"),
    "churn": Text("puede irse", "may leave"),
    "repeat": Text("tercera vez en una semana", "third time in a week"),
    "hand_offs": Text("dos veces derivado", "sent elsewhere twice"),
    "first_post": Text("primera queja", "first post"),
    "noticed": Text("bastaban los indicios", "the evidence was enough"),
    "detected": Text("detectada", "detected"),
    "told": Text("avisada la mesa", "the desk was told"),
    "acknowledged": Text("alguien se encarga", "somebody took it"),
    "public_statement": Text("dicho a los clientes", "customers were told"),
    "peak": Text("lo peor", "peak"),
    "clear": Text("terminada", "clear"),
}


def said(word: str, language: Language, **values: object) -> str:
    text: str = getattr(WORDS[word], language)
    return text.format(**values)


def kind(name: str, language: Language) -> str:
    text: str = getattr(KINDS[name], language) if name in KINDS else name
    return text


def lasted(minutes: float | None) -> str:
    """A stretch of time at a glance; what never ended is a dash."""
    if minutes is None:
        return "—"
    if minutes < 1:
        return f"{max(0, round(minutes * 60))} s"
    whole = round(minutes)
    if whole < 120:
        return f"{whole} min"
    if whole < 2880:
        return f"{whole // 60} h {whole % 60:02} min"
    return f"{whole // 1440} d {whole % 1440 // 60} h"


def percent(share: float | None, language: Language) -> str:
    return "—" if share is None else f"{share * 100:.0f} %" if language == "es" else f"{share * 100:.0f}%"


def clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%d/%m %H:%M}"


def day(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%d/%m/%Y}"
