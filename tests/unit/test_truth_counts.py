"""The counts of a synthetic truth against its persons, one by one; and that real data refuses them."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from analytics.generation import Generation, close_all
from analytics.truth import has_truth, truth
from models.fit import fit, into
from tests.support.city import city_home
from tests.support.home import NOW, settings
from warehouse.errors import UserError
from warehouse.synthetic.city import TRUTH, synthesize
from warehouse.synthetic.writer import TRUTH_COUNTS


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("truth") / "city"
    synthesize(folder, population=3_000, seed=4, scenario="calm")
    return folder


def by_hand(city: Path, day: date) -> tuple[int, int]:
    """Adults living and registered on a day, and those of them with hypertension."""
    people = cases = 0
    quarter = (day.year - 2019) * 4 + (day.month - 1) // 3
    for row in pl.read_parquet(city / TRUTH).iter_rows(named=True):
        born: date = row["birth_date"]
        age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
        is_here = (row["registered_from"] or born) <= day and all(
            row[name] is None or row[name] > day for name in ("death_date", "left_on")
        )
        if age >= 18 and is_here:
            people += 1
            cases += row["hypertension__recommended"] >> quarter & 1
    return people, cases


@pytest.mark.parametrize("day", [date(2022, 12, 31), date(2024, 9, 30)])
def test_counts_are_those_of_the_persons(city: Path, day: date) -> None:
    rows = pl.read_parquet(city / TRUTH_COUNTS).filter(
        (pl.col("quarter") == f"{day.year}Q{(day.month + 2) // 3}")
        & (pl.col("condition") == "hypertension")
        & (pl.col("variant") == "recommended")
    )
    assert (rows["people"].sum(), rows["cases"].sum()) == by_hand(city, day)


def test_real_data_refuses_a_truth_and_publishes_its_counts_all_the_same(city: Path, tmp_path: Path) -> None:
    generation = Generation.open(city_home(tmp_path, estimate=partial(into, truth=city / TRUTH_COUNTS)))
    assert not generation.manifest["synthetic"]
    assert any("real data has no known truth" in note for note in generation.manifest["notes"])
    assert not has_truth(generation)
    assert truth(generation, "hypertension", "recommended", ages="18+").is_empty()
    close_all()


def test_a_file_that_is_no_truth_is_named(city: Path, tmp_path: Path) -> None:
    home = city_home(tmp_path)
    manifest = home / "builds" / Generation.open(home).build_id / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"synthetic": false', '"synthetic": true'))
    close_all()
    with pytest.raises(UserError, match="synthetic truth"):
        fit(settings(home), now=NOW, truth=city / "synthetic.json")
