"""The reference tables of a build: rules, calendar, places, population: the ``rule_`` tables."""

from __future__ import annotations

from datetime import date

import duckdb
import polars as pl

from warehouse.database import rows
from warehouse.geography.places import place_choices, places
from warehouse.geography.population import delivered_population, reference_population
from warehouse.identifiers.definitions import number_fault_table
from warehouse.noise import noise_table
from warehouse.quality_checks import check_table
from warehouse.rule_calendar import MAX_QUARTERS, calendar_tables, last_day_of, quarter_ordinal
from warehouse.rules import Rules


def reference_tables(
    connection: duckdb.DuckDBPyConnection, rules: Rules, *, as_of: date, record_key: bytes
) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """The ``rule_`` tables, and what the reader of the numbers must know."""
    tables = rules.tables()
    tables["rule_noise"] = noise_table(record_key)
    origin, notes = _origin(connection, as_of)
    tables |= calendar_tables(origin=origin, last=as_of)
    tables |= {"rule_place": places(), "rule_place_choice": place_choices(), "rule_check": check_table()}
    tables["rule_number_fault"] = number_fault_table()
    delivered = connection.sql(
        "select unit_code, sex, age_band, year, people, source from raw_population"
    ).pl()
    if delivered.height:
        tables["rule_population"] = delivered_population(delivered, tables["rule_age_band"])
    else:
        tables["rule_population"] = reference_population(tables["rule_age_band"])
        notes.append("no population extract: the bundled reference population is used")
    return tables, notes


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
