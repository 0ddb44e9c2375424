"""Learning, from a folder to the weights. The folder is made here; every sentence is invented."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from carebot.training import calibrate, data, taught
from carebot.training.calibrate import GUESS_OF_THREE, UNJUDGED, Judged, blend, off_by
from carebot.training.command import train
from carebot.training.fit import Fitted, balanced, fit, heads_wanted, rounded, scores, shares
from carebot.training.model import Example, checked
from carebot.training.recipe import Recipe, even
from carebot.understand.encoder import OUTPUTS
from carebot.understand.linear import LANGUAGES, MOODS, Linear
from carebot.understand.verdicts import HEADS, SYMPTOMS

DOWN, UP = (" la app no funciona nada ", " la web esta caida otra vez "), (" feliz viernes a todos ", " que buen dia hace hoy ")

WORDS = ["amigo", "banco", "casa", "dia", "enero", "fiesta", "gato", "hora", "isla"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The layout of a data folder, with a handful of messages in it."""
    umsab, semeval, banking = (tmp_path / "text" / name for name in ("umsab", "semeval_english", "banking77"))
    for place in (semeval, banking, *(umsab / name for name in ("spanish", "english", "french", "german", "italian", "portuguese"))):
        place.mkdir(parents=True)
    for language in umsab.iterdir():
        for split in ("train", "val"):
            (language / f"{split}_text.txt").write_text(f"odio esto {language.name} {split}\nlo amo {language.name} {split}\n")
            (language / f"{split}_labels.txt").write_text("0\n2\n")
    (semeval / "a.txt").write_text("1\tpositive\tI love this it\\u2019s great\n2\tnegative\tlo amo spanish val!!\n3\tobjective\tno label\n")
    (banking / "train.csv").write_text(
        "text,category\nWhy was my card declined?,declined_card_payment\nI want to close it,terminate_account\n"
    )
    return tmp_path


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_sets_that_are_not_there_are_skipped_and_the_others_keep_their_labels(folder: Path):
    found = {example.text: example for example in data.collected(folder, permissive=False)}
    assert {example.source for example in found.values()} == {"umsab", "semeval", "banking77"}
    assert found[" odio esto spanish train "].mood == (1.0, 0.0, 0.0)
    assert found[" i love this its great "].mood == (0.0, 0.0, 1.0)
    declined = found[" why was my card declined ? "]
    assert (declined.service, declined.symptom, declined.answers["question"]) == ("card", "declined", 1.0)
    assert found[" i want to close it "].answers["churn"] == 1.0


def test_the_permissive_recipe_reads_permissive_sets_only(folder: Path):
    assert {example.source for example in data.collected(folder, permissive=True)} == {"banking77"}
    assert {name for name, known in data.SETS.items() if known.permissive} == {"banking77"}


def test_what_is_evaluated_is_not_trained_on_however_it_is_punctuated(folder: Path):
    judges = [example.text for example in data.umsab(folder, "val")]
    kept = {example.text for example in data.without(data.collected(folder, permissive=False), judges)}
    assert " lo amo spanish val ! ! " not in kept
    assert " lo amo spanish train " in kept


def test_a_text_is_in_the_same_fold_whatever_its_links_and_case():
    assert len({data.fold(data.words(text), 5) for text in ("La app NO va https://a.es/1", "la app no va", "@banco la app, no va!!")}) == 1


def test_an_answer_to_a_question_nobody_asks_is_refused_by_name():
    with pytest.raises(ValueError, match="'apps' is in no vocabulary: use one of none, other, app"):
        checked(Example("", "es", "examples", service="apps"))
    with pytest.raises(ValueError, match="'outrage' is no question of ours"):
        checked(Example("", "es", "examples", {"outrage": 1.0}))


# ── what a teacher says ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_teacher_answers_what_was_not_known_and_shares_what_was(tmp_path: Path):
    opinion = np.full((1, len(OUTPUTS)), -20, np.float32)
    for name, logit in (("outage", np.log(3)), ("complaint", 20), ("negative", 20), ("app", 20)):
        opinion[0, OUTPUTS.index(name)] = logit
    opinion[0, -len(SYMPTOMS) :] = 0  # no symptom is likelier than another
    taught.write(tmp_path / "opinions.npz", {taught.number(DOWN[0]): opinion[0]})
    known = taught.read(tmp_path / "opinions.npz")
    told = taught.taught(Example(DOWN[0], "es", "streams", {"complaint": 0.0}), known, trust=0.5)
    assert (told.answers["outage"], told.answers["complaint"]) == (pytest.approx(0.75, abs=0.001), pytest.approx(0.5))
    assert (told.mood, told.service, told.symptom) == (pytest.approx((1.0, 0.0, 0.0)), "app", "")
    assert taught.logits([Example(UP[0], "es", "streams")], known).tolist() == [[0.0] * len(OUTPUTS)]
    ours = Example(DOWN[0], "es", "care_gold", {"complaint": 0.0})
    assert taught.taught(ours, known) == ours
    stranger = Example(UP[0], "es", "streams")
    assert taught.taught(stranger, known) == stranger


# ── fitting ──────────────────────────────────────────────────────────────────────────────────────────────────────


def asked(text: str, outage: float, mood: tuple[float, ...]) -> Example:
    return Example(text, "es", "examples", {"outage": outage}, mood)


def test_a_fit_tells_what_it_was_shown_and_rounding_to_8_bits_hardly_moves_it():
    examples = [asked(text, 1.0, (1, 0, 0)) for text in DOWN] + [asked(text, 0.0, (0, 0, 1)) for text in UP]
    fitted = fit([example.text for example in examples], heads_wanted(examples), bits=12, epochs=20)
    logits = scores(fitted, [*DOWN, *UP])
    assert (logits[:, HEADS.index("outage")] > 1).tolist() == [True, True, False, False]
    assert logits[:, len(HEADS) :].argmax(axis=1).tolist() == [0, 0, 2, 2]
    weights, scale = rounded(fitted)
    again = scores(Fitted((weights * scale).astype(np.float32), fitted.bias), [*DOWN, *UP])
    assert np.abs(again - logits).max() < 0.1
    assert np.abs(logits[:, HEADS.index("churn")]).max() == 0  # nobody asked


def test_the_same_seed_gives_the_same_weights():
    examples = [asked(text, 1.0, (1, 0, 0)) for text in (*DOWN, *UP)]
    one, two = (fit([example.text for example in examples], heads_wanted(examples), bits=10, epochs=3, seed=7) for _ in range(2))
    assert (one.weights == two.weights).all()


def test_moods_of_a_set_weigh_alike_however_rare_one_is():
    examples = [asked(f" a{number} ", 0, (1, 0, 0)) for number in range(9)] + [asked(" b ", 0, (0, 0, 1))]
    weights = [example.weight for example in balanced(examples, power=1.0)]
    assert sum(weights[:9]) == pytest.approx(weights[9])


def test_every_set_of_a_language_counts_alike_for_calibration():
    many, few = [Example("", "es", "airline")] * 6, [Example("", "es", "umsab")] * 2
    weights = even([*many, *few, Example("", "en", "semeval")])
    assert weights[:6].sum() == pytest.approx(weights[6:8].sum()) == 4
    assert weights[8] == 1


def test_shares_of_a_choice_sum_to_one_and_the_rest_are_apart():
    p = shares(np.array([[0.0, 1.0, 2.0, 3.0]]), [slice(1, 4)])
    assert p[0, 0] == 0.5
    assert p[0, 1:].sum() == pytest.approx(1)


# ── weighing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def messages(n: int, a: float, b: float, c: float) -> Judged:
    """Messages whose outage is decided by a · lexicon + b · linear + c, and whose mood by the same; Spanish and English in turns."""
    chance = np.random.default_rng(5)
    width = len(HEADS) + len(MOODS)
    lexicon, linear = chance.normal(0, 2, (n, width)), chance.normal(0, 2, (n, width))
    truth = a * lexicon + b * linear + c
    answer = np.full((n, len(HEADS)), -1)
    answer[:, 0] = chance.random(n) < 1 / (1 + np.exp(-truth[:, 0]))
    mood = (truth[:, len(HEADS) :] + chance.gumbel(size=(n, 3))).argmax(axis=1)
    return Judged(lexicon, linear, np.zeros_like(linear), np.arange(n) % 2, answer, mood, np.ones(n))


def test_the_weights_of_two_opinions_are_found_again():
    found = blend(messages(6000, 0.75, 0.5, -1.0), hold=1.0)
    for row in (0, 1):
        assert found.lexicon[row, 0] == pytest.approx(0.75, abs=0.12)
        assert found.linear[row, 0] == pytest.approx(0.5, abs=0.12)
        assert found.shift[row, 0] == pytest.approx(-1.0, abs=0.2)
        assert found.lexicon[row, len(HEADS)] == pytest.approx(0.75, abs=0.12)


def test_the_threshold_is_where_half_the_f1_it_leads_to_lies(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(calibrate, "LEAST_SURE", {})
    judged = messages(4000, 0.75, 0.5, -1.0)
    found = blend(judged)
    logits = 0.75 * judged.lexicon[:, 0] + 0.5 * judged.linear[:, 0] - 1.0
    said, right = logits > found.threshold[0, 0], judged.answer[:, 0] == 1
    f1 = 2 * (said & right).sum() / (said.sum() + right.sum())
    assert 1 / (1 + np.exp(-found.threshold[0, 0])) == pytest.approx(f1 / 2, abs=0.02)


def test_a_question_without_labelled_messages_is_left_to_the_lexicon():
    found = blend(messages(200, 1, 1, 0))
    churn = HEADS.index("churn")
    assert (found.threshold[:, churn] == 0).all()
    assert [
        tuple(getattr(found, name)[row, churn] for name in ("lexicon", "linear", "full", "shift")) for row in range(len(LANGUAGES))
    ] == [(*UNJUDGED, 0.0)] * 3


def test_an_outage_is_not_believed_below_what_a_detector_can_bear():
    assert blend(messages(4000, 0.75, 0.5, -1.0)).threshold[0, 0] == calibrate.LEAST_SURE["outage"]


def test_no_opinion_is_ever_turned_against():
    judged = messages(4000, 0.75, -0.5, 0.0)
    found = blend(judged)
    assert (found.linear[:, 0] == 0).all()
    assert found.lexicon[0, 0] > 0.3


def test_a_third_opinion_that_knows_more_gets_the_greatest_share():
    judged = messages(4000, 0.25, 0.25, 0.0)
    chance = np.random.default_rng(2)
    full = judged.linear * 0.25 + judged.lexicon * 0.25 + chance.normal(0, 2, judged.linear.shape)
    truth = 0.2 * judged.lexicon[:, 0] + 1.0 * full[:, 0]
    answer = judged.answer.copy()
    answer[:, 0] = chance.random(4000) < 1 / (1 + np.exp(-truth))
    found = blend(msgspec.structs.replace(judged, full=full, answer=answer), guess=GUESS_OF_THREE)
    assert found.full[0, 0] > 0.8
    assert 0.3 > found.lexicon[0, 0] > found.linear[0, 0]


def test_being_sure_and_right_half_the_time_is_off_by_what_it_claims_too_much():
    assert off_by(np.array([0.9, 0.9]), np.array([1.0, 0.0])) == pytest.approx(0.4)
    assert off_by(np.array([0.5, 0.5]), np.array([1.0, 0.0])) == pytest.approx(0)


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_folder_becomes_weights_that_read_and_a_card_that_names_its_sets(folder: Path, tmp_path: Path):
    out, page = tmp_path / "made" / "linear.npz", tmp_path / "card.md"
    gold = {"id": "1", "lang": "es", "note": "", "text": "la app no jala", "outage": 1, "complaint": 1, "sentiment": "neg"}
    gold |= {"service": "app", "symptom": "down", "churn": 0, "fraud": 0, "moment": 0, "praise": 0}
    calm = gold | {"text": "hola a todos", "outage": 0, "complaint": 0, "sentiment": "neu", "service": "none", "symptom": "none"}
    labelled = [gold | {"text": f"la app no jala {word}"} for word in WORDS] + [calm | {"text": f"hola {'y' * n} gente"} for n in range(9)]
    (folder / "text" / "care_gold_dev.jsonl").write_text(
        "\n".join(json.dumps(row | {"lang": lang, "text": f"{row['text']} {lang}"}) for row in labelled for lang in ("es", "en"))
    )
    train(Recipe(folder, each=2, epochs=2), out, page, lambda _: None)
    with np.load(out) as stored:
        linear = Linear(dict(stored))
    broken, calm_ = linear.scores([" la app no funciona ", " feliz viernes a todos "]).heads[:, HEADS.index("outage")]
    assert broken > calm_
    told = page.read_text(encoding="utf-8")
    assert "| banking77 | CC BY 4.0 | 2 |" in told
    assert "| UMSAB Spanish | 2 |" in told
    assert "| outage | care_gold | es | 9 |" in told
