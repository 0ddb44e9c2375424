"""Rougher worlds, recorded streams, whole brands, scored messages, storms: each is what it says, and each can fail a detector."""

import json
import math

import msgspec
import numpy as np
import pytest

from benchmarks.detection import ablations, bakeoff, brand, cost, marks, peers, recorded, rough, storming
from benchmarks.detection.bakeoff import SHIPPED, Run
from benchmarks.detection.streams import DAY, KINDS, WARM_UP, WEEK, Waves, clean, company, with_incidents
from benchmarks.detection.tables import text
from carebot.understand.embedded import Reader

TINY = Run(calibrate=1, test=1, incidents=1, rates=(0.1,))


def SILENT(_):  # noqa: N802
    pass


def scatter(made, minutes):
    """Variance over mean of counts in windows, the true rate taken away."""
    seen, true = (table.reshape(len(table), -1, minutes).sum(axis=2) for table in (made.counts, made.truth))
    return ((seen - true) ** 2).mean() / true.mean()


# ── rougher worlds ───────────────────────────────────────────────────────────────────────────────────────────────


def test_posts_that_bring_others_along_keep_the_rate_and_double_the_scatter_of_an_hour():
    calm, rough_ = (clean(2.0, 8, (1,), Waves(sigma=0, thread=thread)) for thread in (0.0, rough.THREAD))
    assert rough_.counts.mean() == pytest.approx(calm.counts.mean(), rel=0.03)
    assert scatter(calm, 60) == pytest.approx(1.1, rel=0.05)
    assert scatter(rough_, 60) == pytest.approx(2.4, rel=0.1)
    assert (rough_.truth == calm.truth).all()


def test_a_post_and_its_company_are_as_many_as_drawn():
    assert company(50.0) == pytest.approx(1.0)
    posts = np.full(50_000, 1, np.int32)
    from benchmarks.detection.streams import MOST_BROUGHT, _brought

    brought = _brought(posts, 1.5, np.random.default_rng(1)).sum() / len(posts)
    assert brought == pytest.approx(company(1.5) - 1, rel=0.05)
    alone = np.zeros(50_000, np.int32)
    alone[0] = 1
    assert max(_brought(alone, 0.2, np.random.default_rng(seed)).sum() for seed in range(50)) == MOST_BROUGHT


def test_a_payday_is_busier_and_the_day_after_is_not():
    usual, paid = (clean(1.0, 1, (2,), Waves(sigma=0, payday=factor)).truth[0] for factor in (1.0, 2.0))
    ratio = (paid / usual).reshape(-1, DAY).mean(axis=1)
    # from Monday 5 January 2026: the 15th, the 31st, 1 February, the 15th, the 28th, 1 March, the 15th
    assert np.flatnonzero(ratio > 1.5).tolist() == [10, 26, 27, 41, 54, 55, 69]
    assert ratio[ratio < 1.5] == pytest.approx(1.0)


def test_each_world_has_a_row_and_the_oracle_hears_it_without_company(monkeypatch):
    monkeypatch.setattr(rough, "WORLDS", {"plain": Waves(), "threads": Waves(thread=2.5)})
    found = list(rough.rough(TINY, SILENT, lambda made: peers.static(made) - 5))
    assert {one.world for one in found} == {"plain", "threads"}
    limits = [[one.median for one in found if one.who == "oracle" and one.world == world] for world in ("plain", "threads")]
    assert limits[0] == limits[1]
    false = [bakeoff.false_alarms([one for one in found if one.world == world], SHIPPED, None)[0.1] for world in ("plain", "threads")]
    assert false[0] < false[1]
    assert "threads" in "\n".join(text(rough.rough_tables(found)))


# ── recorded streams ─────────────────────────────────────────────────────────────────────────────────────────────


def spoken(minute, author, words="la app no funciona", **more):
    at = f"2026-03-{2 + minute // DAY:02}T{minute % DAY // 60:02}:{minute % 60:02}:07Z"
    return {"id": f"{minute}-{author}", "author": author, "posted_at": at, "text": words, "brand": "Lumbre", **more}


def written(folder, rows):
    (folder / "citibanamex_2021_es.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return dict(recorded.recordings(folder, Reader()))


def test_nobody_has_two_voices_within_an_hour_and_the_brand_has_none(tmp_path):
    rows = [
        spoken(600, "ana", "No puedo entrar en la app, qué desastre"),
        spoken(600, "ana", "No puedo entrar en la app, qué desastre"),  # the same row twice
        spoken(620, "ana", "y sigo sin poder entrar"),
        spoken(661, "ana", "una hora después, todo igual de mal en la app"),
        spoken(640, "lumbre", "Estamos en ello", by_brand=True),
        spoken(645, "bea", "RT: No puedo entrar en la app, qué desastre", repost=True),
        spoken(3 * DAY, "carla", "Buenos días a todos"),
    ]
    heard = written(tmp_path, rows)[recorded.ALL]
    assert np.flatnonzero(heard.counts).tolist() == [600, 661, 3 * DAY]
    assert heard.days == 4
    assert len(heard.counts) == WEEK


def test_complaints_are_what_carebot_s_reader_hears_as_such(tmp_path):
    rows = [
        spoken(600, "ana", "La app no funciona, no puedo entrar desde ayer, es una vergüenza"),
        spoken(700, "bea", "Muchas gracias, sois geniales"),
    ]
    heard = written(tmp_path, rows)
    assert heard[recorded.ALL].counts.sum() == 2
    assert np.flatnonzero(heard[recorded.COMPLAINTS].counts).tolist() == [600]


def recording(days=9, rate=0.05):
    counts = np.zeros(2 * WEEK, np.int32)
    counts[: days * DAY] = np.random.default_rng(3).poisson(rate * np.tile(np.where(np.arange(DAY) < 540, 0.2, 1.5), days))
    return recorded.Recording("lumbre", counts, days)


def test_one_incident_a_day_and_pass_at_a_busy_hour_and_the_rest_is_untouched():
    heard = recording()
    made = recorded.broken(heard, "+5 in 10 min", 40, np.random.default_rng(1))
    assert made.onsets.shape == (6, 7)  # days two to eight: the first is learned from, the last may be cut short
    assert (made.onsets // DAY == np.arange(1, 8)).all()
    assert (made.onsets % DAY >= 540).all()
    added = made.counts - heard.counts
    assert (added >= 0).all()
    assert added.sum() / 42 == pytest.approx(60 * 0.5 + 0.5 * 20, rel=0.1)
    assert all(added[row, : one[0]].sum() == 0 for row, one in enumerate(made.onsets))


def test_the_others_get_a_threshold_that_raises_no_more_alarms_than_carebot_did_there(tmp_path):
    found = [one for one, _ in recorded._judged(recording(), recorded.ALL, TINY, lambda made: peers.static(made) - 5)]
    alarms = {one.who: one.alarms for one in found}
    assert alarms["carebot"] > 0
    assert all(count <= alarms["carebot"] for count in alarms.values())
    assert {one.kind for one in found} == set(recorded.INCIDENTS)
    assert all(one.of >= 14 for one in found if one.who == "carebot" and one.alarms == 0)


def test_without_recordings_it_says_so_and_measures_nothing(tmp_path):
    said = []
    assert list(recorded.recorded(TINY, said.append, folder=tmp_path / "nowhere")) == []
    assert "skipped" in said[0]
    assert "not measured" in "\n".join(text(recorded.recorded_tables([])))


# ── a brand of many cells ────────────────────────────────────────────────────────────────────────────────────────


def test_the_roll_up_hears_what_all_services_hear_and_a_stricter_bar_is_quieter_and_later(monkeypatch):
    monkeypatch.setattr(brand, "RATES", (0.01, 0.1))
    monkeypatch.setattr(brand, "BROKEN", (1,))
    cells = brand._cells(TINY, 1, 2)
    assert (brand.rolled_up(cells).counts == cells[0].counts + cells[1].counts).all()
    found = {one.setting: one for one in brand.budget(TINY, SILENT, lambda made: peers.static(made) - 5)}
    each, shared, tuned = (found[name] for name in (brand.EACH, brand.SHARED, brand.TUNED))
    assert shared.bar == pytest.approx(math.log(3))
    assert each.false_alarms >= shared.false_alarms
    assert each.median <= shared.median
    assert tuned.false_alarms < 4
    assert "nats" in "\n".join(text(brand.budget_tables(list(found.values()))))


# ── marks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reader_tells_an_incident_s_messages_apart_as_well_as_asked():
    broken, quiet = marks.weighed(4, (1,), broken=True), marks.weighed(4, (1,), broken=False)
    assert quiet.scores.mean() == pytest.approx(-2.0, abs=0.02)
    assert quiet.scores.std() == pytest.approx(1.5, abs=0.02)
    assert (quiet.scores > 0).mean() == pytest.approx(0.09, abs=0.01)
    chance = np.random.default_rng(2)
    usual, theirs = (chance.normal(*of, 20_000) for of in (marks.USUAL, marks.BROKEN))
    assert (theirs > usual).mean() == pytest.approx(0.935, abs=0.005)
    rows = np.arange(4)[:, None, None]
    full = broken.onsets[:, :, None] + np.arange(60)
    more = (broken.counts[rows, full] - broken.truth[rows, full]).mean()
    assert more == pytest.approx(KINDS[marks.KIND].more, abs=0.1)
    assert broken.weights[rows, full].mean() > 2 * broken.weights[:, WARM_UP:].mean()


def test_a_weight_is_a_calibrated_probability():
    chance = np.random.default_rng(3)
    theirs = chance.random(200_000) < marks.SHARE
    p = marks.probability(np.where(theirs, chance.normal(*marks.BROKEN, len(theirs)), chance.normal(*marks.USUAL, len(theirs))))
    for low, high in ((0.0, 0.05), (0.2, 0.4), (0.6, 0.9)):
        mine = (p >= low) & (p < high)
        assert theirs[mine].mean() == pytest.approx(p[mine].mean(), abs=0.03)


def test_the_weights_of_a_minute_are_those_of_its_messages_and_a_threshold_keeps_the_rest_out():
    made = marks.weighed(1, (4,), broken=False)
    minute = int(np.flatnonzero(made.counts[0] == 3)[0])
    before = int(made.counts[0, :minute].sum())
    assert made.weights[0, minute] == pytest.approx(marks.probability(made.scores[before : before + 3].astype(float)).sum(), rel=1e-5)
    kept = marks.above(made, 1.0)
    assert kept.counts[0, minute] == (made.scores[before : before + 3] > 1).sum()
    assert kept.counts.sum() == (made.scores > 1).sum()


def test_who_takes_weights_is_judged_beside_those_who_count():
    def weighing(made):
        return peers.last(made.weights, 20).astype(np.float32)

    run = msgspec.structs.replace(TINY, calibrate=2, test=2, incidents=2)
    found = list(marks.marks(run, SILENT, counting=lambda made: peers.last(made.counts, 20).astype(np.float32), weighing=weighing))
    at_30 = {one.who: one.within_30 for one in found if one.allowed == 1.0}
    assert set(at_30) == {"all messages", "score > 0", "score > 1", marks.WEIGHED}
    assert at_30[marks.WEIGHED] > at_30["all messages"]
    assert marks.WEIGHED in "\n".join(text(marks.marks_tables(found)))


# ── storms, cost, ablations ──────────────────────────────────────────────────────────────────────────────────────


def test_a_storm_that_is_not_collapsed_raises_an_alarm_and_one_that_is_does_not():
    counted, collapsed = (storming.with_storms(0.05, 1, share, (7,)) for share in (1.0, 0.0))
    assert (collapsed.counts == clean(0.05, 1, (7,), weeks=8).counts).all()
    rows, minutes = np.zeros((1, 1, 1), int), counted.onsets[:, :, None] + np.arange(60)
    assert 30 <= counted.counts[rows, minutes].sum(axis=2).mean() <= 300
    assert (peers.static(counted)[rows, minutes].max(axis=2) > 15).all()


def test_the_cost_of_a_cell_is_told_beside_somebody_who_only_sums(monkeypatch):
    monkeypatch.setattr(cost, "SERVICES", 4)
    found = {one.who: one for one in cost.cost(TINY, SILENT, minutes=20)}
    assert found[cost.SUMS].over == 1.0
    assert found["carebot"].us > 0
    assert found["carebot"].bytes > 240  # it remembers four hours at the least
    assert found["carebot"].cells == 20 * 5


def test_the_cells_of_the_cost_hear_what_was_written():
    counts = np.zeros((2, 3, cost.SERVICES), int)
    counts[0, 1, 5] = 2
    kept, steps = cost.by_carebot(counts)
    before = kept[0].table
    assert len(before) == 3 * (cost.SERVICES + 1)
    list(steps)
    after = kept[0].table
    grown = {(cell.brand, cell.service): float((after.counts[row] - before.counts[row]).sum()) for cell, row in after.rows.items()}
    assert {cell: more for cell, more in grown.items() if more} == {("brand1", ""): 2.0, ("brand1", "service5"): 2.0}


def test_an_hour_is_learned_while_the_cost_is_taken():
    kept, steps = cost.by_carebot(np.ones((90, 1, 2), int))
    before = kept[0].table.learned_to
    list(steps)
    assert kept[0].table.learned_to > before
    assert kept[0].table.seen.sum() > 0


def test_a_part_taken_away_is_compared_with_the_whole(monkeypatch):
    def present(streams, without=frozenset()):
        return peers.sta_lta(streams) - 3 if "season" in without else peers.time_of_day(streams) - 5

    monkeypatch.setattr(ablations.ours, "present", present)
    monkeypatch.setattr(ablations, "RATES", (10.0,))
    run = msgspec.structs.replace(TINY, rates=(10.0,))
    found = {one.part: one for one in ablations._switched(run, SILENT)}
    assert set(found) == set(ablations.SWITCHES)
    assert found["tail"].with_it == found["tail"].without
    assert found["season"].with_it != found["season"].without
    assert "season" in "\n".join(text(ablations.ablations_tables(list(found.values()))))


def test_incidents_are_put_on_top_of_the_same_rates_in_every_world():
    made = with_incidents(0.5, KINDS["×10"], 1, (8,), Waves(thread=2.5))
    assert (
        made.counts[0, made.onsets[0, 0] + 10 : made.onsets[0, 0] + 60].sum()
        > 3 * made.truth[0, made.onsets[0, 0] + 10 : made.onsets[0, 0] + 60].sum()
    )
