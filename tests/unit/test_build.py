"""Builds: idempotent, incremental, corrected, refused; equal to a full rebuild by content fingerprints."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from tests.support import home as support
from tests.support.home import (
    count,
    environment,
    fingerprints,
    manifest,
    marts,
    pressure,
    record,
    resident,
    run_build,
    small_extract,
    write_csv,
)  # fmt: skip
from tests.support.shared import Built, Once
from warehouse.database import open_warehouse
from warehouse.errors import EXIT_LOCKED, Faults, UserError
from warehouse.fault_points import FULL_POINTS, POINTS
from warehouse.identity import Keys, key_marks
from warehouse.lineage import explain
from warehouse.linkage import unseal
from warehouse.lock import LOCK
from warehouse.publish import surplus
from warehouse.rebuild import settle
from warehouse.vintages import Revision

ROOT = Path(__file__).parents[2]


def test_people_become_counts(tmp_path: Path) -> None:
    report = run_build(tmp_path / "home", small_extract(tmp_path / "in"))
    assert count(tmp_path / "home", "hypertension", "measured_once", "assessed") == 40
    assert count(tmp_path / "home", "hypertension", "measured_once", "case") == 20
    assert (report.as_of, report.as_of_source) == (date(2024, 6, 30), "newest record")


def test_a_second_build_of_the_same_files_changes_nothing(small: Built) -> None:
    source, home = small
    before = fingerprints(home)
    report = run_build(home, source)
    assert fingerprints(home) == before
    assert not report.landed
    assert len(report.skipped) == 3


def test_increments_equal_a_full_rebuild(tmp_path: Path) -> None:
    first, second = small_extract(tmp_path / "first"), tmp_path / "second"
    write_csv(second / "resident.csv", [resident("NEW", district_code="787", ward_code="")])
    write_csv(second / "health_record.csv", [record("NEW")])
    write_csv(
        second / "measurement.csv", pressure("P001", "2024-05-05", 160) + pressure("NEW", "2024-05-06", 150)
    )
    run_build(tmp_path / "a", first)
    run_build(tmp_path / "a", second)
    run_build(tmp_path / "b", first, second)
    assert fingerprints(tmp_path / "a") == fingerprints(tmp_path / "b")
    run_build(tmp_path / "a", first, second, full=True)
    assert fingerprints(tmp_path / "a") == fingerprints(tmp_path / "b")


def test_a_corrected_file_replaces_its_rows(small: Built) -> None:
    source, home = small
    write_csv(source / "measurement.csv", pressure("P000", "2024-03-05", 150))
    report = run_build(home, source)
    assert report.replaced == ("in/measurement",)
    assert count(home, "hypertension", "measured_once", "assessed") == 1
    assert len(list((home / "linkage").iterdir())) == 3


def test_a_damaged_file_is_refused_whole_the_rest_loads_and_an_earlier_version_stays(
    small: Built, tmp_path: Path
) -> None:
    source, home = small
    before = fingerprints(home)
    plain = write_csv(
        tmp_path / "plain.csv", [row for n in range(3000) for row in pressure(f"Q{n}", "2024-04-01", 150)]
    )
    packed = gzip.compress(plain.read_bytes())
    (source / "measurement.csv").unlink()
    (source / "measurement.csv.gz").write_bytes(packed[: len(packed) * 2 // 3])
    (source / "resident_2.parquet").write_bytes(b"PAR1 this is not parquet PAR1")
    write_csv(
        source / "encounter.csv", [{"encounter_id": "E1", "person_ref": "P001", "started_at": "2024-03-05"}]
    )
    report = run_build(home, source)
    assert {fault.file for fault in report.refused} == {"measurement.csv.gz", "resident_2.parquet"}
    assert [item.table for item in report.landed] == ["encounter"]
    after = fingerprints(home)
    # A visit is counted, and so is its file; nothing else has changed.
    assert {name for name in after if after[name] != before[name]} == {"mart_visit", "mart_quality"}


def test_a_full_rebuild_never_loses_a_loaded_file(tmp_path: Path) -> None:
    first = small_extract(tmp_path / "first")
    second = tmp_path / "second"
    write_csv(second / "measurement.csv", pressure("P000", "2024-05-05", 170))
    run_build(tmp_path / "home", first, second)
    with pytest.raises(UserError, match="second/measurement"):
        run_build(tmp_path / "home", first, full=True)


def test_a_loaded_file_that_is_renamed_keeps_its_rows_when_its_old_name_gets_new_ones(
    small: Built, tmp_path: Path
) -> None:
    source, home = small
    (source / "measurement.csv").rename(source / "measurement_2024_01.csv")
    write_csv(source / "measurement.csv", pressure("P000", "2024-04-05", 170))
    run_build(home, source)
    run_build(tmp_path / "fresh", source)
    assert fingerprints(home) == fingerprints(tmp_path / "fresh")
    assert count(home, "hypertension", "measured_once", "case") == 21


def test_a_correction_that_would_hide_rows_of_another_file_asks_for_a_full_rebuild(tmp_path: Path) -> None:
    source = small_extract(tmp_path / "in")
    other = tmp_path / "other"
    other.mkdir()
    (other / "measurement_b.csv").write_text((source / "measurement.csv").read_text())
    with (other / "measurement_b.csv").open("a") as file:
        file.write("extra,P000,V9,8480-6,121,mm[Hg],2024-03-09T08:00:00\n")
    run_build(tmp_path / "home", source, other)
    write_csv(source / "measurement.csv", pressure("P039", "2024-03-05", 150))
    before = fingerprints(tmp_path / "home")
    with pytest.raises(UserError, match="dropped as repeats"):
        run_build(tmp_path / "home", source)
    assert fingerprints(tmp_path / "home") == before
    run_build(tmp_path / "home", source, other, full=True)
    run_build(tmp_path / "fresh", source, other)
    assert fingerprints(tmp_path / "home") == fingerprints(tmp_path / "fresh")
    assert count(tmp_path / "home", "hypertension", "measured_once", "assessed") == 40


def test_a_full_rebuild_stops_when_a_loaded_file_cannot_be_read_any_more(small: Built) -> None:
    source, home = small
    (source / "measurement.csv").write_text("foo,bar\n1,2\n")
    with pytest.raises(Faults, match="required columns are missing"):
        run_build(home, source, full=True)
    report = run_build(home, source)
    assert report.replaced == ()
    assert count(home, "hypertension", "measured_once", "assessed") == 40


def test_a_delivery_of_old_files_never_moves_the_extract_date_back(tmp_path: Path) -> None:
    new, old = small_extract(tmp_path / "new"), tmp_path / "old"
    (new / "manifest.toml").write_text("as_of = 2024-12-31\n")
    write_csv(old / "measurement.csv", pressure("P000", "2024-01-05", 130))
    (old / "manifest.toml").write_text("as_of = 2024-03-01\n")
    run_build(tmp_path / "home", new)
    assert run_build(tmp_path / "home", old).as_of == date(2024, 12, 31)


def test_folders_of_one_name_are_told_apart_by_their_manifest(tmp_path: Path) -> None:
    first, second = small_extract(tmp_path / "2024-01" / "data"), tmp_path / "2024-02" / "data"
    write_csv(second / "measurement.csv", pressure("P000", "2024-04-05", 170))
    run_build(tmp_path / "home", first)
    with pytest.raises(UserError, match="another folder of the same name"):
        run_build(tmp_path / "home", second)
    with pytest.raises(UserError, match="two files carry the logical name"):
        run_build(tmp_path / "other", first, second)
    (second / "manifest.toml").write_text('name = "2024-02"\n')
    run_build(tmp_path / "home", second)
    assert count(tmp_path / "home", "hypertension", "measured_once", "case") == 21


def test_leftovers_do_not_stop_a_build(small: Built) -> None:
    source, home = small
    (home / "builds" / "20200101-deadbeef").mkdir()
    (home / "linkage" / "note").mkdir()
    run_build(home, source)


#: Published quarters cannot be carried over a change of the record key.
NEW_KEYS = ("--revise", "all", "--withdraw", "--reason", "new keys")


@pytest.mark.parametrize("point", POINTS + FULL_POINTS)
def test_kill_9_in_a_full_rebuild_with_new_keys_leaves_one_whole_store(small: Built, point: str) -> None:
    """Store and sealed files always belong together, under the old keys or under the new ones."""
    source, home = small
    new = {"pseudonym_key": "ab" * 32, "record_key": "cd" * 32, "linkage_key": "ef" * 32}
    variables = {f"HSSK_{name.upper()}": value for name, value in new.items()}
    child = subprocess.run(
        [sys.executable, "-m", "hssk", "build", str(source), "--full", *NEW_KEYS],
        env={**environment(home), **variables, "HSSK_FAULT": point},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    settle(home)
    keys, others = (new, support.KEYS) if is_built_with(home, new) else (support.KEYS, new)
    sealed = list((home / "linkage").glob("*.sealed"))
    assert len(sealed) == 3
    for path in sealed:
        assert list(unseal(path, bytes.fromhex(keys["linkage_key"]), path.stem))
    run_build(home, source, revision=Revision(reason="new keys", withdraws=True), **keys)
    with pytest.raises(UserError, match="another key"):
        run_build(home, source, **others)


def is_built_with(home: Path, keys: dict[str, str]) -> bool:
    expected = key_marks(Keys(**{name: bytes.fromhex(value) for name, value in keys.items()}))
    with open_warehouse(support.settings(home)) as connection:
        return dict(connection.execute("select name, mark from meta_key").fetchall()) == expected


def test_the_extract_date_is_the_option_then_the_manifest(tmp_path: Path) -> None:
    source = small_extract(tmp_path / "in")
    (source / "manifest.toml").write_text('as_of = "2024-09-30"\n')
    assert run_build(tmp_path / "home", source).as_of == date(2024, 9, 30)
    assert run_build(tmp_path / "home", source, as_of=date(2024, 3, 31)).as_of == date(2024, 3, 31)
    assert manifest(tmp_path / "home")["quarters"] == ["2024Q1"]


def test_synthetic_and_real_are_never_mixed(small: Built, tmp_path: Path) -> None:
    other = small_extract(tmp_path / "made")
    (other / "manifest.toml").write_text("synthetic = true\n")
    with pytest.raises(UserError, match="mixed"):
        run_build(small.home, other)
    assert manifest(small.home)["synthetic"] is False


def test_another_key_is_refused_unless_everything_is_rebuilt(small: Built) -> None:
    source, home = small
    other = {"pseudonym_key": "ab" * 32}
    (source / "measurement.csv").write_text((source / "measurement.csv").read_text() + "\n")
    with pytest.raises(UserError, match="another key") as raised:
        run_build(home, source, **other)
    assert raised.value.fault.field == "pseudonym_key"
    before = fingerprints(home)
    run_build(home, source, full=True, **other)
    after = fingerprints(home)
    assert {name: item["rows"] for name, item in after.items()} == {
        name: item["rows"] for name, item in before.items()
    }
    assert after["mart_case"] != before["mart_case"], "record keys follow the pseudonym"


def test_a_jump_of_the_refused_share_stops_the_build(tmp_path: Path) -> None:
    source = small_extract(tmp_path / "in")
    write_csv(source / "resident.csv", [resident("A"), resident("B", sex="x")])
    with pytest.raises(Faults, match="1 of 2 rows were refused"):
        run_build(tmp_path / "home", source)
    assert not (tmp_path / "home" / "CURRENT").exists()
    run_build(tmp_path / "home", source, quarantine_share_limit=0.5)


def test_quarantine_names_file_row_and_rule(tmp_path: Path) -> None:
    source = small_extract(tmp_path / "in")
    write_csv(source / "resident.csv", [resident(f"P{n:03}") for n in range(9)] + [resident("X", sex="m?")])
    report = run_build(tmp_path / "home", source)
    lines = (tmp_path / "home" / "quarantine" / f"{report.build_id}.csv").read_text().splitlines()
    assert lines[1] == 'in/resident,resident.csv,10,sex,allowed,m?,"one of male, female, unknown"'


def test_people_without_a_register_row_stay_in_the_city_total_only(tmp_path: Path) -> None:
    source = small_extract(tmp_path / "in", people=4)
    write_csv(source / "health_record.csv", [record("GHOST"), record("P001")])
    run_build(tmp_path / "home", source)
    assert marts(tmp_path / "home", "select sum(records) from mart_record where step = 'created'") == [(2,)]
    unplaced = "select sum(records) from mart_record where step = 'created' and place_id = 0"
    assert marts(tmp_path / "home", unplaced) == [(1,)]


def test_a_reference_of_two_senders_is_one_person_and_the_build_says_so(tmp_path: Path) -> None:
    source = small_extract(tmp_path / "in", people=4)
    write_csv(
        source / "resident_2.csv",
        [resident("P001", source="other", sex="male"), resident("Z", source="other")],
    )
    report = run_build(tmp_path / "home", source)
    assert "1 person references come from more than one source: each is taken for one person" in report.notes
    assert count(tmp_path / "home", "record", "holder", "resident") == 5


def test_a_ward_outside_its_district_counts_for_the_district(tmp_path: Path) -> None:
    source = small_extract(tmp_path / "in", people=4)
    write_csv(source / "resident.csv", [resident(f"P00{n}", district_code="787") for n in range(4)])
    run_build(tmp_path / "home", source)
    sql = "select distinct p.district_code, p.ward_code from mart_case join mart_place p using (place_id)"
    assert marts(tmp_path / "home", sql) == [("787", None)]


def test_a_second_build_at_once_exits_75_and_names_the_holder(tmp_path: Path) -> None:
    source = small_extract(tmp_path / "in")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "build.holder").write_text("pid 1 on somewhere")
    with FileLock(tmp_path / "home" / LOCK), pytest.raises(UserError, match="pid 1 on somewhere") as raised:
        run_build(tmp_path / "home", source)
    assert raised.value.exit_code == EXIT_LOCKED


def test_explain_goes_down_to_the_extract_files(small: Built) -> None:
    answer = explain(small.home, "mart_case")
    names = {item["table"] for item in answer["made_from"]}
    assert {"mart_case", "core_clause", "core_blood_pressure", "core_person"} <= names
    assert {file["logical_name"] for file in answer["files"]} == {
        "in/resident",
        "in/health_record",
        "in/measurement",
    }
    with pytest.raises(UserError, match="did you mean mart_case"):
        explain(small.home, "mart_cases")


def test_marts_hold_no_person(small: Built) -> None:
    columns = {name for (name,) in marts(small.home, "select distinct column_name from duckdb_columns()")}
    assert not {"person_key", "record_id_key", "encounter_key"} & columns


def test_planted_identities_appear_in_no_file(tmp_path: Path) -> None:
    """Identities are planted in every identifying column, also of rows that are refused or malformed."""
    marks = {
        "person_ref": "ZQREF77", "full_name": "Zquang Zmarker", "national_id": "079099887766", "phone": "0909ZQ1234",
        "old_id": "998877665", "insurance_no": "DN4790099887766", "household_ref": "ZQHOUSE1",
    }  # fmt: skip
    plain = dict.fromkeys(("national_id", "phone", "old_id", "insurance_no", "household_ref"), "")
    rows = [resident(f"P{n:03}") | plain for n in range(30)] + [resident("X") | marks]
    rows.append(resident("Y") | marks | {"person_ref": "ZQREF78", "national_id": "ZQBADID"})
    source = small_extract(tmp_path / "in", people=30)
    path = write_csv(source / "resident.csv", rows)
    path.write_text(path.read_text() + "ZQBROKEN,ZQBROKEN\n")
    home = tmp_path / "home"
    write_csv(source / "health_record.csv", [record("ZQREF77", record_id="ZQREF77-R1"), record("P001")])
    texts = [pressure("ZQREF77", "2024-03-05", 150)[0] | {"value_text": "ZQTEXT note"}]
    write_csv(source / "measurement.csv", texts)
    report = run_build(home, source)
    assert sum(item.quarantined for item in report.landed) == 2
    planted = [*marks.values(), "ZQREF78", "ZQBADID", "ZQBROKEN", "ZQTEXT"]
    for file in home.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            found = [mark for mark in planted if mark.encode() in content]
            assert not found, f"{file.relative_to(home)} holds {found}"
    assert not any(mark in repr(report) for mark in planted)
    with open_warehouse(support.settings(home)) as connection:
        stored = connection.execute(
            "select coalesce(string_agg(t::varchar), '') from raw_resident t"
        ).fetchall()
        assert not any(mark in str(stored) for mark in planted)


def test_the_retention_rule_keeps_14_days_then_weeks_then_quarters() -> None:
    now = datetime(2024, 12, 31)
    dated = [(now - timedelta(days=age), f"b{age:03}") for age in range(400)]
    removed = set(surplus(dated, now=now, current="b300"))
    kept = sorted({name for _, name in dated} - removed)
    assert [f"b{age:03}" for age in range(15)] == kept[:15]
    assert "b300" in kept
    weekly = [name for name in kept if 15 <= int(name[1:]) <= 91]
    assert 10 <= len(weekly) <= 12
    assert len([name for name in kept if int(name[1:]) > 91]) <= 6


@pytest.fixture
def more(once: Once) -> Built:
    """A delivery that follows on that of ``small``, and the build of both at once; to be read only."""

    def make(folder: Path) -> None:
        first, second = small_extract(folder / "in"), folder / "second"
        write_csv(second / "measurement.csv", pressure("P000", "2024-05-05", 170))
        run_build(folder / "home", first, second)

    made = once("small-and-more", make)
    return Built(made / "second", made / "home")


@pytest.mark.parametrize("point", POINTS)
def test_kill_9_at_every_fault_point_leaves_the_last_generation_and_the_next_build_succeeds(
    small: Built, more: Built, point: str
) -> None:
    home, second = small.home, more.source
    served, before = (home / "CURRENT").read_text(), fingerprints(home)
    child = subprocess.run(
        [sys.executable, "-m", "hssk", "build", str(second)],
        env={**environment(home), "HSSK_FAULT": point},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    if point == "after_current":
        assert (home / "CURRENT").read_text() != served
    else:
        assert (home / "CURRENT").read_text() == served
        assert fingerprints(home) == before
        assert marts(home, "select count(*) > 0 from mart_case") == [(True,)]
    run_build(home, second)
    assert count(home, "hypertension", "measured_once", "case") == 21
    assert fingerprints(home) == fingerprints(more.home)
    assert not list((home / "builds").glob(".staged*"))
    assert {path.suffix for path in (home / "linkage").iterdir()} == {".sealed"}


def test_an_unknown_fault_point_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such fault point"):
        run_build(tmp_path / "home", small_extract(tmp_path / "in"), fault="nowhere")
    assert os.listdir(tmp_path) == ["in"]
