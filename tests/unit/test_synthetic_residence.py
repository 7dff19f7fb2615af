"""The year 2025 of the synthetic city: moves, and the day on which districts ended and units began."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.support.home import marts, run_build
from warehouse.geography import UNITS_FROM, crosswalk, units, wards
from warehouse.synthetic.calibration import calibration
from warehouse.synthetic.city import EXTRACTS, TRUTH, synthesize
from warehouse.synthetic.columns import NEVER, day_number
from warehouse.synthetic.people import draw_people
from warehouse.synthetic.register import resident_table
from warehouse.synthetic.residence import districts_of, units_of, wards_on

PEOPLE, LAST = 10_000, date(2025, 12, 31)


def read(city: Path, table: str) -> pl.DataFrame:
    return pl.read_parquet(city / EXTRACTS / table / "*.parquet")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("late")
    synthesize(folder / "city", population=PEOPLE, seed=3, scenario="realistic", as_of=LAST)
    return folder / "city"


@pytest.fixture(scope="module")
def home(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    run_build(folder, city / EXTRACTS)
    return folder


def test_a_ward_that_was_divided_is_shared_out_by_its_weights() -> None:
    codes = [ward.code for ward in wards()]
    for place, code in enumerate(codes):
        parts = {part.unit_code: part.weight for part in crosswalk() if part.ward_code == code}
        number = np.arange(50_000)
        found = units_of(np.full(len(number), place), number)
        shares = {units()[unit].code: (found == unit).mean() for unit in np.unique(found)}

        whole = sum(parts.values())
        assert shares.keys() == parts.keys()
        assert all(shares[unit] == pytest.approx(weight / whole, abs=0.002) for unit, weight in parts.items())


def test_households_move_together_within_the_city() -> None:
    people = draw_people(calibration(), np.random.default_rng(1), 0, 50_000)
    first, last = (day_number(day) for day in (calibration().period.first_record, LAST))
    moved = people.moved_day < NEVER
    frame = pl.DataFrame({"home": people.household, "ward": wards_on(people, last), "gone": people.gone_day})
    together = frame.filter(pl.col("gone") >= NEVER).group_by("home").agg(pl.col("ward").n_unique())

    assert moved.mean() == pytest.approx(0.015 * (last - first) / 365.25, abs=0.006)
    assert together["ward"].max() == 1
    assert (wards_on(people, first - 1) == people.ward).all()
    assert (people.moved_day[moved] < people.gone_day[moved]).all()
    other = districts_of(people.ward[moved]) != districts_of(people.moved_to[moved])
    assert 0.8 < other.mean() < 1


def test_registers_write_units_from_the_day_the_districts_ended() -> None:
    people = draw_people(calibration(), np.random.default_rng(1), 0, 50_000)
    names = {unit.code for unit in units()}

    def register(day: date, share: float) -> pl.DataFrame:
        return resident_table(people, day_number(day), share, np.random.default_rng(2))

    before, after = register(date(2025, 6, 30), 0.3), register(LAST, 0.3)
    assert before["district_code"].null_count() == 0
    stated = after.filter(pl.col("district_code").is_null())
    assert set(stated["ward_code"]) <= names
    assert stated.height / after.height == pytest.approx(0.3, abs=0.03)
    newest = after.filter(pl.col("registered_from") >= UNITS_FROM)
    assert newest.height > 300
    assert newest["district_code"].null_count() == newest.height
    calm = register(LAST, 0.0).filter(pl.col("district_code").is_null())
    assert 300 < calm.height < 0.05 * after.height


def test_the_city_of_2024_is_the_same_looked_at_a_year_later(city: Path, tmp_path: Path) -> None:
    synthesize(
        tmp_path / "look", population=PEOPLE, seed=3, scenario="realistic", as_of=calibration().period.look
    )
    for table, key, column in (
        ("health_record", "record_id", "created_at"),
        ("encounter", "encounter_id", "started_at"),
        ("condition", "condition_id", "recorded_at"),
    ):
        then, later = read(tmp_path / "look", table), read(city, table)
        old = later.filter(pl.col(column).cast(pl.Date) <= calibration().period.look)
        lost = then.join(old, on=[key, column], how="anti")

        assert lost.is_empty(), table
        # What had happened and had not arrived by the look.
        assert old.height - then.height <= 0.08 * then.height, table
        assert later.height > 1.2 * then.height, table


def test_both_geographies_of_the_build_are_those_of_the_truth(city: Path, home: Path) -> None:
    """A unit stated and a ward that was not divided are exact; of a divided ward the build draws the unit anew."""
    residents = read(city, "resident").filter(pl.min_horizontal("death_date", "registered_to").is_null())
    # Entered twice (D) and known to a hospital by another reference (Q): some are not linked, and people of their own.
    register = residents.filter(pl.col("person_ref").str.starts_with("P")).select("person_ref")
    truth = register.join(pl.read_parquet(city / TRUTH), on="person_ref", how="left")
    assert truth["unit_code"].null_count() == 0
    by_unit = dict(truth.group_by("unit_code").len().iter_rows())
    found = {
        unit: (people, apportioned)
        for unit, people, apportioned in marts(home, "select unit_code, people, apportioned from mart_unit")
    }

    assert register.height <= sum(people for people, _ in found.values()) < residents.height
    for unit, (people, apportioned) in found.items():
        near = 5 * apportioned**0.5 + 6 + 0.02 * people
        assert people == pytest.approx(by_unit.get(unit, 0), abs=near), unit
    by_district = dict(truth.group_by("district_code").len().iter_rows())
    placed = dict(
        marts(
            home,
            """select p.district_code, sum(c.people) from mart_case c join mart_measure m using (measure_id)
               join mart_place p using (place_id) where m.role = 'resident'
               and c.quarter_index = (select max(quarter_index) from mart_quarter) group by all""",
        )
    )
    assert sum(placed.values()) == pytest.approx(register.height, rel=0.02)
    assert all(placed[code] == pytest.approx(people, rel=0.04, abs=3) for code, people in by_district.items())
