"""The code maps beside the readers (``warehouse/readers/maps``): systems, statuses, kinds, SNOMED CT, CVX, units."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.readers.fhir.sql import run

#: Temporary table -> (file, columns).
_TABLES = {
    "fhir_system": ("fhir_systems", ("uri", "system")),
    "fhir_snomed": ("snomed_icd10", ("snomed", "icd10")),
    "fhir_vaccine": ("cvx_vaccine", ("cvx", "vaccine")),
    "fhir_unit": ("fhir_units", ("unit_written", "unit")),
    "fhir_class": ("fhir_encounter_classes", ("code", "visit")),
    "fhir_identifier_name": ("fhir_identifiers", ("place", "field", "part", "means")),
}
TABLES = tuple(_TABLES)


@cache
def rows(name: str) -> tuple[Mapping[str, str], ...]:
    """The rows of ``maps/<name>.csv``."""
    text = resources.files("warehouse.readers").joinpath("maps", f"{name}.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """The maps that are joined, as temporary tables of text."""
    for table, (name, columns) in _TABLES.items():
        store(connection, table, {column: [row[column] for row in rows(name)] for column in columns})


def store(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, list[Any]]) -> None:
    """A temporary table of text columns."""
    frame = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    connection.register("fhir_given", frame)
    run(connection, f"create or replace temp table {table} as select * from fhir_given")
    connection.unregister("fhir_given")


@cache
def systems(name: str) -> tuple[str, ...]:
    """The names a coding system goes by, the usual one first."""
    return tuple(row["uri"] for row in rows("fhir_systems") if row["system"] == name)


@cache
def set_aside_words() -> Mapping[str, str]:
    """Why a resource of a kind that counts gives no row; the keys are the kinds FHIR R4 has."""
    return {row["kind"]: row["set_aside"] for row in rows("fhir_kinds")}


def statuses(kind: str) -> dict[str, Any]:
    """What the status of a resource means: parameters of the files that read resources. A null reason is no reason."""
    known = [row for row in rows("fhir_statuses") if row["kind"] == kind]
    named = [row for row in known if row["status"] != "*"]
    return {
        "statuses": [row["status"] for row in named] or [""],
        "reasons": [row["set_aside"] or None for row in named] or [None],
        "otherwise": next((row["set_aside"] for row in known if row["status"] == "*"), None),
    }
