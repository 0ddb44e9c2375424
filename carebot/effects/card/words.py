"""The fixed words of a card, in both languages. What happened is said by the alert itself; these are labels around it."""

from __future__ import annotations

import math

from carebot.model import ClickAction, Phase, Reason, Text

LABELS = {
    "state": Text("Estado", "State"),
    "service": Text("Servicio", "Service"),
    "region": Text("Zona", "Region"),
    "since": Text("Desde", "Since"),
    "usual_in": Text("{} en {} min", "{} in {} min"),
    "baseline": Text("lo normal:", "usual:"),
    "hidden": Text("Avisos que esto explica", "Alerts this explains"),
    "false_alarms_a_month": Text("Confianza", "Confidence"),
    "false_alarms_one": Text("1 falsa alarma al mes", "1 false alarm a month"),
    "false_alarms_monthly": Text("{} falsas alarmas al mes", "{} false alarms a month"),
    "false_alarms_every": Text("1 falsa alarma cada {} meses", "1 false alarm every {} months"),
    "false_alarms_rare": Text("menos de 1 falsa alarma al año", "under 1 false alarm a year"),
    "owner": Text("Se encarga", "Owner"),
    "nobody": Text("nadie todavía", "nobody yet"),
    "next_update_at": Text("Próxima información", "Next update due"),
    "trend": Text("última hora, máximo {} en {} min", "last hour, at most {} in {} min"),
    "poll": Text("¿Lo ves tú también?", "Do you see it too?"),
    "votes": Text("{} sí · {} no", "{} yes · {} no"),
    "like": Text("Se parece a", "Looks like"),
    "due_at": Text("Plazo hasta", "Due"),
    "overdue": Text("Plazo vencido", "Was due"),
    "ago": Text("hace {}", "{} ago"),
    "say": Text("Qué decir a los clientes", "What to tell customers"),
    "thank": Text("Para dar las gracias", "To say thanks"),
    "rule": Text("regla:", "rule:"),
    "why": Text("por:", "because of:"),
    "promise": Text("plazo:", "promise:"),
    "late": Text("con retraso:", "late by:"),
    "told_via": Text("ya avisado por:", "already told via:"),
}

PHASES: dict[Phase, Text] = {
    "suspected": Text("Posible", "Suspected"),
    "confirmed": Text("Confirmada", "Confirmed"),
    "monitoring": Text("En observación", "Monitoring"),
    "resolved": Text("Resuelta", "Resolved"),
}

BUTTONS: dict[ClickAction, Text] = {
    "take": Text("Me encargo", "I'm on it"),
    "confirm": Text("Confirmar incidencia", "Confirm incident"),
    "not_incident": Text("No es incidencia", "Not an incident"),
    "snooze": Text("Posponer", "Snooze"),
    "see_yes": Text("Sí", "Yes"),
    "see_no": Text("No", "No"),
    "resolve": Text("Resolver", "Resolve"),
    "propose": Text("Proponer texto", "Propose text"),
    "approve": Text("Aprobar texto", "Approve text"),
    "publish": Text("Publicar", "Publish"),
    "withdraw": Text("Retirar texto", "Withdraw text"),
    "said_it": Text("Ya lo hemos dicho", "We have said it"),
    "it_is_there": Text("Está publicado", "It is there"),
    "it_is_not_there": Text("No está", "It is not there"),
}

SNOOZES = {  # `decide.pressing.pressed` knows how long each is
    "30m": Text("30 minutos", "30 minutes"),
    "1h": Text("1 hora", "1 hour"),
    "4h": Text("4 horas", "4 hours"),
    "morning": Text("hasta mañana a las 8", "until 8 tomorrow"),
}

SURE = (  # false alarms a month, and how sure that is
    (0.05, Text("muy alta", "very high")),
    (0.5, Text("alta", "high")),
    (math.inf, Text("media", "fair")),
)

MASKS = {"card": Text("tarjeta", "card"), "phone": Text("teléfono", "phone")}  # what `understand.redact` writes in place of personal data

REASONS: dict[Reason, Text] = {
    "suspected": Text("Posible incidencia", "Possible incident"),
    "confirmed": Text("Incidencia confirmada", "Incident confirmed"),
    "grew": Text("La incidencia crece", "The incident grows"),
    "severity_up": Text("Sube la gravedad", "Severity goes up"),
    "upstream": Text("Lo dice el proveedor", "The provider says so"),
    "resolved": Text("Incidencia resuelta", "Incident resolved"),
    "reopened": Text("Incidencia reabierta", "Incident reopened"),
    "merged": Text("Incidencias unidas", "Incidents merged"),
    "sla_warning": Text("El plazo se acaba", "Time is running out"),
    "sla_breached": Text("Plazo vencido", "Time is over"),
    "promise_due": Text("Una promesa nuestra está a punto de vencer", "A promise of ours is about to be broken"),
    "promise_broken": Text("No hemos cumplido lo prometido", "We did not do what we promised"),
    "repeat": Text("Vuelve una y otra vez", "Comes back again and again"),
    "hand_offs": Text("Cliente derivado una y otra vez", "Customer sent from one to the next"),
    "churn": Text("Cliente que puede irse", "Customer who may leave"),
    "moment": Text("Cliente en apuros", "Customer in need"),
    "fraud": Text("Posible fraude", "Possible fraud"),
    "impersonator": Text("Cuenta que se hace pasar por la marca", "Account posing as the brand"),
    "source_silent": Text("Fuente en silencio", "Source gone silent"),
    "source_back": Text("Fuente de vuelta", "Source back"),
    "gap": Text("Mensajes sin leer", "Messages not read"),
    "budget": Text("Presupuesto de una fuente", "A source's budget"),
    "rules_refused": Text("Reglas rechazadas: siguen las anteriores", "Rules refused: the last good ones stay"),
    "rules_loaded": Text("Reglas nuevas en vigor", "New rules in force"),
    "quarantine": Text("Mensajes apartados", "Messages set aside"),
    "digest": Text("Resumen", "Digest"),
    "classifier_down": Text("El modelo propio no responde", "Your own model does not answer"),
    "classifier_back": Text("El modelo propio vuelve a responder", "Your own model answers again"),
    "held": Text("Varios avisos en uno, para no llenar el canal", "Several alerts in one, so as not to flood the channel"),
    "outbox_stuck": Text("Avisos atascados", "Alerts are stuck"),
    "slack_refused": Text("Slack nos rechaza", "Slack refuses us"),
    "disk_low": Text("Queda poco disco", "Disk getting full"),
    "disk_full": Text("Disco casi lleno", "Disk nearly full"),
    "clock_off": Text("Reloj desajustado", "Clock is wrong"),
    "database": Text("Fallo de la base de datos", "Database failure"),
    "trouble_over": Text("Problema resuelto", "Trouble over"),
    "acted": Text("Alguien ha actuado", "Somebody acted"),
    "statement": Text("Mensaje a clientes", "Statement to customers"),
    "update_due": Text("Próxima información a clientes", "Next update to customers"),
    "still_open": Text("Sigue abierta", "Still open"),
    "flapping": Text("Va y viene", "On and off"),
    "escalated": Text("Nadie responde: se avisa al siguiente", "Nobody answers: the next one is told"),
}

STATE_EMOJI = {"suspected": "🟡", "confirmed": "🔴", "minor": "🟠", "taken": "🟣", "monitoring": "🔵", "resolved": "✅"}
SEVERITY_EMOJI = {1: "🔴", 2: "🔴", 3: "🟠", 4: "🟡"}

# Where the reason says more than the severity does.
EMOJI: dict[Reason, str] = {
    "resolved": "✅",
    "sla_warning": "⏳",
    "sla_breached": "⌛",
    "promise_due": "🤝",
    "promise_broken": "💔",
    "repeat": "🔂",
    "hand_offs": "🔁",
    "churn": "🚪",
    "moment": "🫂",
    "fraud": "🎣",
    "impersonator": "🎭",
    "source_silent": "🔇",
    "source_back": "🔈",
    "gap": "🕳️",
    "budget": "🪙",
    "rules_refused": "⚠️",
    "rules_loaded": "📋",
    "quarantine": "🧺",
    "digest": "🗞️",
    "classifier_down": "🧩",
    "classifier_back": "🧠",
    "held": "📚",
    "outbox_stuck": "📮",
    "slack_refused": "🚫",
    "disk_low": "💽",
    "disk_full": "💽",
    "clock_off": "🕰️",
    "database": "🗄️",
    "trouble_over": "✅",
}
