"""Places: the crosswalk is whole, everybody gets one atom by a draw that can be made again, both geographies agree."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.generation import Generation, close_all
from analytics.query import answer, parse
from tests.support.home import marts, record, resident, run_build, write_csv
from warehouse import database, engine
from warehouse.geography import UNITS_FROM, crosswalk, districts, read_csv, units, wards, whole_units
from warehouse.geography.places import DRAWS, place_choices, places
from warehouse.identity import hmac_parameters

KEY = bytes(range(32))
HOME = {ward.code: ward.district_code for ward in wards()}
UNIT_CODES = {unit.code for unit in units()}
#: Phường 16 of District 8: a quarter, a half and a quarter went to three units.
SPLIT_WARD, SPLIT_SHARES = "27430", {"27364": 0.25, "27427": 0.5, "27595": 0.25}
#: Ward, district, unit, and whether unit and ward were drawn.
Atom = tuple[str | None, str | None, str | None, bool, bool]
#: Person key, ward and district stated, day of registration, file.
Row = tuple[int, str | None, str | None, date | None, int]
PACKAGE = "vietnamadminunits"


def shares_by_hand() -> dict[tuple[str, str], Fraction]:
    """Share of each ward that went to each unit, straight from the file."""
    rows = read_csv("crosswalk.csv")
    total = Counter[str]()
    for row in rows:
        total[row["ward_code"]] += int(row["weight"])
    return {
        (row["ward_code"], row["unit_code"]): Fraction(int(row["weight"]), total[row["ward_code"]])
        for row in rows
    }


SHARES = shares_by_hand()


def test_every_ward_is_shared_out_whole_and_every_unit_is_reached() -> None:
    by_ward: dict[str, list[Fraction]] = defaultdict(list)
    for (ward, _), share in SHARES.items():
        by_ward[ward].append(share)
    assert set(by_ward) == set(HOME)
    assert all(sum(found) == 1 for found in by_ward.values())
    assert {unit for _, unit in SHARES} == UNIT_CODES
    assert (len(SHARES), len(units()), len(whole_units())) == (308, 102, 56)


def test_the_default_part_of_a_ward_is_its_largest_and_the_only_one() -> None:
    for ward in HOME:
        parts = sorted(
            (part for part in crosswalk() if part.ward_code == ward), key=lambda part: -part.weight
        )
        assert [part.is_default for part in parts] == [True, *[False] * (len(parts) - 1)]


def test_units_cover_the_area_of_the_districts() -> None:
    official = sum(district.area_km2 for district in districts())
    assert sum(unit.area_km2 for unit in units()) == pytest.approx(official, rel=0.001)


def test_seven_units_lie_in_more_than_one_district() -> None:
    homes: dict[str, set[str]] = defaultdict(set)
    for part in crosswalk():
        homes[part.unit_code].add(HOME[part.ward_code])
    assert sum(len(found) > 1 for found in homes.values()) == 7


def test_the_carried_files_are_those_of_the_package() -> None:
    """A check on the day of the review: the package itself is not needed to run."""
    try:
        package = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        pytest.skip(f"{PACKAGE} is not installed: the crosswalk carried here is not compared with its source")
    data = Path(str(package.locate_file(PACKAGE))) / "data"
    with sqlite3.connect(data / "dataset.db") as store:
        in_city = "select wardKey, wardCode from admin_units where provinceKey = 'thanhphohochiminh'"
        new = dict(store.execute(in_city).fetchall())
        old = {
            f"thanhphohochiminh_{district}_{ward}": code
            for district, ward, code in store.execute(
                "select districtKey, wardKey, wardCode from admin_units_legacy where provinceCode = '79'"
            )
        }
        named = dict(store.execute("select wardCode, ward from admin_units where provinceCode = '79'"))
    converter = json.loads((data / "converter_2025.json").read_text(encoding="utf-8"))
    whole = converter["DICT_PROVINCE_WARD_NO_DIVIDED"]["thanhphohochiminh"]
    split = converter["DICT_PROVINCE_WARD_DIVIDED"]["thanhphohochiminh"]
    theirs = {(old[key], new[unit]): True for unit, keys in whole.items() for key in keys if key in old}
    theirs |= {
        (old[key], new[part["newWardKey"]]): part["isDefaultNewWard"]
        for key, parts in split.items()
        if key in old
        for part in parts
    }
    assert {(part.ward_code, part.unit_code): part.is_default for part in crosswalk()} == theirs
    assert {unit.code: unit.name for unit in units()} == {code: named[code] for code in UNIT_CODES}


def test_atoms_are_told_apart_and_have_a_place_in_both_geographies_or_in_none() -> None:
    atoms = [row[1:] for row in places().iter_rows()]
    assert len(set(atoms)) == len(atoms)
    chosen = places().filter(pl.col("place_id").is_in(place_choices()["place_id"].implode()))
    assert chosen.select("district_code", "unit_code").null_count().row(0) == (0, 0)
    assert chosen.height == places().height - 1 - len(districts())


def test_the_spans_of_a_stated_place_are_all_draws_and_no_draw_twice() -> None:
    for _, spans in place_choices().sort("draw_from").group_by("stated", "code"):
        edges = [0, *spans["draw_below"]]
        assert spans["draw_from"].to_list() == edges[:-1]
        assert edges[-1] == DRAWS


def placed(rows: Sequence[Row], files: dict[int, date | None], key: bytes = KEY) -> dict[int, Atom]:
    """The atom ``core_person`` gives everybody."""
    tables = [table for table in engine.load_tables() if table.name in ("core_source", "core_person")]
    columns = {
        "person_key": pl.Int64,
        "ward_code": pl.String,
        "district_code": pl.String,
        "registered_from": pl.Date,
        "_file_id": pl.Int32,
    }
    register = pl.DataFrame(list(rows), schema=columns, orient="row").with_columns(
        pl.int_range(pl.len()).alias("_row"),
        pl.col("person_key").alias("source_key"),
        pl.lit("register").alias("source"),
        pl.lit("female").alias("sex"),
        pl.lit(23000).alias("birth_month_index"),
        pl.lit(None, pl.String).alias("vulnerable"),
        *(pl.lit(None, pl.Date).alias(name) for name in ("registered_to", "death_date", "pregnant_until")),
    )
    dated = pl.DataFrame(list(files.items()), schema={"file_id": pl.Int32, "as_of": pl.Date}, orient="row")
    with duckdb.connect() as connection:
        frames = {
            "raw_resident": register,
            "raw_health_record": register.select("person_key"),
            "meta_file": dated,
            "rule_place": places(),
            "rule_place_choice": place_choices(),
        }
        database.put_frames(connection, frames)
        engine.run(connection, tables, hmac_parameters("record", key), schema="memory.main")
        found = connection.execute(
            """select person_key, ward_code, district_code, unit_code, is_unit_apportioned, is_ward_apportioned
               from core_person join rule_place using (place_id)"""
        ).fetchall()
    assert len(found) == len({row[0] for row in rows})
    return {row[0]: row[1:] for row in found}


def chosen(key: int, atoms: dict[Atom, Fraction]) -> Atom:
    """The atom whose part of the line from 0 to 1 the person's draw falls into."""
    digest = hmac.new(KEY, f"place:{key}".encode(), hashlib.sha256).hexdigest()
    left = Fraction(int(digest[:8], 16), 2**32) * sum(atoms.values())
    for atom, weight in atoms.items():
        left -= weight
        if left < 0:
            return atom
    raise AssertionError("weights do not cover the draw")


def place_by_hand(row: Row, written: date | None) -> Atom:
    """The same rule again, person by person."""
    key, ward, district, registered, _ = row
    since = max(day for day in (registered, written, date.min) if day)
    atoms: dict[Atom, Fraction] = defaultdict(Fraction)
    if district is None and ward in UNIT_CODES and since >= UNITS_FROM:
        of_unit = {old: share for (old, unit), share in SHARES.items() if unit == ward}
        for old, share in of_unit.items():
            atoms[old, HOME[old], ward, False, len(of_unit) > 1] += share
    elif ward in HOME and district in (None, HOME[ward]):
        for (old, unit), share in SHARES.items():
            if old == ward:
                atoms[old, HOME[old], unit, share < 1, False] += share
    else:
        for (old, unit), share in SHARES.items():
            if HOME[old] == district:
                atoms[None, district, unit, True, False] += share
    return chosen(key, atoms) if atoms else (None, None, None, False, False)


DAYS = st.none() | st.dates(UNITS_FROM - timedelta(2), UNITS_FROM + timedelta(1))
WARDS = st.none() | st.sampled_from([*sorted(HOME), SPLIT_WARD, "25747", "99999"])
DISTRICTS = st.none() | st.sampled_from([district.code for district in districts()])


@st.composite
def registers(draw: st.DrawFn) -> tuple[list[Row], dict[int, date | None]]:
    """People who state anything a register can state, in two files that are dated or not."""
    stated = draw(
        st.lists(st.tuples(WARDS, DISTRICTS, st.booleans(), DAYS, st.integers(1, 2)), min_size=1, max_size=40)
    )
    rows = [
        (key, ward, HOME.get(ward or "") if fits else district, day, file)
        for key, (ward, district, fits, day, file) in enumerate(stated, start=draw(st.integers(1, 2**50)))
    ]
    return rows, {1: draw(DAYS), 2: draw(DAYS)}


@settings(max_examples=60, deadline=None)
@given(registers())
def test_everybody_is_placed_as_the_rule_says(drawn: tuple[list[Row], dict[int, date | None]]) -> None:
    rows, files = drawn
    found = placed(rows, files)
    for row in rows:
        days = [files[row[4]], *(other[3] for other in rows if other[4] == row[4])]
        written = max((day for day in days if day), default=None)
        assert found[row[0]] == place_by_hand(row, written)


def test_a_code_of_both_geographies_is_read_by_the_district_or_the_day() -> None:
    before, after = date(2025, 6, 30), date(2025, 7, 1)
    # 26737 was Đa Kao ward, mostly in what is now Sài Gòn, and is now the unit of Tân Định.
    found = placed(
        [(1, "26737", None, before, 1), (2, "26737", None, before, 2), (3, "26737", "760", after, 2)],
        {1: None, 2: after},
    )
    assert (found[1][0], found[1][3:]) == ("26737", (True, False))
    assert (found[2][2], found[2][3:]) == ("26737", (False, True))
    assert (found[3][0], found[3][3:]) == ("26737", (True, False))


def test_a_split_ward_is_shared_out_near_its_weights_and_the_same_at_every_build() -> None:
    people = 20_000
    rows: list[Row] = [(key, SPLIT_WARD, HOME[SPLIT_WARD], None, 1) for key in range(people)]
    found = placed(rows, {1: None})
    for unit, count in Counter(atom[2] for atom in found.values()).items():
        expected = SPLIT_SHARES[str(unit)]
        assert count / people == pytest.approx(expected, abs=4 * (expected * (1 - expected) / people) ** 0.5)
    assert placed(rows[::-1], {1: None}) == found
    assert placed(rows, {1: None}, key=KEY[::-1]) != found


STATED = (
    {"ward_code": "26758", "district_code": "760"},
    {"ward_code": SPLIT_WARD, "district_code": "776"},
    {"ward_code": "", "district_code": "777"},
    {"ward_code": "27316", "district_code": "", "registered_from": "2025-07-02"},
    {"ward_code": "25747", "district_code": "", "registered_from": "2025-07-02"},
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A build of people who state their place in every way there is."""
    folder = tmp_path_factory.mktemp("places")
    people = [(f"P{number:03}", STATED[number % len(STATED)]) for number in range(200)]
    write_csv(
        folder / "in" / "resident.csv",
        [resident(ref, **{"registered_from": "2020-01-01", **stated}) for ref, stated in people],
    )
    write_csv(folder / "in" / "health_record.csv", [record(ref) for ref, _ in people])
    run_build(folder / "home", folder / "in", as_of=date(2025, 9, 30))
    yield folder / "home"
    close_all()


def marts_of(home: Path, sql: str) -> list[Any]:
    """Rows of a query by the door that answers use too: a process opens a file in one way."""
    return Generation.open(home).frame(sql).rows()


def test_every_measure_has_one_total_in_both_geographies(home: Path) -> None:
    totals = marts_of(
        home,
        """select c.quarter_index, c.measure_id, c.sex, c.age_from,
               sum(c.people) filter (where p.district_code is not null),
               sum(c.people) filter (where p.unit_code is not null),
               sum(c.people_key) filter (where p.district_code is not null),
               sum(c.people_key) filter (where p.unit_code is not null)
           from mart_case c join mart_place p using (place_id) group by all""",
    )
    assert totals
    for *_, old, new, old_key, new_key in totals:
        assert (old, old_key) == (new, new_key)
    sums = "select count(*), sum(records) from mart_record r join mart_place p using (place_id) where"
    assert marts_of(home, f"{sums} district_code is null") == marts_of(home, f"{sums} unit_code is null")


def test_records_are_counted_in_both_geographies(home: Path) -> None:
    generation = Generation.open(home)
    totals = {
        by: answer(parse(measure="ladder", by=by, where=["step=created"]), generation).rows["numerator"].sum()
        for by in ("district", "unit")
    }
    assert totals == {"district": 160, "unit": 160}


def test_units_tell_how_many_of_their_people_were_drawn(home: Path) -> None:
    counts = {row[0]: row[1:] for row in marts_of(home, "select * from mart_unit")}
    assert len(counts) == 102
    assert counts["27316"] == (True, 40, 0)
    in_split_ward = {unit: counts[unit] for unit in SPLIT_SHARES}
    assert all(not is_whole and people == drawn for is_whole, people, drawn in in_split_ward.values())
    assert sum(people for _, people, _ in in_split_ward.values()) >= 40
    assert sum(drawn for *_, drawn in counts.values()) == 80
    found = answer(parse(measure="coverage", by="unit"), Generation.open(home))
    assert found.lineage["inputs"]["apportioned"] == {
        unit: drawn / people for unit, (_, people, drawn) in counts.items() if drawn
    }


def test_the_population_of_the_units_is_that_of_the_districts(home: Path) -> None:
    by_cell = "select year, sex, age_from, sum(people) from {} group by all order by all"
    assert marts_of(home, by_cell.format("mart_unit_population")) == marts_of(
        home, by_cell.format("mart_population")
    )
    assert marts_of(home, "select min(people) >= 0 from mart_unit_population") == [(True,)]
    told = marts_of(
        home, "select distinct source like '%(estimate), shared out by wards' from mart_unit_population"
    )
    assert told == [(True,)], "a register of 200 says nothing about nine million"


def test_where_the_register_is_near_the_official_count_it_shares_it_out(tmp_path: Path) -> None:
    wards_of_760 = {"26734": 30, "26743": 10}
    people = [(f"{ward}-{n}", ward) for ward, count in wards_of_760.items() for n in range(count)]
    write_csv(tmp_path / "in" / "resident.csv", [resident(ref, ward_code=ward) for ref, ward in people])
    write_csv(tmp_path / "in" / "health_record.csv", [record(people[0][0])])
    row = {"unit_code": "760", "sex": "female", "year": 2024, "source": "us"}
    write_csv(
        tmp_path / "in" / "population.csv",
        [{**row, "age_band": "50", "people": 42}, {**row, "age_band": "65-69", "people": 10}],
    )
    run_build(tmp_path / "home", tmp_path / "in", as_of=date(2024, 6, 30))
    found = marts(
        tmp_path / "home",
        "select unit_code, age_from, people, source from mart_unit_population where people > 0 order by all",
    )
    said = "us, shared out by the register"
    # 42 in the ratio 3 to 1 is 31.5 and 10.5, 10 is 7.5 and 2.5: of equal remainders the lower code gets the person.
    assert found == [
        ("26737", 50, 32, said),
        ("26737", 65, 8, said),
        ("26743", 50, 10, said),
        ("26743", 65, 2, said),
    ]
