"""What drugs are called and which substance that is: :func:`warehouse.readers.drugs.atc_of` once per distinct name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from warehouse.readers.drugs import atc_of
from warehouse.readers.fhir.maps import store
from warehouse.readers.fhir.sql import run, text


def name(connection: duckdb.DuckDBPyConnection, parameters: Mapping[str, Any]) -> None:
    """Make ``fhir_named``: the ATC code of each name in ``fhir_supply`` that has one."""
    names = [row[0] for row in run(connection, text("drug_name"), parameters)]
    coded = [(written, code) for written in names if (code := atc_of(written)) is not None]
    columns = {"name": [written for written, _ in coded], "atc": [code for _, code in coded]}
    store(connection, "fhir_named", columns)
