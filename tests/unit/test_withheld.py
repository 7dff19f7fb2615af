"""Files that were retracted and people who were forgotten do not come back, whoever sends them again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import hssk
from tests.support import home as support
from tests.support.home import (
    count,
    environment,
    manifest,
    record,
    resident,
    run_build,
    small_extract,
    write_csv,
)
from tests.support.shared import Built
from warehouse import withheld
from warehouse.database import open_warehouse, rows
from warehouse.errors import UserError
from warehouse.identity import load_keys, person_key
from warehouse.linkage import SEALED, unseal
from warehouse.linking import forgetting, model

ASSESSED = ("hypertension", "measured_once", "assessed")


def run(home: Path, *arguments: str) -> str:
    result = CliRunner().invoke(hssk.app, [*arguments, "--home", str(home)], env=environment(home))
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result.stdout


def sealed_refs(home: Path) -> set[str]:
    keys = load_keys(support.settings(home))
    return {
        str(ref)
        for path in (home / "linkage").glob(f"*{SEALED}")
        for frame in unseal(path, keys.linkage_key, path.name.removesuffix(SEALED))
        if "person_ref" in frame.columns
        for ref in frame["person_ref"]
    }


def people_in(home: Path, table: str) -> int:
    with open_warehouse(support.settings(home)) as connection:
        return int(rows(connection, f"select count(distinct person_key) from {table}")[0][0])


def test_a_retracted_file_is_gone_and_its_content_stays_away(small: Built) -> None:
    source, home = small
    assert count(home, *ASSESSED) == 40

    text = run(home, "retract", "in/measurement", "--reason", "sent by mistake")

    assert "retracted: in/measurement" in text
    assert count(home, *ASSESSED) == 0
    (source / "measurement.csv").rename(source / "measurement_again.csv")
    report = run_build(home, source)
    assert not report.landed
    [left] = report.ignored
    assert "retracted on" in left.message
    assert "sent by mistake" in left.message
    # A full rebuild knows of it too.
    run_build(home, source, full=True)
    assert count(home, *ASSESSED) == 0
    # Corrected, it counts again.
    again = source / "measurement_again.csv"
    again.write_text("\n".join(reversed_rows(again.read_text())))
    run_build(home, source)
    assert count(home, *ASSESSED) == 40


def reversed_rows(text: str) -> list[str]:
    """The same rows in another order: another content."""
    header, *lines = text.split("\n")
    return [header, *reversed([line for line in lines if line]), ""]


def test_only_what_is_loaded_can_be_retracted(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean in/resident"):
        withheld.retract(tmp_path, {"in/resident": "x"}, ["in/residents"], reason="r", on=date(2024, 1, 1))


def test_a_forgotten_person_is_in_no_store_and_refused_when_sent_again(small: Built, tmp_path: Path) -> None:
    source, home = small
    [gone, *_] = sorted(sealed_refs(home))

    run(home, "forget", gone)

    assert gone not in sealed_refs(home)
    assert len(sealed_refs(home)) == 39
    assert people_in(home, "raw_resident") == people_in(home, "raw_measurement") == 39
    assert count(home, *ASSESSED) == 39
    assert gone not in (home / withheld.FILE_NAME).read_text()
    assert withheld.read(home).pending == ()
    # Sent again in another file, and in a full rebuild of the old ones.
    write_csv(tmp_path / "more" / "resident.csv", [resident(gone), resident("somebody")])
    write_csv(tmp_path / "more" / "health_record.csv", [record("somebody")])
    report = run_build(home, tmp_path / "more", quarantine_share_limit=1)
    refused = {item.table: item.reasons for item in report.landed}["resident"]
    assert [(rule, n) for _, rule, _, n in refused] == [("forgotten", 1)]
    run_build(home, source, tmp_path / "more", full=True, quarantine_share_limit=1)
    assert gone not in sealed_refs(home)
    assert people_in(home, "raw_resident") == 40


def test_what_was_cut_short_is_finished_by_the_next_build(small: Built) -> None:
    """The tombstone is written first; whatever happens then, the person goes with the next build."""
    source, home = small
    [gone, *_] = sorted(sealed_refs(home))
    keys = load_keys(support.settings(home))
    withheld.write(home, withheld.forget(home, keys, [gone], on=date(2024, 7, 1)))
    assert len(withheld.read(home).pending) == 1

    run_build(home, source)

    assert withheld.read(home).pending == ()
    assert gone not in sealed_refs(home)
    assert people_in(home, "raw_health_record") == 39


def test_a_damaged_list_stops_everything(tmp_path: Path) -> None:
    (tmp_path / withheld.FILE_NAME).write_text('{"files": []}')
    with pytest.raises(UserError, match="cannot be read"):
        withheld.read(tmp_path)


def with_sections(folder: Path) -> Path:
    rows = [
        {
            "record_id": f"R-P{n:03}",
            "section": "blood_group",
            "completed_at": "2024-03-01",
            "value_state": "present",
        }
        for n in range(40)
    ]
    write_csv(folder / "record_section.csv", rows)
    return folder


def test_the_sections_of_a_forgotten_person_go_with_the_record(tmp_path: Path) -> None:
    source, home = with_sections(small_extract(tmp_path / "in")), tmp_path / "home"
    run_build(home, source)
    run(home, "forget", "P007")

    for _ in range(2):
        with open_warehouse(support.settings(home)) as connection:
            assert rows(connection, "select count(*) from raw_record_section") == [(39,)]
        files = manifest(home)["files"]
        assert all(f["accepted"] + f["quarantined"] + f["duplicate"] == f["received"] for f in files)
        assert {f["accepted"] for f in files if f["table_name"] != "measurement"} == {39}
        run_build(home, source, full=True, quarantine_share_limit=1)


def test_an_older_store_that_is_restored_forgets_again(small: Built) -> None:
    source, home = small
    backup = {path: path.read_bytes() for path in [home / "warehouse.duckdb", *(home / "linkage").iterdir()]}
    run(home, "forget", "P007")
    for path, content in backup.items():
        path.write_bytes(content)

    run_build(home, source)

    assert people_in(home, "raw_resident") == 39
    assert "P007" not in sealed_refs(home)


def test_a_slip_in_a_reference_forgets_nobody(small: Built) -> None:
    home = small.home
    result = CliRunner().invoke(
        hssk.app, ["forget", "P007", "nobody", "--home", str(home)], env=environment(home)
    )
    assert isinstance(result.exception, UserError)
    assert "1 of 2 people" in str(result.exception)
    assert "nobody" not in str(result.exception).replace("nobody was forgotten", "")
    assert withheld.read(home).people == ()
    # Blanks around a reference are none of it, as in extracts.
    run(home, "forget", " P007 ")
    assert people_in(home, "raw_resident") == 39


def test_a_file_whose_repeats_are_elsewhere_is_not_retracted_by_halves(tmp_path: Path) -> None:
    """Rows of b were dropped as repeats of a: the command says so and changes nothing; nothing is locked."""
    home = tmp_path / "home"
    for name, people in (("a", 50), ("b", 51)):
        write_csv(tmp_path / name / "resident.csv", [resident(f"P{n}") for n in range(people)])
        write_csv(
            tmp_path / name / "health_record.csv",
            [record(f"P{n}", record_id=f"{name}{n}") for n in range(50)],
        )
    run_build(home, tmp_path / "a", tmp_path / "b")
    result = CliRunner().invoke(
        hssk.app, ["retract", "a/resident", "--reason", "r", "--home", str(home)], env=environment(home)
    )
    assert "--full" in str(result.exception)
    assert withheld.read(home).files == ()
    # Written all the same (an older version): a full rebuild is the way out.
    with open_warehouse(support.settings(home)) as connection:
        known = dict(rows(connection, "select logical_name, sha256 from meta_file"))
    both = withheld.retract(home, known, ["a/resident"], reason="r", on=date(2024, 7, 1))
    withheld.write(home, both)
    run_build(home, tmp_path / "a", tmp_path / "b", full=True)
    assert people_in(home, "raw_resident") == 51


SAME = {"national_id": "079160000123", "full_name": "Nguyễn Thị Hai"}
LINKAGE = ("meta_person", "meta_person_before", "meta_person_pair", "meta_person_seen")


def linked_home(tmp_path: Path) -> tuple[Path, list[Path]]:
    """A home in which P001 and the hospital's H-1 are one person, and where that was not always so."""
    city, hospital, home = small_extract(tmp_path / "city"), tmp_path / "hospital", tmp_path / "home"
    people = [resident(f"P{n:03}", **(SAME if n == 1 else {"national_id": ""})) for n in range(40)]
    write_csv(city / "resident.csv", people)
    others = [resident("H-2", national_id=""), resident("H-3", national_id="")]
    write_csv(hospital / "resident.csv", [resident("H-1", national_id=""), *others])
    run_build(home, hospital, city)
    write_csv(hospital / "resident.csv", [resident("H-1", **SAME), *others])
    run_build(home, hospital)
    return home, [hospital, city]


def keys_in(home: Path, tables: tuple[str, ...]) -> set[int]:
    """Every number of these tables: pseudonyms among them."""
    with open_warehouse(support.settings(home)) as connection:
        return {
            value
            for table in tables
            for row in rows(connection, f"from {table}")
            for value in row
            if isinstance(value, int)
        }


def test_all_references_of_a_person_are_forgotten_together(tmp_path: Path) -> None:
    home, folders = linked_home(tmp_path)
    keys = load_keys(support.settings(home))
    both = {person_key(keys, ref) for ref in ("P001", "H-1")}
    assert both <= keys_in(home, LINKAGE[:1])
    assert keys_in(home, LINKAGE[1:2])
    store, written = home / "warehouse.duckdb", [key.to_bytes(8, "little") for key in both]
    assert all(key in store.read_bytes() for key in written)

    text = run(home, "forget", "H-1")

    assert "1 references given, 1 more" in text
    # The file keeps no bytes of deleted rows either.
    content = store.read_bytes()
    assert not any(key in content for key in written)
    assert store.stat().st_mode & 0o777 == 0o600
    assert list(home.glob("warehouse.*")) == [store]
    for _ in range(2):
        assert {"P001", "H-1"}.isdisjoint(sealed_refs(home))
        assert not both & keys_in(home, (*LINKAGE, "raw_resident", "raw_measurement", "raw_health_record"))
        assert people_in(home, "raw_resident") == 41
        run_build(home, *folders, full=True)


def test_one_reference_alone_can_be_forgotten(tmp_path: Path) -> None:
    """Who is left of the person is no longer called by the pseudonym of the reference that is gone."""
    home, _ = linked_home(tmp_path)
    keys = load_keys(support.settings(home))
    of = {person_key(keys, ref): ref for ref in ("P001", "H-1")}
    with open_warehouse(support.settings(home)) as connection:
        [(left, gone)] = rows(
            connection, "select source_key, person_key from meta_person where source_key <> person_key"
        )
        named = "select distinct person_key from meta_person where source_key = $left"

    assert "1 references given, 0 more" in run(home, "forget", of[gone], "--only")

    assert sealed_refs(home) & set(of.values()) == {of[left]}
    assert gone not in keys_in(home, LINKAGE)
    with open_warehouse(support.settings(home)) as connection:
        assert rows(connection, named, {"left": left}) == [(left,)]


def test_a_list_that_is_lost_or_older_than_the_store_stops_everything(small: Built) -> None:
    source, home = small
    run(home, "forget", "P007")
    path = home / withheld.FILE_NAME
    saved = path.read_text()

    for content in (None, '{"files": [], "people": []}'):
        path.unlink() if content is None else path.write_text(content)
        for options in ({}, {"full": True}):
            with pytest.raises(UserError, match="missing, older than the store") as refused:
                run_build(home, source, **options)
            assert "backup" in str(refused.value)
        result = CliRunner().invoke(hssk.app, ["forget", "P001", "--home", str(home)], env=environment(home))
        assert "missing, older" in str(result.exception)
        assert path.exists() == (content is not None)
    # A list that is newer than the store is the usual one.
    path.write_text(saved)
    keys = load_keys(support.settings(home))
    withheld.write(home, withheld.forget(home, keys, ["P008"], on=date(2024, 7, 1)))
    run_build(home)
    assert people_in(home, "raw_resident") == 38


def test_names_that_nobody_else_has_leave_the_model(tmp_path: Path) -> None:
    """Of the 1,000 people of the model two had the rare name, of whom one is gone; the frequent one stays."""
    key = bytes(32)
    frequency = pl.DataFrame({"value": ["BINH VU", "HAI THI TRAN"], "share": [0.002, 0.5]})
    known = model.beginning(1_000, 100, {"name_sorted": frequency})
    model.write(known, tmp_path, key)
    told = pl.DataFrame({"full_name": ["Vũ Bình", "Trần Thị Hai"], "person_key": [1, 2]})

    forgetting.forget_names(tmp_path, key, [told])

    left = model.read(tmp_path, key)
    assert left is not None
    assert left.frequency["name_sorted"]["value"].to_list() == ["HAI THI TRAN"]
    assert left.weights.equals(known.weights)
