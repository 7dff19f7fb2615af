"""The same city, part of its visits sent as FHIR resources: the marts are the same to the last count."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tests.support.home import fingerprints, run_build
from warehouse.synthetic.city import EXTRACTS, synthesize

#: What says which files came, and of how many rows.
OF_FILES = {"mart_quality"}


def test_marts_do_not_depend_on_the_format_that_carried_the_rows(tmp_path: Path) -> None:
    prints = {}
    for name, share in (("tables", 0.0), ("resources", 0.6)):
        synthesize(tmp_path / name, population=3_000, seed=5, scenario="hostile", fhir_share=share)
        report = run_build(tmp_path / f"{name}-home", tmp_path / name / EXTRACTS)
        prints[name] = fingerprints(tmp_path / f"{name}-home")
        by_format = {item.format for item in report.landed}
    resources = sorted(file.name for file in (tmp_path / "resources" / EXTRACTS / "fhir").iterdir())

    assert resources == [
        f"{kind}.000.ndjson" for kind in ("Condition", "Encounter", "MedicationRequest", "Observation")
    ]
    assert by_format == {"parquet", "fhir"}
    assert prints["tables"].keys() == prints["resources"].keys()
    differing = {name for name, found in prints["tables"].items() if found != prints["resources"][name]}
    assert differing == OF_FILES


def test_resources_and_tables_together_hold_every_row(tmp_path: Path) -> None:
    rows = {
        share: synthesize(
            tmp_path / str(share), population=3_000, seed=6, scenario="realistic", fhir_share=share
        )
        for share in (0.0, 0.4)
    }
    visits = pl.read_parquet(tmp_path / "0.4" / EXTRACTS / "encounter" / "*.parquet")

    assert rows[0.4]["encounter"] + rows[0.4]["fhir/Encounter"] == rows[0.0]["encounter"]
    assert rows[0.4]["condition"] + rows[0.4]["fhir/Condition"] == rows[0.0]["condition"]
    assert rows[0.4]["medication"] + rows[0.4]["fhir/MedicationRequest"] == rows[0.0]["medication"]
    # What the insurer claims for stays in the tables, also of visits that are resources.
    claims = pl.read_parquet(tmp_path / "0.4" / EXTRACTS / "condition" / "*.parquet")
    assert claims.filter(pl.col("origin") == "claim").join(
        visits, left_on="encounter_ref", right_on="encounter_id", how="anti"
    ).height > 100  # fmt: skip
