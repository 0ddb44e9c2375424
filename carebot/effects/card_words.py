"""The fixed words of a card, in both languages. What happened is said by the alert itself; these are labels around it."""

from __future__ import annotations

from carebot.model import ClickAction, Phase, Reason, Text

LABELS = {
    "state": Text("Estado", "State"),
    "severity": Text("Gravedad", "Severity"),
    "service": Text("Servicio", "Service"),
    "also": Text("También afecta a", "Also affects"),
    "region": Text("Zona", "Region"),
    "who_else": Text("¿Quién más?", "Who else?"),
    "only_us": Text("por ahora, solo nosotros", "only us so far"),
    "since": Text("Desde", "Since"),
    "count": Text("Mensajes", "Messages"),
    "usual": Text("lo normal:", "usually"),
    "usual_in": Text("lo normal en {} min:", "usual in {} min:"),
    "authors": Text("Personas", "People"),
    "sources": Text("Canales", "Channels"),
    "false_alarms_a_month": Text("Confianza", "Confidence"),
    "false_alarms": Text("falsas alarmas al mes", "false alarms a month"),
    "under": Text("menos de", "under"),
    "waiting": Text("Esperan respuesta", "Waiting for an answer"),
    "owner": Text("Se encarga", "Owner"),
    "contacts": Text("Veces que ha escrito", "Times they wrote"),
    "answers": Text("Respuestas", "Answers"),
    "hand_offs": Text("Derivaciones", "Hand-offs"),
    "promise": Text("Promesa", "Promise"),
    "due_at": Text("Vence", "Due"),
    "say": Text("Qué decir a los clientes", "What to tell customers"),
    "rule": Text("regla:", "rule:"),
    "why": Text("por:", "because of:"),
    "late": Text("leído con retraso:", "read late by:"),
    "rules": Text("reglas:", "rules:"),
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
    "resolve": Text("Resolver", "Resolve"),
}

REASONS: dict[Reason, Text] = {
    "suspected": Text("Posible incidencia", "Possible incident"),
    "confirmed": Text("Incidencia confirmada", "Incident confirmed"),
    "grew": Text("La incidencia crece", "The incident grows"),
    "severity_up": Text("Sube la gravedad", "Severity goes up"),
    "upstream": Text("Lo dice el proveedor", "The provider says so"),
    "resolved": Text("Incidencia resuelta", "Incident resolved"),
    "reopened": Text("Incidencia reabierta", "Incident reopened"),
    "merged": Text("Incidencias unidas", "Incidents merged"),
    "sla_warning": Text("El plazo de respuesta se acaba", "The time to answer is running out"),
    "sla_breached": Text("Plazo de respuesta vencido", "The time to answer is over"),
    "hand_offs": Text("Cliente derivado una y otra vez", "Customer sent from one to the next"),
    "churn": Text("Cliente que se va", "Customer about to leave"),
    "moment": Text("Momento de la verdad", "Moment of truth"),
    "fraud": Text("Posible fraude", "Possible fraud"),
    "impersonator": Text("Cuenta que se hace pasar por la marca", "Account posing as the brand"),
    "source_silent": Text("Fuente en silencio", "Source gone silent"),
    "source_back": Text("Fuente de vuelta", "Source back"),
    "rules_refused": Text("Reglas rechazadas: siguen las anteriores", "Rules refused: the last good ones stay"),
    "rules_loaded": Text("Reglas nuevas en vigor", "New rules in force"),
    "quarantine": Text("Mensajes apartados", "Messages set aside"),
    "digest": Text("Resumen", "Digest"),
    "classifier_down": Text("El modelo propio no responde", "Your own model does not answer"),
    "classifier_back": Text("El modelo propio vuelve a responder", "Your own model answers again"),
}

SEVERITY_EMOJI = {1: "🔴", 2: "🔴", 3: "🟠", 4: "🟡"}

# Where the reason says more than the severity does.
EMOJI: dict[Reason, str] = {
    "resolved": "✅",
    "sla_warning": "⏳",
    "sla_breached": "⌛",
    "hand_offs": "🔁",
    "churn": "🚪",
    "moment": "🫂",
    "fraud": "🎣",
    "impersonator": "🎭",
    "source_silent": "🔇",
    "source_back": "🔈",
    "rules_refused": "⚠️",
    "rules_loaded": "📋",
    "quarantine": "🧺",
    "digest": "🗞️",
    "classifier_down": "🧩",
    "classifier_back": "🧠",
}
