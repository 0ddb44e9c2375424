"""Who poses as us, and who only has a name like ours? Every account here is invented."""

from __future__ import annotations

import pytest

from carebot.decide.care.impersonators import poses_as_us
from tests.saying import TestDesk, rulebook, say

BOOK = rulebook(
    """
brand:
  name: Banco Lumbre
  also_called: [Lumbre]
  accounts: {x: [BancoLumbre, LumbreResponde]}
  compare_with: {Banco Faro: [Faro, BancoFaro]}
services:
  app: {name: {es: la app, en: the app}}
routes:
  desk: {slack: "#desk"}
"""
)
ASKS = "@ana hola, escríbenos por DM con tu teléfono y el código que te llega por SMS"

POSERS = """
LumbreResponde_ |
LumbreResponde1 |
LumbreResponde2 | Lumbre Responde
LumbreRespnde |
LumbreRespponde |
Banco_Lumbre |
BancoLurnbre |
BancoLumbrė |
Banc0Lumbre | Atención
bаncolumbre |
ΒancoLumbre |
BancoLumbre_oficial |
BancoLumbre_es |
BancoLumbreMX |
BancoLumbre24 |
BancoLumbreSAC |
BancoLumbreClientes |
ElBancoLumbre_Ayuda |
soporte_bancolumbre |
soporte.banco.lumbre |
LumbreSoporte |
ayuda_lumbre |
lumbre_oficial |
LumbreAtencionCliente |
lumbre_helpdesk |
LumbreSupportTeam |
verificacion_lumbre |
x88127731 | Banco Lumbre
x88127732 | BANCO LUMBRE ✅
x88127733 | Soporte Banco Lumbre
x88127734 | Atención al Cliente · Banco Lumbre
x88127735 | Lumbre Customer Care
x88127736 | Вanco Lumbre
x88127737 | Equipo Banco Lumbre
x88127738 | Banco Lumbre España
x88127739 | Ba\u200bnco Lumbre Oficial
soporte@mastodon.example | Soporte Lumbre
"""
OTHERS = """
BancoLumbre | Banco Lumbre
bancolumbre@mastodon.example | Banco Lumbre
lumbreresponde | Lumbre Responde
fan_bancolumbre | Fan nº 1
BancoLumbreNews | Noticias del banco
AntiBancoLumbre | Anti Banco Lumbre
victimas_bancolumbre | Afectados por Banco Lumbre
bancolumbre_estafa |
ana_bancolumbre | Ana · Banco Lumbre
marta.lumbre | Marta Gil (Banco Lumbre)
empleados_lumbre | Sindicato en Banco Lumbre
excliente | Ex cliente de Banco Lumbre
harto1980 | Banco Lumbre me roba
lumbreras | José Lumbreras
LumbreraAzul |
Lumbre | Lumbre
LaLumbre | Asador La Lumbre
hoguera_y_lumbre | Hoguera y lumbre
lumbre_sevilla | Lumbre Sevilla
turismolumbre | Ayuntamiento de Lumbre
lumbredecampos | Lumbre de Campos
lumbrecf | Lumbre C.F.
bancolumbremadrid | Oficina de Madrid
BancoLumbreArena | Banco Lumbre Arena
BancoCumbre | Banco Cumbre
BancoLumbra | Banco Lumbra
BancoCumbreResponde | Soporte Banco Cumbre
BancoFaro | Banco Faro
FaroResponde | Faro Responde
soporte_faro | Soporte Banco Faro
faro_y_lumbre_oficial | Faro y Lumbre
ayudaentrevecinos | Soporte vecinal
atencioncliente_es | Atención al cliente
helpdesk4all | Help Desk
abogadosbanca | Reclama a tu banco
periodista_eco | Economía y bancos
ana | Ana
"""


def table(text: str) -> list[tuple[str, str]]:
    return [(handle.strip(), name.strip()) for handle, _, name in (row.partition("|") for row in text.strip().splitlines())]


def reply(author: str, name: str, text: str = ASKS, **more: object):
    return say(text, by=author, means="", author_name=name, in_reply_to="x:complaint", **more)


@pytest.mark.parametrize(("author", "name"), table(POSERS))
def test_who_looks_like_us_and_asks_a_customer_for_codes_poses_as_us(author: str, name: str):
    poser = poses_as_us(reply(author, name), BOOK)
    assert poser and {"dm", "phone", "code"} == set(poser.asks_for)


@pytest.mark.parametrize(("author", "name"), table(OTHERS))
def test_fans_staff_towns_neighbours_and_the_angry_do_not(author: str, name: str):
    assert poses_as_us(reply(author, name), BOOK) is None


@pytest.mark.parametrize(
    ("text", "more", "asks"),
    [
        ("@ana llámanos al 600 000 000", {}, ("phone",)),
        ("@ana write to us on WhatsApp please", {}, ("dm", "phone")),
        ("@ana entra en lumbre-ayuda.example y valida tu cuenta", {}, ("link",)),
        ("@ana we need your one time password", {}, ("code",)),
        ("@ana 👇", {}, ()),  # the rest is an image
        ("@ana vaya, a mí tampoco me funciona desde esta mañana", {}, None),
        ("@BancoLumbre escríbeme por DM", {}, None),  # to us: a customer, whatever their name
        (ASKS, {"audience": 80_000}, None),
        (ASKS.removeprefix("@ana "), {"in_reply_to": ""}, None),  # to nobody
    ],
)
def test_it_takes_a_reply_and_the_asking_too(text: str, more: dict, asks: tuple[str, ...] | None):
    poser = poses_as_us(say(text, by="LumbreResponde_", means="", **({"in_reply_to": "x:complaint"} | more)), BOOK)
    assert (poser.asks_for if poser else None) == asks


def test_the_desk_is_told_once_what_to_do_and_what_to_tell_the_customer():
    desk = TestDesk()
    desk.hears(say(by="ana", id="x:complaint"), reply("LumbreResponde_", "", minute=1), reply("LumbreResponde_", "", minute=2))
    (alert,) = [alert for alert in desk.alerts if alert.reason == "impersonator"]
    assert alert.severity == 2 and alert.say and "@BancoLumbre, @LumbreResponde" in alert.say.es
    assert "les pide mensaje directo, teléfono o WhatsApp, claves o códigos" in alert.detail.es
    assert alert.facts == {"account": "LumbreResponde_", "like": "LumbreResponde", "asks_for": ["dm", "phone", "code"], "audience": 0}
