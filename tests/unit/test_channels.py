"""Who measured matters: an examination and a clinic assess a person, the person's own word or device does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.home import count, marts, pressure, record, resident, run_build, write_csv

ORIGINS = ("exam", "clinic", "claim", None, "device", "self_declared")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One person for each channel, measured once; somebody more was measured at a clinic and later examined."""
    folder = tmp_path_factory.mktemp("channels")
    refs = {f"P{number}": origin for number, origin in enumerate(ORIGINS)}
    rows = [
        row | {"origin": origin} for ref, origin in refs.items() for row in pressure(ref, "2024-03-05", 150)
    ]
    for day, origin in (("2024-04-05", "clinic"), ("2024-02-05", "exam")):
        rows += [row | {"origin": origin} for row in pressure("P9", day, 120)]
    write_csv(folder / "extract" / "resident.csv", [resident(ref) for ref in (*refs, "P9")])
    write_csv(folder / "extract" / "health_record.csv", [record(ref) for ref in (*refs, "P9")])
    write_csv(folder / "extract" / "measurement.csv", rows)
    run_build(folder / "home", folder / "extract")
    return folder / "home"


def test_own_values_assess_nobody(home: Path) -> None:
    assert count(home, "hypertension", "measured_once", "assessed") == len(ORIGINS) - 2 + 1
    assert count(home, "hypertension", "measured_once", "case") == len(ORIGINS) - 2


def test_the_frame_tells_an_examination_from_a_clinic(home: Path) -> None:
    rows = marts(
        home,
        """select channel, sum(people)::int, sum(assessed)::int, sum(cases + indeterminate)::int
           from mart_frame f join mart_measure m using (measure_id)
           where condition = 'hypertension' and variant = 'recommended'
               and quarter_index = (select max(quarter_index) from mart_quarter) group by all order by all""",
    )
    assert rows == [(0, 2, 0, 0), (1, 3, 3, 3), (2, 2, 2, 1)]
