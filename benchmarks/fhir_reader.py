"""How fast the FHIR reader stages Observations, beside DuckDB's own reading of the same file.

``python -m benchmarks.fhir_reader [MB]`` writes blood pressure panels as NDJSON (200 MB unless told) into a temporary
folder, and takes the best of some runs of

* *columns*: ``read_json`` with the reader's columns into a table, components unnested: the same fields, nothing made
  of them;
* *fields*: ``read_json`` reduced at once to the dozen texts a plain row needs: less than the reader looks at;
* *stage*: the reader, fast and (where a line is broken) sound.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from benchmarks.fastest import best
from warehouse.readers.fhir import stage
from warehouse.readers.fhir.shapes import SHAPES, duckdb_columns

_SCAN = "read_json($path, columns = $columns, format = 'newline_delimited')"
_COLUMNS = (
    f"create or replace temp table plain as select * exclude (component), unnest(component) from {_SCAN}"
)
_FIELDS = f"""create or replace temp table plain as
    select id, resourceType, status, meta.lastUpdated, subject.reference, encounter.reference,
        effectiveDateTime, issued, category, performer[1].reference, code.coding[1].code,
        valueQuantity.value, valueString, k.code.coding[1].code,
        k.valueQuantity.value, k.valueQuantity.unit, k.valueQuantity.code
    from (select *, unnest(component) as k from {_SCAN})"""


def panels(size: int) -> Iterator[str]:
    """Lines of blood pressure panels, about a kilobyte each, ``size`` bytes together."""
    rng = random.Random(20240304)  # noqa: S311 - no secret: the same file at every run
    number = 0
    while size > 0:
        line = json.dumps(_panel(number, rng), ensure_ascii=False, separators=(",", ":")) + "\n"
        size -= len(line.encode())
        number += 1
        yield line


def _panel(number: int, rng: random.Random) -> dict[str, object]:
    sides = (("8480-6", "Systolic", rng.randrange(90, 190)), ("8462-4", "Diastolic", rng.randrange(50, 120)))
    return {
        "resourceType": "Observation", "id": f"obs-{number:08d}",
        "meta": {"versionId": "1", "lastUpdated": "2024-03-04T08:15:00.000+07:00"}, "status": "final",
        "category": [{"coding": [{"system": "http://x/observation-category", "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}], "text": "Huyết áp"},
        "subject": {"reference": f"Patient/p{rng.randrange(60_000):07d}"},
        "encounter": {"reference": f"Encounter/e{number:08d}"},
        "effectiveDateTime": "2024-03-04T08:10:00+07:00", "issued": "2024-03-04T08:12:00.000+07:00",
        "performer": [{"reference": f"Organization/o{rng.randrange(300)}"}],
        "component": [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": f"{side} blood pressure"}]},
                "valueQuantity": {
                    "value": value, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]",
                },
            }
            for code, side, value in sides
        ],
    }  # fmt: skip


def measure(path: Path) -> dict[str, float]:
    """Seconds by way of reading."""
    parameters = {"path": str(path), "columns": duckdb_columns(SHAPES["Observation"])}
    with duckdb.connect() as connection:
        return {
            "columns": best(lambda: connection.execute(_COLUMNS, parameters).fetchall()),
            "fields": best(lambda: connection.execute(_FIELDS, parameters).fetchall()),
            "stage": best(lambda: stage(connection, path)),
            "stage, sound": best(lambda: stage(connection, path, try_fast=False)),
        }


def main() -> None:
    """Print MB/s of each way and the ratio of the reader to both of DuckDB's."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Observation.ndjson"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(panels(megabytes * 1_000_000))
        size = path.stat().st_size / 1e6
        seconds = measure(path)
    for name, taken in seconds.items():
        print(f"{name:14} {taken:6.2f} s {size / taken:7.0f} MB/s")
    for name in ("columns", "fields"):
        print(f"stage beside {name}: {seconds[name] / seconds['stage']:.2f}")


if __name__ == "__main__":
    main()
