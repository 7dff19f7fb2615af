"""People seen in care beside the register and the official count, by district and by unit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from analytics import quality
from analytics.generation import Generation, close_all
from tests.support.home import pressure, resident, run_build, write_csv


@pytest.fixture(autouse=True)
def _closed() -> object:
    yield
    close_all()


def test_who_is_seen_counts_where_they_are_registered_and_without_a_place_else(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    stays = {"registered_from": "2010-01-01", "registered_to": None}
    left = {**stays, "registered_to": "2020-01-01"}
    # Ward 26758 lies whole in one unit; of District 4 only the district is stated.
    place_unknown = resident("C", ward_code=None, district_code="773", **stays)
    people = [resident("A", **stays), resident("B", **stays), place_unknown, resident("GONE", **left)]
    write_csv(folder / "resident.csv", people)
    seen = [row for ref in ("A", "C", "STRANGER") for row in pressure(ref, "2024-03-05", 150)]
    late = pressure("B", "2024-08-05", 150)
    write_csv(folder / "measurement.csv", [*seen, *late])
    run_build(tmp_path / "home", folder, as_of=date(2024, 6, 30))
    generation = Generation.open(tmp_path / "home")

    rows = {row["district"]: row for row in quality.coverage(generation).rows.to_dicts()}
    assert [rows[code]["observed"] for code in ("760", "773", "city")] == [1, 1, 2]
    units = quality.coverage_by_unit(generation).rows
    assert (units["registered"].sum(), units["observed"].sum(), units["apportioned"].sum()) == (3, 2, 1)
    # The units of the districts add up to the official count of the city.
    assert units["official"].sum() == rows["city"]["official"]
    assert set(units["state"]) == {"shown"}
