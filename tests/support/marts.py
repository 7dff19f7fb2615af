"""A small sealed generation written directly, person by person: its answers can be counted again in plain Python."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from warehouse.generation_files import FROZEN, MARTS
from warehouse.geography import districts, wards
from warehouse.geography.places import places

STARTS = (0, 5, 10, 15, 18, 20, 25, 30, 35, 40, 45, 50, 51, 55, 60, 65, 70, 75, 80, 85)
UNKNOWN_AGE = -1
QUARTERS = (
    ("2022Q3", 0, date(2022, 9, 30), True),
    ("2022Q4", 1, date(2022, 12, 31), True),
    ("2023Q1", 2, date(2023, 3, 31), False),
)
EXTRACT_DATE = date(2023, 2, 10)
#: Fewer districts than the city has, so that some have nobody.
USED_DISTRICTS = ("760", "761", "764")
CASE, ASSESSED, HOLDER, RESIDENT, SURVEY, SURVEY_ASSESSED = 1, 2, 3, 4, 5, 6
MEASURES = (
    (CASE, "hypertension", "recommended", "1.0.0", "case", ASSESSED, 18, None, False),
    (ASSESSED, "hypertension", "recommended", "1.0.0", "assessed", None, 18, None, False),
    (SURVEY, "hypertension", "survey", "1.0.0", "case", SURVEY_ASSESSED, 18, None, True),
    (SURVEY_ASSESSED, "hypertension", "survey", "1.0.0", "assessed", None, 18, None, True),
    (HOLDER, "record", "holder", "1.0.0", "record_holder", None, 0, None, False),
    (RESIDENT, "record", "holder", "1.0.0", "resident", None, 0, None, False),
)
#: Quantity, unit, width of its bins in tenths of the unit.
QUANTITIES = (
    ("body_mass_index", "kg/m2", 5, 0),
    ("systolic", "mm[Hg]", 50, None),
    ("diastolic", "mm[Hg]", 50, None),
)
_TABLES = {
    "mart_quarter": "quarter VARCHAR, quarter_index SMALLINT, last_day DATE, is_complete BOOLEAN",
    "mart_place": "place_id SMALLINT, ward_code VARCHAR, district_code VARCHAR, unit_code VARCHAR,"
    " is_unit_apportioned BOOLEAN, is_ward_apportioned BOOLEAN",
    "mart_unit": "unit_code VARCHAR, is_whole BOOLEAN, people INTEGER, apportioned INTEGER",
    "mart_unit_population": "unit_code VARCHAR, sex TINYINT, age_from SMALLINT, year SMALLINT, people INTEGER,"
    " source VARCHAR",
    "mart_measure": "measure_id SMALLINT, condition VARCHAR, variant VARCHAR, version VARCHAR, role VARCHAR,"
    " denominator_id SMALLINT,"
    " age_from SMALLINT, age_to SMALLINT, outcome_dependent BOOLEAN",
    "mart_case": "quarter_index SMALLINT, place_id SMALLINT, sex TINYINT, age_from SMALLINT, measure_id SMALLINT,"
    " people INTEGER, people_key SMALLINT",
    "mart_population": "unit_code VARCHAR, sex TINYINT, age_from SMALLINT, year SMALLINT, people INTEGER,"
    " source VARCHAR",
    "mart_record": "week DATE, place_id SMALLINT, phase_group VARCHAR, source_system VARCHAR, step VARCHAR,"
    " records INTEGER, records_key SMALLINT",
    "mart_target": "unit_code VARCHAR, phase VARCHAR, plan_group VARCHAR, quarter VARCHAR, target_people BIGINT,"
    " source VARCHAR",
    "mart_distribution": "quarter_index SMALLINT, place_id SMALLINT, sex TINYINT, age_from SMALLINT, quantity VARCHAR,"
    " bin_from INTEGER, people INTEGER, people_key SMALLINT",
    "mart_noise": "people SMALLINT, cell_key SMALLINT, noise SMALLINT",
    "mart_quantity": "quantity VARCHAR, unit VARCHAR, bin_tenths INTEGER, step_tenths INTEGER",
    "mart_definition": "condition VARCHAR, variant VARCHAR, version VARCHAR, estimand VARCHAR, name_vi VARCHAR,"
    " name_en VARCHAR, description_vi VARCHAR, description_en VARCHAR, source VARCHAR, denominator VARCHAR,"
    " definition_json VARCHAR",
    "mart_check": "check_id VARCHAR, kind VARCHAR, table_name VARCHAR, treatment VARCHAR, basis VARCHAR,"
    " name_vi VARCHAR, name_en VARCHAR, todo_vi VARCHAR, todo_en VARCHAR, findings BIGINT, people BIGINT",
    "mart_check_history": "check_id VARCHAR, new BIGINT, existing BIGINT, resolved BIGINT",
    "mart_check_effect": "check_id VARCHAR, measure_id SMALLINT, people INTEGER, people_without INTEGER",
    "mart_digit": "district_code VARCHAR, quantity VARCHAR, digit TINYINT, readings BIGINT",
    "mart_quality": "table_name VARCHAR, logical_name VARCHAR, outcome VARCHAR, subject VARCHAR, rule VARCHAR,"
    " rows BIGINT",
    "mart_load": "sender VARCHAR, rows INTEGER, people INTEGER, recorded INTEGER",
    "rule_age_band": "age SMALLINT, age_from SMALLINT, label VARCHAR",
}


@dataclass(frozen=True)
class Somebody:
    """A person as one quarter sees them. ``district`` None = unallocated; ``ward`` None = ward unknown.

    ``unit``: where the register leaves several open, the one drawn.
    """

    quarter: str
    district: str | None
    ward: str | None
    sex: str
    age: int
    is_assessed: bool
    is_case: bool
    record_key: int = 0
    unit: str | None = None

    def __post_init__(self) -> None:
        assert self.is_assessed or not self.is_case


@dataclass(frozen=True)
class Step:
    """``records`` health records that took ``step`` in the week of ``day`` (a Monday)."""

    day: date
    district: str | None
    phase: str
    source: str
    step: str
    records: int


Population = tuple[str, int, int, int, int, str]
#: Unit, phase, group of the plan, quarter, people up to its end, source.
Target = tuple[str, str, str, str, int, str]


@cache
def open_places(ward: str | None, district: str | None) -> dict[str | None, int]:
    """Unit -> place atom, of the atoms open to somebody with this ward and district stated."""
    frame = places().filter(~pl.col("is_ward_apportioned") | pl.col("ward_code").is_null())
    return {
        unit: number
        for number, *stated, unit in frame.select(
            "place_id", "ward_code", "district_code", "unit_code"
        ).iter_rows()
        if stated == [ward, district] and (unit is None) == (district is None)
    }


def wards_of(district: str) -> list[str]:
    """The wards of one district, in the order of their codes."""
    return [ward.code for ward in wards() if ward.district_code == district]


def band_start(age: int) -> int:
    """Lower edge of the mart band of an age; the unknown age is its own band."""
    return UNKNOWN_AGE if age == UNKNOWN_AGE else max(start for start in STARTS if start <= age)


def random_people(seed: int, count: int, quarters: Sequence[str] = ("2022Q3", "2022Q4")) -> list[Somebody]:
    """People spread over everything, also the unallocated and those of unknown sex, ward or age."""
    draw = random.Random(seed)
    people = []
    for _ in range(count):
        district = draw.choice([*USED_DISTRICTS, None])
        ward = draw.choice([*wards_of(district)[:2], None]) if district else None
        age = draw.choice([UNKNOWN_AGE, *range(101)])
        is_assessed = draw.random() < 0.8
        is_case = is_assessed and draw.random() < 0.1 + max(age, 0) / 150
        sex = draw.choice(["male", "female", "female", "male", "male", "unknown"])
        quarter, record_key = draw.choice(quarters), draw.randrange(256)
        units = list(open_places(ward, district))
        unit = units[len(people) % len(units)]
        people.append(Somebody(quarter, district, ward, sex, age, is_assessed, is_case, record_key, unit))
    return people


def write_generation(
    home: Path,
    people: Iterable[Somebody] = (),
    *,
    population: Iterable[Population] = (),
    steps: Iterable[Step] = (),
    targets: Iterable[Target] = (),
    bins: Iterable[tuple[Any, ...]] = (),
    noise: Iterable[tuple[int, int, int]] = (),
    units: Iterable[tuple[str, bool, int, int]] = (),
    unit_population: Iterable[Population] = (),
    more: Mapping[str, Sequence[tuple[Any, ...]]] | None = None,
    build_id: str = "20230210-0123abcd",
    current: bool = True,
) -> str:
    """Write ``builds/<build_id>`` and, unless told otherwise, point ``CURRENT`` at it; returns the build id.

    Without ``noise`` (people, cell key, noise) counts are shown as they are, so that they can be counted again.
    ``more``: rows of marts about the quality of the data, which older builds lack.
    """
    folder = home / "builds" / build_id
    folder.mkdir(parents=True)
    tables = {
        "mart_quarter": QUARTERS,
        "mart_place": places().rows(),
        "mart_unit": list(units),
        "mart_unit_population": list(unit_population),
        "mart_measure": MEASURES,
        "mart_case": _case_rows(people),
        "mart_population": list(population),
        "mart_record": _record_rows(tuple(steps)),
        "mart_target": list(targets),
        "mart_distribution": list(bins),
        "mart_noise": list(noise),
        "mart_quantity": QUANTITIES,
        "mart_definition": [_definition(row) for row in MEASURES if row[4] in ("case", "record_holder")],
        "rule_age_band": [(age, band_start(age), f"from {band_start(age)}") for age in range(-1, 131)],
        **(more or {}),
    }
    with duckdb.connect(str(folder / MARTS)) as connection:
        for name, rows in tables.items():
            connection.execute(f"create table {name} ({_TABLES[name]})").fetchall()
            if rows:
                names = [column.split()[0] for column in _TABLES[name].split(", ")]
                values = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
                connection.register("_rows", values)
                connection.execute(f"insert into {name} select * from _rows").fetchall()
                connection.unregister("_rows")
    _freeze(folder)
    (folder / "manifest.json").write_text(
        json.dumps(_manifest(build_id, {k: len(v) for k, v in tables.items()}))
    )
    (folder / "lineage.json").write_text(json.dumps({"tables": {}, "files": []}))
    if current:
        (home / "CURRENT").write_text(build_id + "\n")
    return build_id


def _freeze(folder: Path) -> None:
    """The same counts as frozen ones, of the quarters that are over: each published at the extract date."""
    shutil.copyfile(folder / MARTS, folder / FROZEN)
    with duckdb.connect(str(folder / FROZEN)) as connection:
        for sql in (
            "delete from mart_quarter where not is_complete",
            "alter table mart_quarter add column vintage smallint default 1",
            f"alter table mart_quarter add column known_at date default date '{EXTRACT_DATE}'",
            "alter table mart_quarter add column reason varchar default 'closed'",
            "create table mart_frame (quarter_index smallint, measure_id smallint)",
            "create table mart_counted as select quarter_index, measure_id from mart_quarter, mart_measure",
        ):
            connection.execute(sql).fetchall()


def _case_rows(people: Iterable[Somebody]) -> list[tuple[int, ...]]:
    indexes = {name: index for name, index, _, _ in QUARTERS}
    counts: Counter[tuple[int, ...]] = Counter()
    keys: Counter[tuple[int, ...]] = Counter()
    for body in people:
        sex = {"unknown": 0, "male": 1, "female": 2}[body.sex]
        cell = (indexes[body.quarter], _place_of(body), sex, band_start(body.age))
        for measure in _measures_of(body):
            counts[(*cell, measure)] += 1
            keys[(*cell, measure)] += body.record_key
    ordered = sorted(counts, key=lambda key: (key[4], *key[:4]))
    return [(*key, counts[key], keys[key] % 256) for key in ordered]


def _place_of(body: Somebody) -> int:
    open_to = open_places(body.ward, body.district)
    return open_to[body.unit] if body.unit else next(iter(open_to.values()))


def _measures_of(body: Somebody) -> list[int]:
    counted = [HOLDER, RESIDENT]
    if body.age >= 18 or body.age == UNKNOWN_AGE:
        counted += [ASSESSED, SURVEY_ASSESSED] if body.is_assessed else []
        counted += [CASE, SURVEY] if body.is_case else []
    return counted


def _record_rows(steps: Sequence[Step]) -> list[tuple[Any, ...]]:
    districts_used = {item.district for item in steps}
    numbers = {code: next(iter(open_places(None, code).values())) for code in districts_used}
    return [
        (
            item.day,
            numbers[item.district],
            item.phase,
            item.source,
            item.step,
            item.records,
            item.records % 256,
        )
        for item in steps
    ]


def _definition(measure: tuple[Any, ...]) -> tuple[str, ...]:
    condition, variant = measure[1], measure[2]
    return (
        condition,
        variant,
        "1.0.0",
        "H2",
        "tên",
        "name",
        "mô tả",
        "description",
        "a source",
        "assessed",
        "{}",
    )


def _manifest(build_id: str, rows: dict[str, int]) -> dict[str, Any]:
    return {
        "build_id": build_id,
        "extract_date": EXTRACT_DATE.isoformat(),
        "created_at": "2023-02-10T08:00:00",
        "synthetic": True,
        "code_version": "test",
        "fingerprints": {name: {"rows": count, "sha256": "0" * 64} for name, count in rows.items()},
        "files": [{"logical_name": "resident", "sha256": "1" * 64, "rows": 1}],
        "quarters": [name for name, _, _, _ in QUARTERS],
        "estimates": None,
        "population": {"source": "test", "note": ""},
        "notes": [],
    }


def reference_population(year: int, people_per_cell: int, source: str = "test") -> list[Population]:
    """The same number of people in every district, sex and band."""
    return [
        (item.code, sex, start, year, people_per_cell, source)
        for item in districts()
        for sex in (1, 2)
        for start in STARTS
    ]
