"""What a reader of the build before should know: files, records, definitions, quarters, rows refused, by hand."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analytics.changes import changes, definitions_changed, previous
from analytics.generation import Generation
from tests.support.marts import Step, write_generation

OLD, NEW = "20230210-00000001", "20230310-00000002"
MONDAY = date(2022, 10, 3)


def file(name: str, content: str, refused: int = 0) -> dict[str, Any]:
    return {"logical_name": name, "sha256": content * 64, "quarantined": refused}


def rewrite(home: Path, build: str, **changed: object) -> None:
    path = home / "builds" / build / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two builds: the second has more records, a file replaced, one new, one gone."""
    for build, records in ((OLD, 100), (NEW, 130)):
        steps = [Step(MONDAY, "760", "over_50", "bhxh", "created", records)]
        write_generation(tmp_path, steps=steps, build_id=build)
    rewrite(
        tmp_path, OLD,
        created_at="2023-02-11T08:00:00",
        fingerprints={"mart_case": "old"},
        files=[file("2023-02/resident", "a"), file("2023-02/target", "b", 4), file("2023-02/budget", "c")],
    )  # fmt: skip
    rewrite(
        tmp_path, NEW,
        created_at="2023-03-11T08:00:00",
        fingerprints={"mart_case": "new"},
        extract_date="2023-03-10",
        files=[file("2023-03/resident", "a"), file("2023-03/target", "d", 1), file("2023-03/activity", "e", 2)],
    )  # fmt: skip
    return tmp_path


def both(home: Path) -> tuple[Generation, Generation]:
    return Generation(home, NEW), Generation(home, OLD)


def test_files_records_and_refused_rows_are_told_apart(home: Path) -> None:
    found = changes(*both(home))

    # The folder of a delivery is not part of a file's name: the same residents came again, the targets anew.
    assert (found.files_new, found.files_replaced, found.files_gone) == (1, 1, 1)
    assert (found.records_old, found.records_new, found.records_added) == (100, 130, 30)
    assert (found.refused_old, found.refused_new) == (4, 3)
    assert (found.old_extract_date, found.extract_date) == (date(2023, 2, 10), date(2023, 3, 10))
    assert (found.quarters_added, found.definitions) == ((), ())


def test_a_definition_of_another_version_is_named_in_both_languages(home: Path) -> None:
    with duckdb.connect(str(home / "builds" / NEW / "marts.duckdb")) as connection:
        for table in ("mart_definition", "mart_measure"):
            connection.execute(f"update {table} set version = '2.0.0' where variant = 'survey'").fetchall()
    (item,) = definitions_changed(*both(home))

    assert (item.condition, item.variant, item.old, item.new) == ("hypertension", "survey", "1.0.0", "2.0.0")
    assert item.name_vi.endswith("– tên")
    assert item.name_en.endswith("– name")


def test_a_definition_that_went_has_no_new_version(home: Path) -> None:
    with duckdb.connect(str(home / "builds" / NEW / "marts.duckdb")) as connection:
        connection.execute("delete from mart_measure where variant = 'survey'").fetchall()
    (item,) = definitions_changed(*both(home))

    assert (item.variant, item.old, item.new) == ("survey", "1.0.0", None)
    (back,) = definitions_changed(*reversed(both(home)))
    assert (back.old, back.new) == (None, "1.0.0")


def test_the_build_before_goes_by_the_time_it_was_made(home: Path) -> None:
    new, old = both(home)

    assert previous(new) == old
    assert previous(old) is None
    # An older extract loaded later is the newer build: what stood on the screen before was the other one.
    rewrite(home, OLD, created_at="2023-04-01T08:00:00")
    again = Path(home).parent / "again"
    home.rename(again)
    assert previous(Generation(again, OLD)) == Generation(again, NEW)
