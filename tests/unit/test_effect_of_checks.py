"""The effect of a check: people judged again without the rows it found, and what that does to every number.

Two ways to the same counts: the effect as a build tells it, and a second build of extracts from which the rows found
were taken out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from tests.support.home import marts, pressure, record, resident, run_build, write_csv
from warehouse import engine, shadows
from warehouse.database import FILE_NAME
from warehouse.errors import Defect
from warehouse.quality_checks import BASES, check_table
from warehouse.synthetic.city import EXTRACTS, synthesize

Found = dict[str, set[int]]
Effects = dict[int, tuple[int, int]]
RUN = engine.run


def effects(home: Path, check: str) -> Effects:
    """Measure to people touched, and those for whom it would hold without what the check found."""
    rows = marts(
        home, f"select measure_id, people, people_without from mart_check_effect where check_id = '{check}'"
    )
    return {measure: (people, without) for measure, people, without in rows}


def totals(home: Path) -> dict[int, int]:
    """People by measure in the newest quarter."""
    return dict(
        marts(
            home,
            """select measure_id, sum(people) from mart_case
               where quarter_index = (select max(quarter_index) from mart_quarter) group by measure_id""",
        )
    )


def measures(home: Path) -> dict[tuple[str, ...], int]:
    rows = marts(home, "select condition, variant, role, measure_id from mart_measure")
    return {tuple(key): number for *key, number in rows}


def without(home: Path, check: str) -> dict[int, int]:
    """People by measure as the effect of one check says they would be without what it found."""
    changed = effects(home, check)
    counted = {
        number: people - changed.get(number, (0, 0))[0] + changed.get(number, (0, 0))[1]
        for number, people in (dict.fromkeys(changed, 0) | totals(home)).items()
    }
    return {number: people for number, people in counted.items() if people}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Found]:
    """A small city with faults: its extracts, its home, and by check the rows found (``row_key``)."""
    folder, found = tmp_path_factory.mktemp("effect"), defaultdict(set)

    def watched(connection: Any, tables: Sequence[Any], *rest: Any, **options: Any) -> Any:
        runs = RUN(connection, tables, *rest, **options)
        if [table.name for table in tables] == ["core_finding"]:
            query = (
                f"select check_id, row_key from {options['schema']}.core_finding where row_key is not null"
            )
            for check, key in connection.execute(query).fetchall():
                found[check].add(key)
        return runs

    synthesize(folder / "city", population=1500, seed=1, scenario="hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "run", watched)
        run_build(folder / "home", folder / "city" / EXTRACTS)
    return folder / "city" / EXTRACTS, folder / "home", found


def taken_out(extracts: Path, home: Path, folder: Path, keys: set[int]) -> Path:
    """Extracts without the measurements that a check found; whatever repeats them goes too."""
    file = extracts / "measurement" / "part-000.parquet"
    with duckdb.connect(str(home / FILE_NAME), read_only=True) as store:
        stored = store.sql(
            "select _row, (_file_id::bigint << 44) + _row as row_key from raw_measurement"
        ).pl()
    places = stored.filter(pl.col("row_key").is_in(list(keys)))["_row"].to_list()
    whole = pl.read_parquet(file).with_row_index("place", offset=1)
    gone = whole.filter(pl.col("place").is_in(places))["measurement_id"]
    assert gone.n_unique() == len(keys), "the rows found are not the rows of the file"
    for part in extracts.rglob("*.*"):
        place = folder / part.relative_to(extracts)
        place.parent.mkdir(parents=True, exist_ok=True)
        if part != file:
            place.symlink_to(part)
    left = whole.filter(~pl.col("measurement_id").is_in(gone.implode())).drop("place")
    left.write_parquet(folder / "measurement" / file.name)
    return folder


@pytest.mark.parametrize("check", ["unit_inferred", "pressure_swapped"])
def test_an_effect_is_what_taking_the_rows_out_of_the_extract_does(
    tmp_path: Path, city: tuple[Path, Path, Found], check: str
) -> None:
    extracts, home, found = city
    assert len(found[check]) > 20
    run_build(tmp_path / "home", taken_out(extracts, home, tmp_path / "in", found[check]))
    assert without(home, check) == totals(tmp_path / "home")
    assert without(home, check) != totals(home), "nothing rests on these rows, so nothing is shown"


def test_rows_are_left_out_where_the_basis_says_so(city: tuple[Path, Path, Found]) -> None:
    _, home, found = city
    basis = dict(check_table().select("check_id", "basis").iter_rows())
    assert {basis[check] for check in found} == {"rows"}
    # No number reads what is dated ahead, though many people are touched.
    ahead = effects(home, "ahead")
    assert sum(people for people, _ in ahead.values()) > 0
    assert all(people == left for people, left in ahead.values())


def somebody(ref: str, *rows: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A resident with a record and measurements; every column that some resident needs."""
    blank = {"registered_from": "", "death_date": "", "pregnant_until": ""}
    return {"resident": {**resident(ref), **blank, **changes}, "rows": rows}


def measured(ref: str, code: str, value: float, unit: str, day: str = "2024-03-05") -> dict[str, Any]:
    row = pressure(ref, day, 120)[0]
    name = f"{ref}-{code}-{value}"
    return {**row, "measurement_id": name, "encounter_ref": name, "code": code, "value": value, "unit": unit}


def height(ref: str, value: float) -> dict[str, Any]:
    return measured(ref, "8302-2", value, "cm")


def weight(ref: str) -> dict[str, Any]:
    return measured(ref, "29463-7", 80, "kg")


#: By check, who is touched; whom hypertension or BMI assesses; whom without what was found.
BY_HAND: dict[str, tuple[str, tuple[int, int]]] = {
    # Metres for centimetres: 1.6, and one with a height in centimetres beside it.
    "unit_inferred": ("bmi", (2, 1)),
    # Two heights far apart are both in doubt.
    "height_jumps": ("bmi", (1, 0)),
    # 100/160 alone; 100/160 beside a sound reading. Of a child it counts in no case.
    "pressure_swapped": ("hypertension", (2, 1)),
    # Born after the extract: counted at no age; without that date, at an unknown one.
    "born_ahead": ("hypertension", (0, 1)),
    # A woman of 63 said to be pregnant: her reading counts only without that.
    "pregnant_unlikely": ("hypertension", (0, 1)),
    # A diastolic of nought takes its systolic with it: nobody is assessed, either way.
    "implausible": ("hypertension", (0, 0)),
    # Two records count once, and one does too.
    "records_several": ("hypertension", (1, 1)),
    # The city does not ask for the ward.
    "ward_elsewhere": ("hypertension", (1, 1)),
    # Nothing can be left out of a missing district but the person.
    "place_unknown": ("hypertension", (1, 0)),
}


def by_hand() -> list[dict[str, Any]]:
    return [
        somebody("U1", height("U1", 1.6), weight("U1")),
        somebody("U2", height("U2", 1.6), height("U2", 161), weight("U2")),
        somebody("H1", height("H1", 150), height("H1", 170), weight("H1")),
        somebody("S1", *pressure("S1", "2024-03-05", 100, 160)),
        somebody("S2", *pressure("S2", "2024-03-05", 100, 160), *pressure("S2", "2024-04-05", 120)),
        somebody("C1", *pressure("C1", "2024-03-05", 100, 160), birth_date="2015-05-05"),
        somebody("B1", *pressure("B1", "2024-03-05", 150), birth_date="2024-08-05"),
        somebody("G1", *pressure("G1", "2024-03-05", 150), pregnant_until="2024-05-05"),
        somebody("I1", *pressure("I1", "2024-03-05", 150, 0)),
        somebody("R1", *pressure("R1", "2024-03-05", 150)),
        somebody("W1", *pressure("W1", "2024-03-05", 150), ward_code="26764", district_code="760"),
        somebody("N1", *pressure("N1", "2024-03-05", 150), ward_code="", district_code=""),
    ]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of a dozen people."""
    folder, people = tmp_path_factory.mktemp("by_hand"), by_hand()
    refs = [item["resident"]["person_ref"] for item in people]
    write_csv(folder / "in" / "resident.csv", [item["resident"] for item in people])
    records = [record(ref) for ref in refs] + [record("R1", record_id="R-again")]
    write_csv(folder / "in" / "health_record.csv", records)
    write_csv(folder / "in" / "measurement.csv", [row for item in people for row in item["rows"]])
    run_build(folder / "home", folder / "in", quarantine_share_limit=1, as_of=date(2024, 6, 30))
    return folder / "home"


@pytest.mark.parametrize("check", BY_HAND)
def test_people_are_judged_again_as_by_hand(small: Path, check: str) -> None:
    condition, wanted = BY_HAND[check]
    variant = {"bmi": "obese_30plus"}.get(condition, "recommended")
    assessed = measures(small)[condition, variant, "assessed"]
    assert effects(small, check).get(assessed, (0, 0)) == wanted


def test_every_check_says_what_its_effect_is() -> None:
    assert set(check_table()["basis"]) == set(BASES)


def test_everything_between_people_and_numbers_is_made_again() -> None:
    tables = engine.load_tables()
    [table] = [item for item in tables if item.shadows]
    again = [item.name for item in shadows.made_again(tables, table)]
    assert {"core_blood_pressure", "core_event", "core_clause", "core_measure", "core_touched"} <= set(again)
    assert not any(name.startswith("core_shadow") or name == "core_person" for name in again)
    assert "core_measure_age" not in again, "it tells nothing of people"


def test_shadows_never_meet_people() -> None:
    """A key of a shadow means somebody else among people: a table that would mix them is refused."""
    person = engine.parse("core_person", "ingest", "select 1 as person_key from raw_resident")
    visit = engine.parse("core_visit", "ingest", "select 1 as person_key from raw_encounter")
    stand_in = engine.parse("core_shadow_person", "shadow", "select 1 as person_key from core_person")
    mixed = engine.parse(
        "core_seen", "person", "select person_key from core_person join core_visit using (person_key)"
    )
    asked = engine.parse(
        "core_without", "shadow", "-- Shadows: core_shadow_person.\nselect person_key from core_seen"
    )
    tables = engine.order({item.name: item for item in (person, visit, stand_in, mixed, asked)})
    with pytest.raises(
        Defect, match=r"core_seen.sql is made of shadows for core_without, but reads core_visit"
    ):
        shadows.made_again(tables, asked)
