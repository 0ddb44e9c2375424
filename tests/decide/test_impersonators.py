"""Who poses as us, and who only has a name like ours? Every account here is invented."""

from __future__ import annotations

from datetime import timedelta

import pytest

from carebot.decide.care.impersonators import Poser, poses_as_us
from tests.decide import lookalikes
from tests.decide.lookalikes import Account, accounts
from tests.saying import TestDesk, at, rulebook, say

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


def asked_by(account: Account, *, old: bool) -> Poser | None:
    """What is made of an account of `lookalikes`; with `old`: its network says since when there is it."""
    since = at(0) - timedelta(days=account.days) if old and account.days is not None else None
    book = BANK if account in BANKS else TELCO
    return poses_as_us(reply(account.handle, account.name, account.said, author_since=since), book)


BANK, TELCO = rulebook(lookalikes.BANK), rulebook(lookalikes.TELCO)
BANKS = accounts(lookalikes.POSERS_OF_THE_BANK + lookalikes.OTHERS_OF_THE_BANK)
MANY_POSERS = accounts(lookalikes.POSERS_OF_THE_BANK + lookalikes.POSERS_OF_THE_TELCO)
MANY_OTHERS = accounts(lookalikes.OTHERS_OF_THE_BANK + lookalikes.OTHERS_OF_THE_TELCO)


@pytest.mark.parametrize(("old", "found", "wrongly"), [(False, 52, 3), (True, 57, 0)])
def test_most_of_sixty_posers_are_found_and_of_sixty_others_only_branches_of_an_age_that_nobody_says(old: bool, found: int, wrongly: int):
    assert len(MANY_POSERS) == len(MANY_OTHERS) == 60
    assert len([one for one in MANY_POSERS if asked_by(one, old=old)]) >= found
    taken = [one.handle for one in MANY_OTHERS if asked_by(one, old=old)]
    assert len(taken) <= wrongly and set(taken) <= {"BancoLumbreMX", "BancoLumbreAR", "BancoLumbre_UK"}


@pytest.mark.parametrize(
    ("author", "name", "days", "said", "poses"),
    [
        ("LumbreResponde_", "", 3, "@ana vaya, lo sentimos mucho", True),  # it gains trust first
        ("LumbreResponde_", "", 300, "@ana vaya, lo sentimos mucho", False),
        ("hartademas", "Harta de la atención de Lumbre", 3, "@ana a mí tampoco me hacen caso", False),
        ("hartademas", "Harta de la atención de Lumbre", 300, ASKS, False),
        ("x1", "Lumbre", 3, ASKS, True),
        ("x1", "Lumbre", 300, ASKS, False),  # somebody of that name
        ("BancoLumbreMX", "", 800, ASKS, False),
        ("BancoLumbreMX", "", 200, ASKS, True),
        ("BancoLumbreMX_Ayuda", "", 800, ASKS, True),  # old accounts are for sale
    ],
)
def test_how_old_the_account_is_weighs_on_both_sides(author: str, name: str, days: int, said: str, poses: bool):
    assert bool(poses_as_us(reply(author, name, said, author_since=at(0) - timedelta(days=days)), BOOK)) is poses


@pytest.mark.parametrize(
    ("author", "network", "days", "poses"),
    [
        ("bancolumbre@mastodon.example", "mastodon", None, False),  # ours, as far as the rules know
        ("bancolumbre@mastodon.example", "mastodon", 5, True),
        ("ayuda@mastodon.example", "mastodon", 5, False),
        ("lumbre@bank.example", "fediverse", None, False),  # the one the rules name
        ("lumbre@thief.example", "fediverse", 900, True),
        ("bancolumbre-ayuda.bsky.social", "bluesky", None, True),
        ("bancolumbre-ayuda.example", "bluesky", None, True),
        ("ana-lumbre.bsky.social", "bluesky", None, False),
    ],
)
def test_a_handle_of_ours_on_another_server_is_not_ours(author: str, network: str, days: int | None, poses: bool):
    book = rulebook(lookalikes.BANK.replace("accounts: {x:", "accounts: {fediverse: [lumbre@bank.example], x:"))
    since = at(0) - timedelta(days=days) if days is not None else None
    assert bool(poses_as_us(reply(author, "", source=network, author_since=since), book)) is poses


def test_the_desk_hears_how_new_the_account_is():
    desk = TestDesk()
    since = at(0) - timedelta(days=4)
    desk.hears(say(by="ana", id="x:complaint"), reply("LumbreResponde_", "", "@ana lo sentimos", minute=1, author_since=since))
    (alert,) = [alert for alert in desk.alerts if alert.reason == "impersonator"]
    assert "la cuenta tiene 4 días" in alert.detail.es and "4 days old" in alert.detail.en and alert.facts["days"] == 4


def test_the_desk_is_told_once_what_to_do_and_what_to_tell_the_customer():
    desk = TestDesk()
    desk.hears(say(by="ana", id="x:complaint"), reply("LumbreResponde_", "", minute=1), reply("LumbreResponde_", "", minute=2))
    (alert,) = [alert for alert in desk.alerts if alert.reason == "impersonator"]
    assert alert.severity == 2 and alert.say and "@BancoLumbre y @LumbreResponde" in alert.say.es
    assert "les pide un mensaje directo, el teléfono o WhatsApp y claves o códigos" in alert.detail.es
    assert alert.facts == {
        "account": "LumbreResponde_",
        "like": "LumbreResponde",
        "asks_for": ["dm", "phone", "code"],
        "audience": 0,
        "days": None,
    }


def test_where_the_rules_name_no_account_of_ours_our_very_name_may_be_us():
    nameless = rulebook("brand: {name: Banco Lumbre}\n")
    assert poses_as_us(reply("BancoLumbre", "Banco Lumbre"), nameless) is None
    assert poses_as_us(reply("BancoLumbre_Ayuda", "Banco Lumbre"), nameless)
