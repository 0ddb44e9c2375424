"""Which language was it? The network's word first, then the letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebot.understand.language import LANGUAGES, code, languages
from carebot.understand.normalise import plain, tame

SAID = {
    "es": (
        "No puedo entrar en la app desde ayer, ¿qué pasa?",
        "la app no jala desde en la mañana, ya me urge pagar la renta",
        "che, no me anda el homebanking, ¿a alguien más le pasa?",
        "parce esa vuelta está caída, nada que deja transferir",
        "¿Es neta que otra vez se trabó el cajero? No manchen",
        "weon no me llega la clave al celu, sigo esperando po",
        "xq no contestan?? llevo 2 dias asi y nada d nada",
        "Madrid y Barcelona sin cobertura, menudo desastre tíos",
        "q pasa cn la aplicacion, no me deja entrar ni pa tras",
    ),
    "en": (
        "I can't get into the app since yesterday, what is going on?",
        "cant acces my acount, keeps sayin wrong pasword",
        "ur app is tottaly broken again, fix it pls",
        "abeg when will this network come back, I no fit transfer",
        "Stuck at Madrid airport, nobody from the airline is helping us",
        "y'all charged me twice n nobody picks up the phone",
        "WHY IS MY CARD DECLINED AT EVERY SHOP",
        "is it just me or is online banking down for everyone",
        "recieved an email from u guys, is it legit??",
    ),
    "fr": (
        "Je ne peux pas ouvrir l'application depuis hier",
        "Toujours aucune réponse du service client, c'est lamentable",
        "j'arrive pas à me connecter, ça bug grave",
        "Mon virement n'est jamais arrivé, que faites-vous ?",
        "vous avez débité ma carte deux fois, je veux être remboursé",
        "Merci beaucoup pour votre aide rapide",
        "y a une panne chez vous ou c'est juste moi",
        "MON COLIS EST PERDU DEPUIS TROIS SEMAINES",
    ),
    "de": (
        "Die App geht seit gestern nicht mehr, was ist los?",
        "Warum wurde meine Karte an der Kasse abgelehnt?",
        "hab seit stunden kein internet, wann wird das behoben",
        "Ich warte immer noch auf eine Antwort von euch",
        "Danke für die schnelle Hilfe, alles läuft wieder",
        "kann mich nicht einloggen, bei euch auch?",
        "Mein Flug wurde gestrichen und niemand hilft uns",
        "IHR HABT MIR ZWEIMAL GELD ABGEBUCHT",
    ),
    "it": (
        "Non riesco ad entrare nella app da ieri, cosa succede?",
        "Il bonifico non è mai arrivato, potete controllare?",
        "ma anche a voi non funziona niente stamattina?",
        "Aspetto una risposta da tre giorni, vergognoso",
        "mi avete addebitato due volte la stessa spesa",
        "Grazie mille, gentilissimi, ora funziona tutto",
        "NON SI PUÒ ASPETTARE UN'ORA AL TELEFONO",
        "la carta viene rifiutata ovunque, che figura",
    ),
    "pt": (
        "Não consigo entrar no aplicativo desde ontem, o que está acontecendo?",
        "gente o pix de vcs caiu de novo?",
        "Fui cobrado duas vezes e ninguém resolve",
        "Estou à espera há três dias e ainda não responderam",
        "o app ta travando toda hora, que raiva",
        "Muito obrigada pelo atendimento, já voltou a funcionar",
        "MEU CARTÃO FOI RECUSADO NA PADARIA",
        "alguem mais sem sinal aqui em Lisboa?",
    ),
    "ca": (
        "No puc entrar a l'aplicació des d'ahir, què passa amb això?",
        "Fa tres dies que espero que em contesteu",
        "M'heu cobrat dues vegades la mateixa factura",
        "algú sap si ha caigut el sistema? no puc pagar res",
        "Moltíssimes gràcies per l'ajuda, ja em funciona",
        "Quan tornarà la cobertura al nostre poble?",
        "ELS TRENS TORNEN A ANAR TARD I NINGÚ NO DIU RES",
        "La targeta no va i sóc a l'estranger sense diners",
    ),
}


def told(*texts: str) -> tuple[str, ...]:
    tamed = [tame(text) for text in texts]
    return languages([plain(text) for text in tamed], [""] * len(texts), tamed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_customer_is_understood_in_their_language(language):
    assert dict(zip(SAID[language], told(*SAID[language]), strict=True)) == dict.fromkeys(SAID[language], language)


def test_nineteen_in_twenty_also_when_accents_and_apostrophes_are_gone():
    said = [(language, plain(tame(text))) for language, texts in SAID.items() for text in texts]
    answers = languages([text for _, text in said], [""] * len(said))
    wrong = {text: answer for (language, text), answer in zip(said, answers, strict=True) if answer != language}
    assert len(wrong) <= len(said) / 20, wrong


@pytest.mark.parametrize(
    "nothing",
    [
        "",
        " ",
        "\n",
        "12345 😡😡",
        "@banco https://banco.es/acceso",
        "Не могу войти в приложение",
        "لا أستطيع الدخول",
        "ログインできない",
        "[card ····1234]",
    ],
)
def test_what_says_nothing_in_the_seven_is_undetermined(nothing):
    assert told(nothing) == ("und",)
    assert languages([plain(nothing)], [""]) == ("und",)


@pytest.mark.parametrize(("word", "language"), [("hola", "es"), ("gracias", "es"), ("thanks", "en"), ("WTF", "en"), ("jajajaja", "es")])
def test_one_word_can_be_enough(word, language):
    assert told(word) == (language,)


def test_handles_and_addresses_are_nobodys_language():
    asides = "@TheBestBankInTheWorld @customer_support_team https://the-bank.com/what-is-going-on-with-the-website"
    assert told(f"{asides} no me deja entrar, qué pasa") == ("es",)


def test_what_the_network_says_counts_and_its_ways_to_say_nothing_do_not():
    assert languages([plain("hello, is the app down?")], ["es-MX"]) == ("es",)
    assert languages([plain("hello, is the app down?")], ["qme"]) == ("en",)
    assert [code(given) for given in ("pt_BR", "IN", "zxx", "", "123")] == ["pt", "in", "", "", ""]


def test_nothing_asked_is_nothing_answered():
    assert languages([], []) == ()


@given(st.lists(st.text(max_size=300) | st.sampled_from([text for texts in SAID.values() for text in texts]), max_size=12))
def test_a_message_is_in_the_same_language_alone_and_in_any_company(texts):
    together = languages(texts, [""] * len(texts))
    assert together == tuple(languages([text], [""])[0] for text in texts)
    assert set(together) <= {*LANGUAGES, "und"}
