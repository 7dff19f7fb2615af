"""The ``core_`` inputs of the person SQL, filled straight from Python people, and the SQL run on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from itertools import chain
from typing import Any

import duckdb
import polars as pl

from tests.support.people import Person
from warehouse import engine
from warehouse.engine import load_tables
from warehouse.geography.places import places
from warehouse.rule_calendar import calendar_tables
from warehouse.rules import Rules, load_rules

EPOCH = datetime(1970, 1, 1)
CASE_KEY = ("quarter_index", "place_id", "sex", "age_from", "condition", "variant", "role")

PERSON = {
    "person_key": pl.Int64,
    "record_key": pl.Int16,
    "sex": pl.Int8,
    "birth_month_index": pl.Int32,
    "place_id": pl.Int16,
    "resident_from": pl.Int32,
    "resident_until": pl.Int32,
    "pregnant_until": pl.Int32,
    "is_registered": pl.Boolean,
}
RECORD = {"person_key": pl.Int64, "created_day": pl.Int32, "closed_day": pl.Int32}
CONDITION = {"person_key": pl.Int64, "day": pl.Int32, "icd10": pl.String, "origin": pl.String}
MEDICATION = {
    "person_key": pl.Int64,
    "day": pl.Int32,
    "until": pl.Int32,
    "atc": pl.String,
    "origin": pl.String,
}
INSURANCE = {"person_key": pl.Int64, "day": pl.Int32, "until": pl.Int32}
REFERENCE = {"person_key": pl.Int64, "measure_id": pl.Int16, "day": pl.Int32, "has_condition": pl.Boolean}
MEASUREMENT = {
    "person_key": pl.Int64,
    "quantity": pl.String,
    "day": pl.Int32,
    "taken_at": pl.Datetime,
    "encounter_key": pl.Int64,
    "panel_key": pl.Int64,
    "reading_number": pl.Int32,
    "row_order": pl.Int64,
    "value": pl.Float64,
    "unit": pl.String,
    "value_standard": pl.Float64,
    "is_plausible": pl.Boolean,
    "is_unit_inferred": pl.Boolean,
    "origin": pl.String,
}


def core_inputs(people: Sequence[Person]) -> dict[str, pl.DataFrame]:
    """The tables ingest would have built for these people."""
    return {
        "core_person": _frame(
            PERSON,
            (
                (
                    p.key,
                    p.record_key,
                    p.sex,
                    p.born,
                    p.place,
                    p.resident_from,
                    p.resident_until,
                    p.pregnant_until,
                    p.is_registered,
                )
                for p in people
            ),
        ),
        "core_record": _frame(RECORD, ((p.key, *record) for p in people for record in p.records)),
        "core_condition": _frame(
            CONDITION, (row for p in people for row in _with_origin(p.key, p.diagnoses, p.claimed_diagnoses))
        ),
        "core_medication": _frame(
            MEDICATION, (row for p in people for row in _with_origin(p.key, p.supplies, p.claimed_supplies))
        ),
        "core_insurance": _frame(INSURANCE, ((p.key, *spell) for p in people for spell in p.insured)),
        "core_measurement": _frame(MEASUREMENT, chain.from_iterable(_readings(p) for p in people)),
    }


def references(people: Sequence[Person], rules: Rules) -> pl.DataFrame:
    """``core_reference`` of these people."""
    ids = {(item.condition, item.variant): item.measure_id for item in rules.measures if item.role == "case"}
    rows = ((p.key, ids[name, variant], day, ill) for p in people for name, variant, day, ill in p.examined)
    return _frame(REFERENCE, rows)


def _with_origin(
    key: int, others: Iterable[tuple[Any, ...]], claimed: Iterable[tuple[Any, ...]]
) -> Iterable[tuple[Any, ...]]:
    yield from ((key, *item, None) for item in others)
    yield from ((key, *item, "claim") for item in claimed)


def _readings(person: Person) -> Iterable[tuple[Any, ...]]:
    for r in person.readings:
        taken_at = EPOCH + timedelta(days=r.day, minutes=r.minute)
        yield (
            person.key, r.quantity, r.day, taken_at, r.encounter, r.panel, r.number, r.row, r.value, r.unit,
            r.value_standard, r.is_plausible, False, r.origin,
        )  # fmt: skip


def _frame(schema: dict[str, Any], rows: Iterable[Sequence[Any]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=schema, orient="row")


@cache
def _rule_tables(origin: date, last: date) -> dict[str, pl.DataFrame]:
    """What does not depend on people; the same for every example of a property."""
    return {
        **load_rules().tables(),
        **calendar_tables(origin=origin, last=last),
        "rule_place": places(),
    }


def evaluate(
    people: Sequence[Person], *, origin: date, last: date, rules: Rules | None = None
) -> duckdb.DuckDBPyConnection:
    """An in-memory database in which every person table and ``mart_case`` are built; the caller closes it."""
    con = duckdb.connect()
    con.execute("set threads to 1").fetchall()
    tables = {
        **core_inputs(people),
        "core_reference": references(people, rules or load_rules()),
        **_rule_tables(origin, last),
        **(rules.tables() if rules else {}),
    }
    for name, frame in tables.items():
        con.register("_frame", frame)
        con.execute(f"create table {name} as select * from _frame").fetchall()
        con.unregister("_frame")
    engine.run(con, [table for table in load_tables() if table.folder == "person"], {}, schema="memory.main")
    return con


def measure_quarters(con: duckdb.DuckDBPyConnection) -> dict[tuple[int, str, str, str], int]:
    """Bits of the quarters by person, condition, variant and role: what ``core_measure`` says."""
    rows = con.execute(
        """
        select m.person_key, r.condition, r.variant, r.role, m.bits
        from core_measure as m inner join rule_measure as r using (measure_id)
        """
    ).fetchall()
    return {(key, condition, variant, role): bits for key, condition, variant, role, bits in rows}


def frame_counts(con: duckdb.DuckDBPyConnection) -> dict[tuple[Any, ...], list[int]]:
    """``mart_frame`` over all places, as cell -> people, assessed, cases, indeterminate."""
    rows = con.execute(
        """
        select
            quarter_index, sex, f.age_from, condition, variant, is_insured, known_level, has_record, channel,
            sum(people)::int, sum(assessed)::int, sum(cases)::int, sum(indeterminate)::int
        from mart_frame as f inner join rule_measure as r using (measure_id)
        group by all
        """
    ).fetchall()
    return {tuple(row[:9]): list(row[9:]) for row in rows}


def case_counts(con: duckdb.DuckDBPyConnection) -> dict[tuple[Any, ...], tuple[int, int]]:
    """``mart_case`` as cell -> (people, people_key), with the measure named instead of numbered."""
    rows = con.execute(
        f"""
        select {", ".join(CASE_KEY)}, people, people_key
        from mart_case as c inner join rule_measure as r using (measure_id)
        """.replace("age_from", "c.age_from")
    ).fetchall()
    return {tuple(row[:-2]): (row[-2], row[-1]) for row in rows}
