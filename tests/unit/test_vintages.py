"""Frozen quarters: published once, carried unchanged, revised aloud, withdrawn when a person is erased."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analytics.catalogue import catalogue
from analytics.generation import Generation, close_all
from analytics.query import Answer, answer, parse
from tests.support.city import DAYS, city_home
from tests.support.home import fingerprints, manifest, pressure, record, resident, run_build, write_csv
from tests.support.shared import Once, copied
from warehouse import releases
from warehouse.errors import UserError
from warehouse.vintages import Revision, parse_revision

#: 2024Q2 ended 45 days before this day.
CLOSING = date(2024, 8, 14)
ASKED_AT = datetime(2026, 11, 27, 9, 0, 0)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_all()


@pytest.fixture
def home(once: Once, tmp_path: Path) -> Path:
    """The small city as built on the day its second quarter was closed; the test's own."""
    made = once("closed-city", lambda folder: city_home(folder / "home", as_of=CLOSING, freeze_days=45))
    return copied(made, tmp_path).home


def late(folder: Path, people: int = 60) -> Path:
    """Records of ``people`` raised residents of District 3 that arrive after the quarters they belong to."""
    refs = [f"late-{number:03}" for number in range(people)]
    homes = [resident(ref, district_code="770", ward_code="27124") for ref in refs]
    write_csv(folder / "resident.csv", homes)
    write_csv(folder / "health_record.csv", [record(ref) for ref in refs])
    rows = [row for ref in refs for day in DAYS for row in pressure(ref, day, 150)]
    write_csv(folder / "measurement.csv", rows)
    return folder


def ask(home: Path, **words: Any) -> Answer:
    words = {"condition": "hypertension", "definition": "measured_twice", "period": "2024Q2", **words}
    try:
        return answer(parse(**words), Generation.open(home), asked_at=ASKED_AT)
    finally:
        close_all()  # a file that is open cannot be opened otherwise by the same process


def city(home: Path, **words: Any) -> tuple[int | None, int | None]:
    row = ask(home, **words).rows.row(0, named=True)
    return row["numerator"], row["denominator"]


def quarters(home: Path) -> dict[str, int]:
    close_all()
    return {item.name: item.vintage for item in catalogue(Generation.open(home).frozen).quarters}


def test_a_quarter_is_frozen_45_days_after_its_end(tmp_path: Path) -> None:
    home = city_home(tmp_path / "home", as_of=date(2024, 8, 13), freeze_days=45)
    assert list(quarters(home)) == ["2024Q1"]
    run_build(home, home / "extract", as_of=CLOSING, freeze_days=45)
    assert list(quarters(home)) == ["2024Q1", "2024Q2"]
    known = {item.name: item.known_at for item in catalogue(Generation.open(home).frozen).vintages}
    assert known == {"2024Q1": date(2024, 8, 13), "2024Q2": CLOSING}


def test_before_that_nothing_is_published_but_exact_counts_are_there(tmp_path: Path) -> None:
    home = city_home(tmp_path / "home", as_of=date(2024, 4, 30), freeze_days=45)
    with pytest.raises(UserError, match="no quarter of this build may be published yet"):
        ask(home, period=None)
    assert city(home, period="2024Q2", exact=True)[1] == 220
    assert ask(home, measure="coverage", condition=None, period="2024Q2").rows["numerator"].item() == 220


def test_late_data_changes_todays_counts_and_no_published_number(home: Path, tmp_path: Path) -> None:
    published, exact = ask(home, by="district").rows, city(home, exact=True)
    run_build(home, late(tmp_path / "late"), as_of=date(2024, 9, 1), freeze_days=45)

    assert ask(home, by="district").rows.equals(published)
    assert city(home, exact=True) == (exact[0] + 60, exact[1] + 60)  # type: ignore[operator]


def test_a_revision_is_a_vintage_with_a_reason_and_both_stay(home: Path, tmp_path: Path) -> None:
    first = city(home)
    revision = Revision(quarters=("2024Q2",), reason="sixty late records of District 3")
    run_build(home, late(tmp_path / "late"), as_of=date(2024, 9, 1), freeze_days=45, revision=revision)

    assert quarters(home) == {"2024Q1": 1, "2024Q2": 2}
    assert city(home, vintage=1) == first
    second = city(home)
    assert second == city(home, vintage=2)
    assert 40 < second[1] - first[1] < 80  # type: ignore[operator]
    assert ask(home).build["vintages"] == {"2024Q2": {"vintage": 2, "known_at": "2024-09-01"}}
    told = [(item["quarter"], item["vintage"], item["reason"]) for item in manifest(home)["vintages"]]
    assert told[-1] == ("2024Q2", 2, "sixty late records of District 3")
    with pytest.raises(UserError, match="one of 1, 2"):
        city(home, vintage=3)


def test_a_withdrawal_keeps_no_older_vintage(home: Path, tmp_path: Path) -> None:
    revision = Revision(reason="a person was erased", withdraws=True)
    run_build(home, late(tmp_path / "late"), as_of=date(2024, 9, 1), freeze_days=45, revision=revision)

    assert quarters(home) == {"2024Q1": 1, "2024Q2": 1}
    assert city(home, vintage=1) == city(home)
    assert {item["known_at"] for item in manifest(home)["vintages"]} == {"2024-09-01"}
    assert releases.verify(home) == []


def test_frozen_counts_are_no_part_of_what_increments_and_rebuilds_must_agree_on(
    home: Path, tmp_path: Path
) -> None:
    run_build(home, late(tmp_path / "late"), as_of=date(2024, 9, 1), freeze_days=45)
    grown = fingerprints(home)
    published = city(home)
    run_build(home, home / "extract", tmp_path / "late", as_of=date(2024, 9, 1), freeze_days=45, full=True)
    assert fingerprints(home) == grown
    assert city(home) == published


def test_a_new_definition_is_counted_for_published_quarters_too(home: Path) -> None:
    _rename_version(home, "0.9.0")
    run_build(home, home / "extract", as_of=date(2024, 8, 20), freeze_days=45)

    variants = {item.variant: item.version for item in catalogue(Generation.open(home).frozen).variants}
    newest = variants["measured_twice"]
    assert variants["measured_twice@0.9.0"] == "0.9.0" != newest
    assert ask(home, definition="measured_twice@0.9.0").rows.equals(ask(home).rows)
    reasons = [(item["quarter"], item["reason"]) for item in manifest(home)["vintages"]]
    assert reasons[2:] == [("2024Q1", "new definitions"), ("2024Q2", "new definitions")]
    # A quarter frozen after the change does not count the old version, and says so instead of zero.
    run_build(home, home / "extract", as_of=date(2024, 11, 20), freeze_days=45)
    row = ask(home, definition="measured_twice@0.9.0", period="2024Q3").rows.row(0, named=True)
    assert (row["state"], row["reason"], row["numerator"]) == ("no_data", "not_counted", None)


def _rename_version(home: Path, version: str) -> None:
    """As if the quarters had been frozen under an earlier version of one definition."""
    path = home / "builds" / (home / "CURRENT").read_text().strip() / "frozen.duckdb"
    path.chmod(0o640)
    with duckdb.connect(str(path)) as connection:
        for table in ("mart_measure", "mart_definition"):
            connection.execute(
                f"update {table} set version = $version where variant = 'measured_twice'",
                {"version": version},
            ).fetchall()


def test_a_mart_that_older_versions_did_not_have_is_no_reason_to_publish_anew(
    home: Path, tmp_path: Path
) -> None:
    before, published = city(home), quarters(home)
    frozen = home / "builds" / (home / "CURRENT").read_text().strip() / "frozen.duckdb"
    frozen.chmod(0o600)
    with duckdb.connect(str(frozen)) as connection:
        connection.execute("drop table mart_validation").fetchall()
    run_build(home, late(tmp_path / "late"), as_of=CLOSING, freeze_days=45)
    assert quarters(home) == published
    assert city(home) == before
    row = ask(home, definition="recommended", estimator="misclassification").rows.row(0, named=True)
    assert row["reason"] == "no_validation"


def test_another_record_key_cannot_carry_what_was_published(home: Path) -> None:
    keys = {"record_key": "99" * 32}
    with pytest.raises(UserError, match=r"record key|another key"):
        run_build(home, home / "extract", as_of=CLOSING, full=True, **keys)
    again = Revision(reason="new record key", withdraws=True)
    run_build(home, home / "extract", as_of=CLOSING, full=True, revision=again, **keys)
    assert releases.verify(home) == []


def test_the_release_log_names_every_quarter_once_and_holds_together(home: Path) -> None:
    run_build(home, home / "extract", as_of=date(2024, 11, 20), freeze_days=45)
    entries = releases.read(home)
    assert [(item["quarter"], item["vintage"], item["known_at"]) for item in entries] == [
        ("2024Q1", 1, "2024-08-14"),
        ("2024Q2", 1, "2024-08-14"),
        ("2024Q3", 1, "2024-11-20"),
    ]
    assert releases.verify(home) == []


def test_a_changed_line_or_count_is_found(home: Path) -> None:
    log = home / releases.LOG
    lines = log.read_text().splitlines()
    log.write_text(
        json.dumps({**json.loads(lines[0]), "reason": "other"}, sort_keys=True) + "\n" + lines[1] + "\n"
    )
    assert [str(fault.row) for fault in releases.verify(home)] == ["2"]
    log.write_text("\n".join(lines) + "\n")

    path = home / "builds" / (home / "CURRENT").read_text().strip() / "frozen.duckdb"
    path.chmod(0o640)
    with duckdb.connect(str(path)) as connection:
        connection.execute("update mart_case set people = people + 1 where quarter_index = 0").fetchall()
    (fault,) = releases.verify(home)
    assert fault.value == "2024Q1, vintage 1"
    log.write_text("not json\n")
    with pytest.raises(UserError, match="release log is damaged"):
        releases.read(home)


def test_words_of_a_revision() -> None:
    assert parse_revision(None, None, withdraws=False) is None
    assert parse_revision("2024Q1, 2024Q2", "late", withdraws=False) == Revision(
        quarters=("2024Q1", "2024Q2"), reason="late"
    )
    for quarters_, reason, withdraws in (
        (None, "late", False),
        (None, None, True),
        ("all", None, False),
        ("2024Q1", "erased", True),
    ):
        with pytest.raises(UserError):
            parse_revision(quarters_, reason, withdraws=withdraws)


def test_a_quarter_that_was_never_published_cannot_be_revised(home: Path) -> None:
    unknown = Revision(quarters=("2023Q4",), reason="late")
    with pytest.raises(UserError, match=r"2024Q1, 2024Q2"):
        run_build(home, home / "extract", as_of=CLOSING, revision=unknown, freeze_days=45)
