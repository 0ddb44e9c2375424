"""The fixed words of `carebot explain INCIDENT`, in both languages."""

from __future__ import annotations

from carebot.model import Phase, Text

PHASES: dict[Phase, Text] = {
    "suspected": Text("posible", "suspected"),
    "confirmed": Text("confirmada", "confirmed"),
    "monitoring": Text("en observación", "monitoring"),
    "resolved": Text("resuelta", "resolved"),
}

WORDS = {
    "since": Text("Desde las {at} del {day} (comienzo estimado).", "Since {at} on {day} (estimated onset)."),
    "noticed": Text("Los indicios bastaban a las {at}.", "The evidence was enough at {at}."),
    "counted": Text(
        "Contado: {them}; lo normal en {window} min: {usual}. Por azar pasaría {rare} veces al mes.",
        "Counted: {them}; usual in {window} min: {usual}. Chance alone would show it {rare} times a month.",
    ),
    "sources": Text("Por canal: {them}", "By source: {them}"),
    "witnesses": Text("Quién más lo dice: {them}", "Who else says so: {them}"),
    "probe": Text("nuestra comprobación automática", "our own check"),
    "upstream": Text("el proveedor ({them})", "the provider ({them})"),
    "others": Text("clientes de {them}", "customers of {them}"),
    "deploy": Text("y hubo un despliegue poco antes", "and there was a deploy shortly before"),
    "maintenance": Text("hay mantenimiento anunciado", "maintenance was announced"),
    "only_us": Text("por ahora, solo nosotros", "only us so far"),
    "nobody": Text("nadie", "nobody"),
    "severity": Text("Gravedad {level} porque: {because}", "Severity {level} because: {because}"),
    "merged": Text("Se le unieron: {them}", "Merged into it: {them}"),
    "turns": Text("Qué se decidió, y con qué:", "What was decided, and on what:"),
    "complaint": Text("{n} queja", "{n} complaint"),
    "complaints": Text("{n} quejas", "{n} complaints"),
    "person": Text(" de {n} persona", " from {n} person"),
    "people": Text(" de {n} personas", " from {n} people"),
    "against": Text(
        "; lo normal en {window} min: {usual}; por azar {rare} veces al mes",
        "; usual in {window} min: {usual}; by chance {rare} times a month",
    ),
    "told": Text("Qué se avisó, y a quién:", "What was told, and to whom:"),
    "late": Text(", leído con {minutes} min de retraso", ", read {minutes} min late"),
    "is_new": Text("por enviar", "to be sent"),
    "is_sending": Text("enviándose", "on its way"),
    "is_sent": Text("enviado", "sent"),
    "is_never": Text("no se envió", "not sent"),
    "nothing": Text("nada", "nothing"),
    "messages": Text("Los mensajes ({n} de {all}), y por qué cuentan:", "The messages ({n} of {all}), and why they count:"),
}

PUSHES = {
    "opened": Text("se abre, hay más quejas de lo normal o falla una comprobación", "opened: more complaints than usual, or a check fails"),
    "widened": Text("afecta a un servicio más", "one more service is affected"),
    "grew": Text("va a más", "it grows"),
    "severity_up": Text("es más grave", "it is more serious"),
    "merged": Text("resultan ser la misma", "they turn out to be one"),
    "stronger": Text("ya no puede ser azar, o lo dice alguien más", "it cannot be chance any more, or somebody else says so"),
    "calm": Text("vuelve a lo normal", "back to what is usual"),
    "calm_long": Text("sigue normal", "still as usual"),
    "flare": Text("otra vez más de lo normal", "more than usual again"),
    "confirmed_by_person": Text("lo confirma una persona", "a person confirms it"),
    "closed_by_person": Text("lo cierra una persona", "a person closes it"),
    "statement_proposed": Text("se propone qué decir a los clientes", "words for customers are proposed"),
    "statement_approved": Text("una persona aprueba el texto", "a person approves the words"),
    "statement_agreed": Text("el texto tiene las aprobaciones que necesita", "the words have the approvals they need"),
    "statement_publish": Text("se manda publicar el texto", "the words are to be published"),
    "statement_said": Text("el texto está dicho", "the words are said"),
    "statement_refused": Text("el texto no se publicó", "the words were not published"),
    "statement_lost": Text("no se sabe si el texto se publicó", "nobody knows whether the words were published"),
    "statement_withdrawn": Text("se retira el texto", "the words are withdrawn"),
    "statement_expired": Text("el texto ya no se puede decir", "the words can no longer be said"),
}

BECAUSE = {
    "suspected": Text("es posible, no seguro", "it is possible, not sure"),
    "confirmed": Text("está confirmada", "it is confirmed"),
    "core_service": Text("es un servicio esencial", "it is a core service"),
    "many_people": Text("{} personas", "{} people"),
    "very_many_people": Text("son muchísimas", "they are very many"),
    "accelerating": Text("cada vez más deprisa", "ever faster"),
    "probe": Text("lo dice también la comprobación automática", "our own check says so too"),
}

_CALM = Text(
    "Para cerrarse: con las quejas en lo normal pasa a observación tras {calm} min y se cierra tras {long}, la mitad si los clientes o la"
    " comprobación dicen que ya va. Se mira una ventana de {shortest} a {longest} min, en la que a la mitad de su ritmo se habría visto;"
    " una fuente que no se oye no cuenta como silencio, y con una comprobación que falla no se cierra.",
    "To close: with complaints as usual it goes to monitoring after {calm} min and is closed after {long}, half of that if customers or the"
    " check say that it works. The window is {shortest} to {longest} min, in which it would have shown at half its pace; a source that"
    " cannot be heard does not count as silence, and while a check fails it is not closed.",
)
ENDS = {
    "suspected": Text(
        f"{_CALM.es} Para confirmarse: {{people}} personas y menos de {{rare}} veces al mes por azar, o dos personas y una máquina.",
        f"{_CALM.en} To be confirmed: {{people}} people and under {{rare}} times a month by chance, or two people and a machine.",
    ),
    "confirmed": _CALM,
    "monitoring": _CALM,
    "resolved": Text(
        "Cerrada a las {at}. Se reabre si vuelve a fallar en una hora.", "Closed at {at}. It is reopened if it fails again within an hour."
    ),
    "dismissed": Text("Cerrada a las {at}: una persona dijo que no era incidencia.", "Closed at {at}: a person said that it was none."),
    "merged_into": Text("Cerrada a las {at}: es la misma que {into}.", "Closed at {at}: it is the same as {into}."),
}
