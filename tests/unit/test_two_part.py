"""The two-part estimator against hand-worked cells and against populations drawn with a known truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.two_part import (
    CELL,
    COUNTS,
    PRIORS,
    SMALLEST_CELL,
    Modelled,
    collapse,
    learn_modelled,
    summarise,
    two_part,
)

#: Nothing is left to the priors: what was not assessed is as what was, half of the indeterminate have the disease.
CERTAIN = replace(
    PRIORS,
    selection_city=(0.0, 0.0),
    selection_district=(0.0, 0.0),
    known_uninsured=(0.0, 0.0),
    persistence=(1e7, 1e7),
)


def cells(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {"quarter": "2024Q3", "district": "760", "sex": "male", "age_from": 40, "is_asked": True}
    schema = {
        **dict.fromkeys(CELL, pl.String), "age_from": pl.Int16, "is_asked": pl.Boolean,
        **dict.fromkeys(COUNTS, pl.Int64),
    }  # fmt: skip
    filled = [{**usual, **dict.fromkeys(COUNTS, 0), **row} for row in rows]
    return pl.DataFrame(filled, schema=schema)


PLAIN = {
    "population": 1000, "residents": 1000, "insured": 900, "known": 90, "assessed": 10_000, "cases": 2_000,
    "indeterminate": 1_000,
}  # fmt: skip


def value_of(frame: pl.DataFrame, **words: Any) -> dict[str, Any]:
    return two_part(frame, [], **words).row(0, named=True)


def test_one_cell_by_hand() -> None:
    """k = 90 / 900; pi = (2000 + 1000 / 2) / 10000; P = 0.1 + 0.9 x 0.25, insured or not."""
    assert value_of(cells(PLAIN), priors=CERTAIN)["value"] == pytest.approx(0.325, abs=0.002)


def test_the_uninsured_are_known_less_often() -> None:
    """h = -0.3 on the logit of 0.1 is 0.0761: P = 0.9 x 0.325 + 0.1 x (0.0761 + 0.9239 x 0.25)."""
    priors = replace(CERTAIN, known_uninsured=(-0.3, 0.0))
    assert value_of(cells(PLAIN), priors=priors)["value"] == pytest.approx(0.3232, abs=0.002)


def test_people_not_assessed_have_other_odds() -> None:
    """Of 800 not known 200 assessed; d = 0.5: pi = 0.25 x 0.25 + 0.75 x expit(logit 0.25 - 0.5) = 0.1886."""
    row = {**PLAIN, "known": 100, "assessed": 200, "cases": 50, "indeterminate": 0}
    priors = replace(CERTAIN, selection_city=(0.5, 0.0))
    expected = 1 / 9 + 8 / 9 * 0.1886
    assert value_of(cells(row), priors=priors)["value"] == pytest.approx(expected, abs=0.012)


def test_whoever_was_not_assessed_is_like_the_examined() -> None:
    """Of 800 not known 200 assessed, half of them cases; of the examined a fifth: pi = 0.25 x 0.5 + 0.75 x 0.2."""
    frame = cells({**PLAIN, "known": 100, "assessed": 200, "cases": 100, "indeterminate": 0})
    modelled = Modelled(np.full((10, 1), 0.5), np.full((10, 1), 0.2), runs=1)
    [row] = summarise(learn_modelled(frame, CERTAIN, modelled), frame, [], confidence=0.95).to_dicts()
    assert row["value"] == pytest.approx(1 / 9 + 8 / 9 * (0.25 * 0.5 + 0.75 * 0.2), abs=1e-5)


def test_cells_are_weighed_by_the_population_not_by_who_has_a_record() -> None:
    young = {**PLAIN, "age_from": 20, "population": 3000, "known": 0, "cases": 500, "indeterminate": 0}
    old = {**PLAIN, "age_from": 60, "population": 1000, "known": 0, "assessed": 40_000, "cases": 20_000,
           "indeterminate": 0}  # fmt: skip
    crude = 20_500 / 50_000
    found = value_of(cells(young, old), priors=CERTAIN)["value"]
    assert found == pytest.approx(0.75 * 0.05 + 0.25 * 0.5, abs=0.003)
    assert abs(found - crude) > 0.2


def test_a_row_for_each_district_and_one_for_the_city() -> None:
    frame = cells(
        {**PLAIN, "district": "760"}, {**PLAIN, "district": "761", "cases": 4000, "population": 3000}
    )
    city = value_of(frame, priors=CERTAIN)["value"]
    districts = dict(two_part(frame, ["district"], priors=CERTAIN).select("district", "value").iter_rows())
    assert city == pytest.approx(0.25 * districts["760"] + 0.75 * districts["761"], abs=0.002)


def test_a_district_with_too_few_assessed_has_no_number_and_borrows_in_that_of_the_city() -> None:
    frame = cells({**PLAIN}, {**PLAIN, "district": "761", "known": 0, "assessed": SMALLEST_CELL - 1, "cases": 3,
                              "indeterminate": 0})  # fmt: skip
    rows = {row["district"]: row for row in two_part(frame, ["district"]).to_dicts()}
    assert rows["760"]["value"] is not None
    assert [rows["761"][name] for name in ("value", "lower", "upper", "effective_n")] == [None] * 4
    assert value_of(frame, priors=CERTAIN)["value"] == pytest.approx(0.5 * 0.325 + 0.5 * 0.25, abs=0.003)


def test_a_collapsed_cell_keeps_the_ages_of_the_city_apart() -> None:
    """761 has 20 young and 20 old assessed, so they are one cell; its 18 cases are what the city leads to expect.

    The city's shares are near 0.1 and 0.8, so the young of 761, nine tenths of its people, stay near 0.1.
    """
    usual = {**PLAIN, "known": 0, "indeterminate": 0}
    young, old = {**usual, "age_from": 20, "cases": 1_000}, {**usual, "age_from": 60, "cases": 8_000}
    few = {**usual, "district": "761", "assessed": 20, "residents": 80, "insured": 80}
    frame = cells(
        young,
        old,
        {**few, "age_from": 20, "population": 9_000, "cases": 2},
        {**few, "age_from": 60, "cases": 16},
    )
    found = dict(two_part(frame, ["district"], priors=CERTAIN).select("district", "value").iter_rows())
    assert found["761"] == pytest.approx(0.9 * 0.1 + 0.1 * 0.8, abs=0.02)


def test_without_thirty_assessed_anywhere_there_is_no_number() -> None:
    row = {**PLAIN, "assessed": SMALLEST_CELL - 1, "cases": 3, "indeterminate": 0}
    assert value_of(cells(row))["value"] is None


def test_a_cell_nobody_of_the_register_is_in_takes_the_shares_of_its_district() -> None:
    nobody = {"population": 1000, "age_from": 45}
    assert value_of(cells(PLAIN, nobody), priors=CERTAIN)["value"] == pytest.approx(0.325, abs=0.002)


def test_the_interval_says_what_records_cannot_tell() -> None:
    row = {**PLAIN, "assessed": 200, "cases": 50, "indeterminate": 0}
    sampling = value_of(cells(row), priors=CERTAIN)
    honest = value_of(cells(row))
    assert honest["upper"] - honest["lower"] > 1.2 * (sampling["upper"] - sampling["lower"])
    certain = value_of(cells({**PLAIN, "indeterminate": 0}), confidence=0.5, priors=CERTAIN)
    wide = value_of(cells({**PLAIN, "indeterminate": 0}), confidence=0.998, priors=CERTAIN)
    assert wide["lower"] < certain["lower"] < certain["upper"] < wide["upper"]


@pytest.mark.parametrize(("assessed", "is_shown"), [(161, False), (162, True)])
def test_under_a_fifth_assessed_nothing_is_said(assessed: int, is_shown: bool) -> None:
    """Of 810 insured and not known."""
    found = value_of(cells({**PLAIN, "assessed": assessed, "cases": 40, "indeterminate": 0}))
    assert (found["value"] is not None) == is_shown


def test_effective_n_of_a_simple_sample_is_its_size() -> None:
    """Nobody known: P is the share among 10,000 assessed, a simple random sample of them."""
    row = {**PLAIN, "known": 0, "indeterminate": 0}
    assert value_of(cells(row), priors=CERTAIN)["effective_n"] == pytest.approx(10_000, rel=0.02)


def test_what_was_not_asked_for_teaches_but_is_not_counted() -> None:
    """The old cell of 20 assessed joins the young one of 10,000; only the old one is asked for."""
    young = {**PLAIN, "age_from": 20, "is_asked": False}
    old = {**PLAIN, "age_from": 60, "residents": 100, "insured": 100, "known": 50}
    old |= {"assessed": 20, "cases": 20, "indeterminate": 0}
    pi = (2_000 + 500 + 20) / 10_020
    assert value_of(cells(young, old), priors=CERTAIN)["value"] == pytest.approx(0.5 + 0.5 * pi, abs=0.003)


def test_the_same_cells_give_the_same_numbers_in_any_order() -> None:
    frame = cells(PLAIN, {**PLAIN, "sex": "female"}, {**PLAIN, "age_from": 50})
    assert two_part(frame, ["sex"]).sort("sex").equals(two_part(frame.reverse(), ["sex"]).sort("sex"))


@given(st.lists(st.tuples(st.sampled_from(["760", "761"]), st.sampled_from(["female", "male"]),
                          st.integers(0, 60)), min_size=1, max_size=40))  # fmt: skip
def test_every_collapsed_cell_has_thirty_assessed_and_is_of_one_district(
    drawn: list[tuple[str, str, int]],
) -> None:
    drawn = sorted(drawn, key=lambda row: row[:2])
    districts, sexes, assessed = (list(column) for column in zip(*drawn, strict=True))
    group = collapse(districts, sexes, np.array(assessed, dtype=np.float64))
    totals: dict[str, int] = {}
    for code, count in zip(districts, assessed, strict=True):
        totals[code] = totals.get(code, 0) + count
    for code, number in zip(districts, group, strict=True):
        assert (number < 0) == (totals[code] < SMALLEST_CELL)
    for number in set(group) - {-1}:
        members = [place for place, one in enumerate(group) if one == number]
        assert sum(assessed[place] for place in members) >= SMALLEST_CELL
        assert len({districts[place] for place in members}) == 1
        assert members == list(range(members[0], members[-1] + 1))


def replication(seed: int) -> tuple[pl.DataFrame, float, float]:
    """A population of four districts whose old and known get records and readings sooner: cells, truth, crude."""
    draw = np.random.default_rng(seed)
    rows, have, people, found, seen = [], 0.0, 0, 0, 0
    for district in ("760", "761", "764", "765"):
        for age, share_known, share_hidden, share_seen in (
            (20, 0.02, 0.05, 0.12),
            (40, 0.10, 0.15, 0.15),
            (60, 0.30, 0.30, 0.45),
        ):
            n = 4000
            known = draw.binomial(n, share_known)
            hidden = draw.binomial(n - known, share_hidden)
            assessed = draw.binomial(n - known, share_seen)
            cases = draw.hypergeometric(hidden, n - known - hidden, assessed)
            rows.append(
                {"district": district, "age_from": age, "population": n, "residents": n, "insured": n,
                 "known": known, "assessed": assessed, "cases": cases}
            )  # fmt: skip
            have, people = have + known + hidden, people + n
            # Known people are seen twice as often: the crude share among those assessed.
            found, seen = found + cases + int(known * 0.8), seen + assessed + int(known * 0.8)
    return cells(*rows), have / people, found / seen


def test_the_truth_is_found_where_records_are_selected_by_age_and_knowledge() -> None:
    """Selection within cells is ignorable: the error is under half a point, where the crude share is ten off."""
    errors, hits, crude_errors = [], 0, []
    for seed in range(40):
        frame, truth, crude = replication(seed)
        row = value_of(frame, priors=CERTAIN)
        errors.append(row["value"] - truth)
        hits += row["lower"] <= truth <= row["upper"]
        crude_errors.append(crude - truth)
    assert abs(np.mean(errors)) < 0.003
    assert np.mean(np.abs(errors)) < 0.006
    assert np.mean(crude_errors) > 0.10
    assert hits >= 36
