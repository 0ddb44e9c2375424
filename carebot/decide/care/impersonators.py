"""Does an account that is not ours look like ours, and ask our customers for what only a thief would?

The phisher's pattern during an outage: a name close to the brand's, replies to people who complain, a direct message, a number to ring, a
code, a link. It takes all three: looks, a reply to somebody who is not us, and the asking; of a reply with hardly any words, which may be
an image we cannot read, looks and reply are enough. Who merely likes us, works for us, is angry with us, lives in a town of our name or
is the brand next door does not look like us: what is left of a handle or a name once the brand is taken out must be a word of service.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import msgspec

from carebot.config.schema import Rulebook
from carebot.model import Message, Text
from carebot.understand.hand_offs import sent_elsewhere
from carebot.understand.normalise import plain

WELL_KNOWN = 50_000  # followers: so many do not follow a thief of last week; a namesake has them
NEAR = 9  # letters of a handle of ours from which one may be wrong, and of a name that is ours by itself; a neighbour's is as near as that

_SERVICE = (
    *("atencionalcliente", "atencioncliente", "atencion", "clientes", "cliente", "soporte", "ayuda", "oficial", "responde", "contacto"),
    *("asistencia", "seguridad", "incidencias", "reclamaciones", "verificacion", "verificado", "soluciones", "gestor", "equipo", "sac"),
    *("helpdesk", "help", "support", "customercare", "customer", "care", "services", "service", "official", "team", "contact"),
    *("security", "verified", "verify"),
)
_FILLERS = ("the", "de", "del", "la", "el", "tu", "your", "al", "es", "esp", "espana", "spain", "uk", "mx", "eu")
# What looks like a Latin letter and is none, what looks like a letter and is a figure, and pairs that look like one letter.
_LOOKS = str.maketrans("авсԁеһіјкӏморԛѕтуѵԝхαβεικνορτυχı", "abcdehijklmopqstyvwxabeikvoptuxi")
_FIGURES = re.compile(r"(?<=[^\W\d_])[0134578](?=[^\W\d_])")
_AS_LETTERS = dict(zip("0134578", "oleastb", strict=True))
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("ii", "u"))

_ASKS = {
    "dm": re.compile(r" (dm|md|mp|inbox|mensaje (privado|directo)|por (el )?privado|direct message|message us|escribenos|write to us) "),
    "phone": re.compile(r" (whatsapp|wasap|telegram|telefono|numero|movil|llama\w*|phone|number|call|text us) |\[phone\]|☎"),
    "code": re.compile(r" (codigos?|claves?|pin|contrasena|sms|tarjeta|dni|password|passcode|codes?|otp|card|one time) "),
    "link": re.compile(r" (enlace|link|formulario|form|web|pincha|click|clica|valida|verifica\w*|validate|verify|entra en) |__url__"),
}
_ADDRESS = re.compile(r"https?://|\bwww\.|(?<=\w)\.(?:com|net|org|info|es|co|link|app|site|online|example)\b", re.IGNORECASE)
_DOORS = {"direct": "dm", "phone": "phone", "form": "link", "mail": "link", "chat": "link"}

ASKS = {
    "dm": Text("mensaje directo", "a direct message"),
    "phone": Text("teléfono o WhatsApp", "a telephone number or WhatsApp"),
    "code": Text("claves o códigos", "passwords or codes"),
    "link": Text("abrir un enlace", "opening a link"),
}


class Poser(msgspec.Struct, frozen=True):
    """like   the account of ours, or our name, that it looks like · asks_for   keys of ASKS, empty where its words say nothing"""

    like: str
    asks_for: tuple[str, ...]


def poses_as_us(message: Message, rulebook: Rulebook) -> Poser | None:
    """A reply to one of our customers by an account that looks like ours and asks for something, or None."""
    brand = rulebook.file.brand
    ours = tuple(handle for handles in brand.accounts.values() for handle in handles)
    if not message.author or message.audience >= WELL_KNOWN or not _answers_somebody(message, ours):
        return None
    others = tuple(name for brand_, names in brand.compare_with.items() for name in (brand_, *names))
    like = _looks_like(message.author, message.author_name, ours, (brand.name, *brand.also_called), others)
    asks = _asks_for(message.text) if like else ()
    return Poser(like, asks) if like and (asks or _hardly_any_words(message.text)) else None


def _answers_somebody(message: Message, ours: tuple[str, ...]) -> bool:
    """Is it a reply, and not one to us? Who writes to us only is a customer, whatever their name."""
    own = {handle.lower().lstrip("@") for handle in ours}
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
def _looks_like(author: str, author_name: str, ours: tuple[str, ...], names: tuple[str, ...], others: tuple[str, ...]) -> str:
    """Which account or name of ours this account could be taken for, or ""."""
    handle = author.lstrip("@").partition("@")[0]  # of user@server the user
    if handle.lower() in {own.lower().lstrip("@") for own in ours}:
        return ""  # our own handle, on a network where the rules do not name it
    if any(other and other in _bare(each) for other in map(_bare, others) for each in (handle, author_name)):
        return ""
    for own in ours:
        if _is_near(_bare(own), _bare(handle)) or _only_service_is_left(own, handle, alone=True):
            return own
    for name in sorted(names, key=len, reverse=True):
        whole = len(_bare(name)) >= NEAR  # "Banco Lumbre" is us; "Lumbre" may be anybody
        if any(_only_service_is_left(name, said, alone=whole) for said in (author_name, handle)):
            return name
    return ""


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
    part = part.strip("0123456789")
    for filler in _FILLERS:
        if part == filler:
            return ""
    return part


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
