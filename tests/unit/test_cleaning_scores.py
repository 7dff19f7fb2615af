"""Cleaning against planted defects: counted by hand, refused where nothing was planted."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from analytics.cleaning import RULES, cleaning, recalls
from analytics.generation import Generation, close_all
from tests.support.city import synthetic_home
from warehouse.errors import UserError
from warehouse.quality_checks import check_table
from warehouse.synthetic.scenario import DEFECTS
from warehouse.synthetic.writer import DEFECTS as DEFECTS_FILE

OUTCOMES = pl.DataFrame(
    [("duplicate", "", 30), ("unit_inferred", "height", 20), ("unit_inferred", "weight", 10),
     ("implausible", "weight", 4), ("implausible", "systolic", 3), ("check", "pressure_swapped", 9),
     ("check", "ahead", 6), ("check", "implausible", 7), ("linked", "people", 9)],
    schema=["outcome", "subject", "rows"],
    orient="row",
)  # fmt: skip


def test_recall_is_what_was_found_of_what_was_planted() -> None:
    planted = {
        "sent_twice": 40,
        "missing_unit": 25,
        "height_in_metres": 5,
        "weight_times_ten": 3,
        "years_ahead": 8,
        "pressures_swapped": 20,
        "copied": 10,
        "entered_twice": 12,
    }
    found = {row["rule"]: row for row in recalls(planted, OUTCOMES).to_dicts()}

    assert found["repeated rows are dropped"]["recall"] == 0.75
    assert found["units are inferred"]["recall"] == 1
    assert (
        found["implausible weights are set aside"]["found"],
        found["implausible weights are set aside"]["recall"],
    ) == (4, 1)
    assert found["dates that have not come are noticed"]["recall"] == 0.75
    assert found["copied pressures are noticed"]["recall"] == 0
    assert found["people entered twice are one"]["recall"] == 0.75
    assert found["implausible glucose is set aside"]["recall"] is None


def test_a_swapped_reading_is_two_planted_rows() -> None:
    found = {row["rule"]: row for row in recalls({"pressures_swapped": 20}, OUTCOMES).to_dicts()}
    swapped = found["pressures the wrong way round are noticed"]
    assert (swapped["planted"], swapped["found"], swapped["recall"]) == (20, 18, 0.9)


def test_every_check_a_rule_names_is_one() -> None:
    assert {name for rule in RULES for name in rule.checks} <= set(check_table()["check_id"])


def test_every_rule_is_for_defects_that_there_are() -> None:
    assert {name for rule in RULES for name in rule.defects} <= {*DEFECTS, "copied", "rounded"}


def test_a_hostile_city_is_cleaned_of_what_the_program_looks_for(tmp_path: Path) -> None:
    home = synthetic_home(tmp_path, population=3_000, seed=5, scenario="hostile", linkage="full")
    rows = cleaning(Generation.open(home), tmp_path / "city" / DEFECTS_FILE).rows
    recall = dict(rows.select("rule", "recall").iter_rows())

    assert recall["repeated rows are dropped"] == 1
    assert recall["units are inferred"] > 0.9
    assert recall["implausible weights are set aside"] > 0.9
    assert recall["implausible glucose is set aside"] > 0.9
    assert recall["pressures the wrong way round are noticed"] > 0.9
    assert recall["dates that have not come are noticed"] == 1
    assert recall["people entered twice are one"] > 0.9
    close_all()


def test_real_data_and_other_files_are_refused(small_city: Path, tmp_path: Path) -> None:
    generation = Generation.open(small_city / "home")
    with pytest.raises(UserError, match="synthetic build"):
        cleaning(generation, tmp_path / "nothing.parquet")
    close_all()


def test_a_file_that_is_no_list_of_defects_is_named(synthetic_city: Path) -> None:
    with pytest.raises(UserError, match="not the defects of a synthetic city"):
        cleaning(Generation.open(synthetic_city / "home"), synthetic_city / "city" / "truth.parquet")
    close_all()
