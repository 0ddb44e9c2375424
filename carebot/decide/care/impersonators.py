"""Does an account that is not ours look like ours, and ask our customers for what only a thief would?

The phisher's pattern during an outage: a name close to the brand's, replies to people who complain, a direct message, a number to ring, a
code, a link. It takes all three: looks, a reply to somebody who is not us, and the asking; of a reply with hardly any words, which may be
an image we cannot read, looks and reply are enough. Who merely likes us, works for us, is angry with us, lives in a town of our name or
is the brand next door does not look like us: what is left of a handle or a name once the brand is taken out must be a word of service.

How old the account is, where its network says, weighs on both sides. One of last week need not ask for anything yet, may go by our name
alone, and may have a person's name beside the brand and the service ("Laura · Atención Lumbre"). One that is our name and a country, and
has been that for a year, is a branch of ours that nobody wrote into the rules. Measured: tests/decide/lookalikes.py.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from functools import lru_cache

import msgspec

from carebot.config.schema import Rulebook
from carebot.decide.match import is_ours
from carebot.model import Message, Text
from carebot.understand.hand_offs import sent_elsewhere
from carebot.understand.normalise import plain

MOST_NAMES = 2  # words of a person's name beside ours
WELL_KNOWN = 50_000  # followers: so many do not follow a thief of last week; a namesake has them
NEAR = 9  # letters of a handle of ours from which one may be wrong, and of a name that is ours by itself; a neighbour's is as near as that

YOUNG = timedelta(days=60)  # made for the outage, or for the last one
SETTLED = timedelta(days=365)

_SERVICE = (
    *("atencionalcliente", "atencioncliente", "atencion", "clientes", "cliente", "soporte", "ayudas", "ayuda", "oficial", "responde"),
    *("asistencia", "seguridad", "incidencias", "reclamaciones", "reclamos", "verificacion", "verificado", "soluciones", "gestores"),
    *("gestor", "gestion", "equipo", "sac", "atc", "agentes", "agente", "asesores", "asesor", "tecnicos", "tecnico", "averias", "centro"),
    *("departamento", "servicios", "servicio", "contacto", "antifraude", "fraudes", "fraude", "reembolsos", "reembolso", "devoluciones"),
    *("compensaciones", "compensacion", "indemnizaciones", "desbloqueos", "desbloqueo", "facturacion", "facturas", "cuentas", "tarjetas"),
    *("online", "digital", "whatsapp", "chat", "directo", "personal", "informacion", "info"),
    *("helpdesk", "helpline", "help", "support", "customercare", "customer", "careline", "care", "services", "service", "official", "team"),
    *("contact", "security", "verified", "verify", "desk", "center", "centre", "refunds", "refund", "recovery", "fraud", "agents", "agent"),
    *("billing", "claims", "accounts", "compensation", "unlock"),
)
_COUNTRIES = ("es", "esp", "espana", "spain", "uk", "mx", "mexico", "ar", "argentina", "co", "colombia", "cl", "chile", "pe", "peru", "us")
_FILLERS = ("the", "de", "del", "la", "el", "tu", "te", "your", "al", "y", "24h", "24", "eu", *_COUNTRIES)
# What looks like a Latin letter and is none, what looks like a letter and is a figure, and pairs that look like one letter.
_LOOKS = str.maketrans(
    "авсԁеһіјкӏморԛѕтуѵԝхαβεικνορτυχıᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdehijklmopqstyvwxabeikvoptuxiabcdefghijklmnoprstuvwyz"
)
_FIGURES = re.compile(r"(?<!\d)[0134578](?=[^\W\d_])")
_AS_LETTERS = dict(zip("0134578", "oleastb", strict=True))
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("ii", "u"), ("l", "i"))

_ASKS = {
    "dm": re.compile(r" (dm|md|mp|inbox|mensaje (privado|directo)|por (el )?privado|direct message|message us|escribenos|write to us) "),
    "phone": re.compile(r" (whatsapp|wasap|telegram|telefono|numero|movil|llama\w*|phone|number|call|text us) |\[phone\]|☎"),
    "code": re.compile(r" (codigos?|claves?|pin|contrasena|sms|tarjeta|dni|password|passcode|codes?|otp|card|one time) "),
    "link": re.compile(r" (enlace|link|formulario|form|web|pincha|click|clica|valida|verifica\w*|validate|verify|entra en) |__url__"),
}
_ADDRESS = re.compile(r"https?://|\bwww\.|(?<=\w)\.(?:com|net|org|info|es|co|link|app|site|online|example)\b", re.IGNORECASE)
_DOORS = {"direct": "dm", "phone": "phone", "form": "link", "mail": "link", "chat": "link"}

ASKS = {
    "dm": Text("un mensaje directo", "a direct message"),
    "phone": Text("el teléfono o WhatsApp", "a telephone number or WhatsApp"),
    "code": Text("claves o códigos", "passwords or codes"),
    "link": Text("abrir un enlace", "opening a link"),
}


class Poser(msgspec.Struct, frozen=True):
    """like      the account of ours, or our name, that it looks like
    asks_for  keys of ASKS, empty where its words say nothing
    days      how old the account was when it wrote; None: the network does not say"""

    like: str
    asks_for: tuple[str, ...]
    days: int | None = None

    @property
    def age(self) -> Text:
        """Said of a new account only: the age of an old one tells nobody anything."""
        if self.days is None or self.days >= YOUNG.days:
            return Text("", "")
        if self.days < 2:
            return Text("; la cuenta es de ayer o de hoy", "; the account was made yesterday or today")
        return Text(f"; la cuenta tiene {self.days} días", f"; the account is {self.days} days old")


def poses_as_us(message: Message, rulebook: Rulebook) -> Poser | None:
    """A reply to one of our customers by an account that looks like ours and asks for something, or is new; or None."""
    if not (message.in_reply_to or "@" in message.text):
        return None
    brand = rulebook.file.brand
    ours = tuple(_user(handle, network) for network, handles in brand.accounts.items() for handle in handles)
    if not message.author or message.audience >= WELL_KNOWN or not _answers_somebody(message, ours):
        return None
    if is_ours(message, rulebook.own_accounts):
        return None
    others = tuple(name for brand_, names in brand.compare_with.items() for name in (brand_, *names))
    age = message.posted_at - message.author_since if message.author_since else None
    young, settled = age is not None and age < YOUNG, age is not None and age >= SETTLED
    handle, names = _user(message.author, message.source), (brand.name, *brand.also_called)
    if not ours and _bare(handle) in map(_bare, names):
        return None  # the rules name no account of ours: this may be it
    if handle.lower() in map(str.lower, ours):  # our very own, on another server of a network where the rules name ours, or new elsewhere
        surely = handle if young or message.source in brand.accounts else ""
    else:
        surely = _looks_like(handle, message.author_name, ours, names, others, young=False)
    if surely and settled and _is_a_branch(handle, (*ours, *names)):
        return None
    like = surely or (_looks_like(handle, message.author_name, ours, names, others, young=True) if young else "")
    asks = _asks_for(message.text) if like else ()
    enough = asks or (young and surely) or _hardly_any_words(message.text)
    return Poser(like, asks, age.days if age is not None else None) if like and enough else None


def _answers_somebody(message: Message, ours: tuple[str, ...]) -> bool:
    """Is it a reply, and not one to us? Who writes to us only is a customer, whatever their name."""
    own = {handle.lower() for handle in ours}
    called = [name.lower() for name in re.findall(r"(?<!\w)@(\w+)", message.text)]
    if called:
        return not own.issuperset(called) and (bool(message.in_reply_to) or message.text.lstrip().startswith("@"))
    return bool(message.in_reply_to)


def _asks_for(text: str) -> tuple[str, ...]:
    said = plain(text)
    found = [name for name, words in _ASKS.items() if words.search(f" {said} ")]
    door = sent_elsewhere(text)
    found += [_DOORS[door.door]] if door and door.door in _DOORS else []
    found += ["link"] if _ADDRESS.search(text) else []
    return tuple(name for name in ASKS if name in found)


def _hardly_any_words(text: str) -> bool:
    return len([word for word in text.split() if not word.startswith("@")]) <= 2


@lru_cache(maxsize=10_000)
def _looks_like(
    handle: str, author_name: str, ours: tuple[str, ...], names: tuple[str, ...], others: tuple[str, ...], *, young: bool
) -> str:
    """Which account or name of ours this account could be taken for, or ""."""
    if any(other and other in _bare(each) for other in map(_bare, others) for each in (handle, author_name)):
        return ""
    for own in ours:
        if _is_near(_bare(own), _bare(handle)) or _only_service_is_left(own, handle, alone=True):
            return own
    for name in sorted(names, key=len, reverse=True):
        whole = young or len(_bare(name)) >= NEAR  # "Banco Lumbre" is us; "Lumbre" may be anybody
        if any(_only_service_is_left(name, said, alone=whole) for said in (author_name, handle)):
            return name
        if young and _is_somebody_of(name, author_name):
            return name
    return ""


def _is_somebody_of(own: str, said: str) -> bool:
    """Is it a person's name beside our name and a word of service? "Laura · Atención al Cliente Lumbre"."""
    left = re.split(r"\W+", unicodedata.normalize("NFC", said))
    mine = {_bare(word) for word in re.split(r"\W+", own)}
    words = [bare for bare in map(_bare, left) if bare and bare not in mine]
    serving = [word for word in words if _is_service(_without_fillers(word))]
    named = len(words) - len(serving)
    return _bare(own) in _bare(said) and named <= MOST_NAMES and any(word in _SERVICE for word in serving)


def _user(handle: str, network: str) -> str:
    """Who it is, of user@server on Mastodon and of user.bsky.social on Bluesky, where a handle is an address."""
    user = handle.lstrip("@").partition("@")[0]
    return user.rpartition(".")[0].removesuffix(".bsky") if network == "bluesky" and "." in user else user


def _is_a_branch(handle: str, ours: tuple[str, ...]) -> bool:
    """Is its handle our name and a country, and nothing else?"""
    parts = [_bare(handle).partition(_bare(own)) for own in ours]
    return any(found and before + after in _COUNTRIES for before, found, after in parts)


def _is_near(own: str, handle: str) -> bool:
    """The same to the eye, or one letter wrong, doubled, missing or swapped in a long one."""
    if own == handle or _pairs(own) == _pairs(handle):
        return True
    return len(own) >= NEAR and _one_letter_apart(own, handle)


def _one_letter_apart(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1:
        return False
    first = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[first:], other[first:]
    if first < 3:
        return False  # a name that begins otherwise is another name: Cumbre is not Lumbre
    return a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:]) or (a[1:] == b[1:] and not b[:1].isalpha())


def _only_service_is_left(own: str, said: str, *, alone: bool = False) -> bool:
    """Is what is said our name and words of service, and nothing else? `alone`: our name by itself is enough."""
    brand, words = _bare(own), _bare(said)
    before, found, after = words.partition(brand)
    if not brand or not found:
        return False
    rest = [_without_fillers(part) for part in (before, after)]
    kept = [part for part in rest if part]
    return all(_is_service(part) for part in kept) and (bool(kept) or alone)


def _without_fillers(part: str) -> str:
    bare = part.strip("0123456789")
    return "" if part in _FILLERS or bare in _FILLERS else bare


def _is_service(part: str) -> bool:
    """Words of service one after the other: "atencionclientes", "oficialayuda", with fillers between."""
    if not part:
        return True
    return any(part.startswith(word) and _is_service(part[len(word) :]) for word in (*_SERVICE, *_FILLERS))


def _bare(name: str) -> str:
    """As the eye takes it in: no case, accent, sign or space, look-alikes read as what they look like."""
    flat = unicodedata.normalize("NFKD", name).lower().translate(_LOOKS)
    flat = _FIGURES.sub(lambda figure: _AS_LETTERS[figure[0]], flat)
    return "".join(char for char in flat if char.isalnum())


def _pairs(bare: str) -> str:
    for pair, letter in _PAIRS:
        bare = bare.replace(pair, letter)
    return bare
