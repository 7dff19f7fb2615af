"""The reference tables of a build: rules, calendar, places, population, written as ``rule_`` tables."""

from __future__ import annotations

from datetime import date

import duckdb

from warehouse import database
from warehouse.database import rows
from warehouse.geography.places import place_choices, places
from warehouse.geography.population import delivered_population, reference_population
from warehouse.noise import noise_table
from warehouse.rule_calendar import MAX_QUARTERS, calendar_tables, last_day_of, quarter_ordinal
from warehouse.rules import load_rules


def write_reference_tables(
    connection: duckdb.DuckDBPyConnection, as_of: date, record_key: bytes
) -> tuple[list[str], list[str]]:
    """Write the ``rule_`` tables; returns their names and what the reader of the numbers must know."""
    tables = load_rules().tables()
    tables["rule_noise"] = noise_table(record_key)
    origin, notes = _origin(connection, as_of)
    tables |= calendar_tables(origin=origin, last=as_of)
    tables |= {"rule_place": places(), "rule_place_choice": place_choices()}
    delivered = connection.sql(
        "select unit_code, sex, age_band, year, people, source from raw_population"
    ).pl()
    if delivered.height:
        tables["rule_population"] = delivered_population(delivered, tables["rule_age_band"])
    else:
        tables["rule_population"] = reference_population(tables["rule_age_band"])
        notes.append("no population extract: the bundled reference population is used")
    database.put_frames(connection, tables)
    return list(tables), notes


def _origin(connection: duckdb.DuckDBPyConnection, as_of: date) -> tuple[date, list[str]]:
    """First day of the time axis: the first record's creation, at most 62 quarters back."""
    sql = "select min(created_at::date) from raw_health_record where created_at::date <= $as_of"
    [(first,)] = rows(connection, sql, {"as_of": as_of})
    oldest = last_day_of(quarter_ordinal(as_of) - MAX_QUARTERS + 1)
    if first is None:
        return as_of, ["no health record up to the extract date: only the running quarter is shown"]
    if first < oldest and quarter_ordinal(first) < quarter_ordinal(oldest):
        return oldest, [f"records begin {first}; the time axis shows the last {MAX_QUARTERS} quarters"]
    return first, []
