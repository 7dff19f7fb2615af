"""Deliveries that are unlike what came before stop a build, until somebody says why they are right."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support.home import fingerprints, manifest, resident, run_build, small_extract, write_csv
from warehouse.errors import Faults
from warehouse.guards import Before, jumps
from warehouse.landing import Landed


def landed(**changes: Any) -> Landed:
    values: dict[str, Any] = {
        "file_id": 9, "table": "measurement", "format": "csv", "logical_name": "in/measurement",
        "file_name": "measurement.csv", "sha256": "x", "as_of": None, "received": 1000, "accepted": 1000,
        "quarantined": 0, "duplicate": 0, "repeats_of_others": 0, "unknown_columns": (), "reasons": (),
        "first_date": date(2024, 1, 1), "last_date": date(2024, 6, 30),
    }  # fmt: skip
    return Landed(**{**values, **changes})


BEFORE = Before("in/measurement", "measurement", 1000, date(2024, 6, 30))
MONTHS = [Before(f"in/measurement_{n}", "measurement", 900 + n, date(2024, n, 28)) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("item", "before", "told"),
    [
        (landed(), [BEFORE], None),
        (landed(accepted=501, received=501), [BEFORE], None),
        (landed(accepted=499, received=499), [BEFORE], "499 rows where the file it corrects had 1,000"),
        (landed(accepted=2001, received=2001), [BEFORE], "2,001 rows where the file it corrects"),
        (landed(last_date=date(2024, 5, 30)), [BEFORE], None),
        (
            landed(last_date=date(2024, 5, 29)),
            [BEFORE],
            "ends on 2024-05-29, the file it corrects on 2024-06-30",
        ),
        (landed(last_date=None), [BEFORE], None),
        (landed(quarantined=101), [], "101 of 1000 rows were refused"),
        (landed(quarantined=100), [], None),
        (landed(logical_name="in/measurement_4", received=180), MONTHS, "180 rows where earlier files"),
        (landed(logical_name="in/measurement_4", received=181), MONTHS, None),
        (landed(logical_name="in/measurement_4", received=5000), MONTHS, "5,000 rows where earlier files"),
        (landed(logical_name="in/measurement_4", received=5000), MONTHS[:2], None),
        (landed(logical_name="other/measurement_4", received=5000), MONTHS, None),
        (landed(logical_name="in/measurement_4", table="condition", received=5000), MONTHS, None),
        (landed(accepted=20, received=20), [Before("in/measurement", "measurement", 90, None)], None),
    ],
)
def test_guards(item: Landed, before: list[Before], told: str | None) -> None:
    faults = jumps([item], before, share_limit=0.10)
    assert [told in fault.message for fault in faults] == ([] if told is None else [True])  # type: ignore[operator]


def test_a_table_that_a_correction_does_not_give_is_lost() -> None:
    gone = Before("in/measurement", "condition", 500, None)
    [fault] = jumps([landed()], [BEFORE, gone], replaced=[BEFORE, gone], share_limit=0.10)
    assert "no row of condition" in fault.message
    assert not jumps([landed()], [BEFORE], replaced=[BEFORE], share_limit=0.10)


def test_rows_of_people_who_were_forgotten_are_no_fault_of_the_file() -> None:
    item = landed(quarantined=900, reasons=(("person_ref", "forgotten", "nobody", 850),))
    assert not jumps([item], [], share_limit=0.10)


def test_a_shrunken_correction_stops_the_build_and_is_logged_when_accepted(tmp_path: Path) -> None:
    source, home = small_extract(tmp_path / "in", people=200), tmp_path / "home"
    run_build(home, source)
    before = fingerprints(home)
    write_csv(source / "resident.csv", [resident(f"P{n}") for n in range(60)])

    with pytest.raises(Faults, match="60 rows where the file it corrects had 200"):
        run_build(home, source)
    assert fingerprints(home) == before
    report = run_build(home, source, accept="the district left the programme")

    assert report.replaced == ("in/resident",)
    [note] = [note for note in manifest(home)["notes"] if note.startswith("accepted")]
    assert "the district left the programme" in note
    assert "60 rows" in note
