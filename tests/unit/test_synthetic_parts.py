"""Parts of the synthetic city: its calibration is checked, its curves invert, its expectations are its averages."""

import copy
import tomllib
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.errors import Defect
from warehouse.geography import districts
from warehouse.synthetic.calibration import calibration, calibration_text, district_rows, read_calibration
from warehouse.synthetic.columns import NEVER, day_number
from warehouse.synthetic.people import draw_people
from warehouse.synthetic.population import living_on, population_table
from warehouse.synthetic.rollout import activity_table, budget_table, target_table
from warehouse.synthetic.writer import Fingerprint

CALM = calibration("calm")


def test_every_fault_of_a_calibration_is_told_at_once() -> None:
    content = tomllib.loads(calibration_text())
    del content["diabetes"]["source"]
    del content["care"]["regular_share"]
    content["pressure"]["surprise"] = 1.0

    with pytest.raises(
        Defect, match=r"pressure\] surprise.*\[diabetes\] does not say its source.*care\] regular_share"
    ):
        read_calibration(content, district_rows())


@pytest.mark.parametrize(
    ("table", "key", "value", "said"),
    [
        ("trend", "years", [2005, 2010, 2010, 2020, 2025], "must rise"),
        ("pressure", "systolic", {"male": [120.0], "female": [120.0]}, "one number for each of the ages"),
        ("pressure", "correlation", 1.2, "between 0 and 1"),
        ("people", "household_sizes", [0.5, 0.4], "sum to 1"),
        ("sections", "blood_group", 0.0, "between 0 and 1"),
        ("target", "p1", {"2022Q4": 0.5, "2023Q1": 0.4}, "falls"),
    ],
)
def test_impossible_numbers_are_refused(table: str, key: str, value: object, said: str) -> None:
    content = copy.deepcopy(tomllib.loads(calibration_text()))
    content[table][key] = value

    with pytest.raises(Defect, match=said):
        read_calibration(content, district_rows())


def test_districts_in_another_order_are_refused() -> None:
    with pytest.raises(Defect, match="22 districts"):
        read_calibration(tomllib.loads(calibration_text()), district_rows()[::-1])


@given(
    values=st.lists(st.one_of(st.none(), st.text(max_size=4)), min_size=1, max_size=6),
    place=st.integers(0, 5),
    other=st.one_of(st.none(), st.text(max_size=4)),
)
def test_a_fingerprint_changes_with_any_value(
    values: list[str | None], place: int, other: str | None
) -> None:
    changed = list(values)
    changed[place % len(values)] = other

    def of(rows: list[str | None]) -> dict[str, object]:
        found = Fingerprint()
        found.add(pl.DataFrame({"a": pl.Series(rows, dtype=pl.String)}))
        return found.as_dict()

    assert (of(values) == of(changed)) == (values == changed)


def test_a_fingerprint_tells_nothing_from_nought() -> None:
    prints = []
    for value in (None, 0.0):
        found = Fingerprint()
        found.add(pl.DataFrame({"a": [value]}, schema={"a": pl.Float64}))
        prints.append(found.as_dict())

    assert prints[0] != prints[1]


def test_the_official_population_is_the_register_within_two_per_cent() -> None:
    count, day = 200_000, date(2023, 7, 1)
    people, at = draw_people(CALM, np.random.default_rng(5), 0, count), day_number(day)
    here = (people.registered_day <= at) & (people.gone_day > at)
    age = (at - people.birth_day) // 365.25
    official = population_table(CALM, count).filter(pl.col("year") == day.year)

    assert official["people"].sum() == pytest.approx(here.sum(), rel=0.01)
    for place, unit in enumerate(districts()):
        register = (here & (people.district == place)).sum()
        said = official.filter(pl.col("unit_code") == unit.code)["people"].sum()
        assert said == pytest.approx(register, rel=0.02), unit.code
    for first in range(0, 85, 5):
        register = (here & (age >= first) & (age < first + 5)).sum()
        said = official.filter(pl.col("age_band") == f"{first}-{first + 4}")["people"].sum()
        assert said == pytest.approx(register, rel=max(0.02, 3 / register**0.5)), first


def test_everybody_is_expected_somewhere_at_the_end() -> None:
    """On the last day those expected are all who were drawn, less the dead, the gone and the latest arrivals."""
    people = draw_people(calibration(), np.random.default_rng(5), 0, 200_000)
    living = living_on(calibration(), 200_000, calibration().period.end).sum()

    assert living == pytest.approx((people.gone_day >= NEVER).sum(), rel=0.005)


def test_targets_are_the_city_s_own_and_grow_with_it() -> None:
    small, large = (target_table(calibration(), count) for count in (50_000, 5_000_000))
    assert large["target_people"].sum() == pytest.approx(100 * small["target_people"].sum(), rel=0.001)
    assert set(large["quarter"]) == {f"{year}Q{q}" for year in range(2022, 2026) for q in range(1, 5)} - {
        "2022Q1", "2022Q2", "2022Q3",
    }  # fmt: skip
    assert set(large["group"]) == {"over_50", "underlying_condition", "pregnant", "child", "other"}


def test_money_is_spent_month_by_month_and_never_more_than_given() -> None:
    budget = budget_table(calibration(), calibration().period.look).sort("line", "on_date")

    assert (budget["disbursed_vnd"] <= budget["allocated_vnd"]).all()
    assert (budget.group_by("line").agg(pl.col("disbursed_vnd").diff().min())["disbursed_vnd"] > 0).all()
    assert (
        budget.filter(pl.col("on_date") == pl.col("on_date").max())["allocated_vnd"].sum() == 46_395_000_000
    )


def test_every_kind_of_activity_is_reported() -> None:
    activity = activity_table(calibration(), 200_000, calibration().period.look)

    assert activity["kind"].n_unique() == 16
    assert activity.filter(pl.col("kind") == "steering_committee").height == 22
