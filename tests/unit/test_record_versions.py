"""Versions of one record in several files: the last counts whatever file it came in, and deletions are versions too."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import hypothesis
import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given

from tests.support import home as support
from tests.support.home import fingerprints, run_build
from tests.unit.test_record_files import patient, pressure, readings, write
from warehouse import linkage, repeats, withheld
from warehouse.check import check
from warehouse.database import open_memory, open_warehouse, raw_tables, rows
from warehouse.errors import UserError
from warehouse.extract_files import read_folder
from warehouse.identity import load_keys, person_key
from warehouse.intake import Intake, land_all, survey, take_in, unregistered
from warehouse.readers import formats
from warehouse.readers.scan import NO_TABLE

AS_OF = date(2024, 6, 30)
#: What is told of files depends on the order in which they came.
OF_ARRIVAL = {"mart_quality", "mart_check"}


def at(day: int) -> dict[str, Any]:
    return {"meta": {"lastUpdated": f"2024-05-{day:02}T08:00:00Z"}}


def load(home: Path, folders: Sequence[Path], *, full: bool = False) -> None:
    """One delivery after another, or all of them at once."""
    for folder in [folders] if full else [[one] for one in folders]:
        run_build(home, *folder, as_of=AS_OF, full=full)


def counted(home: Path, sql: str) -> list[tuple[Any, ...]]:
    with open_warehouse(support.settings(home)) as connection:
        return rows(connection, sql)


@pytest.mark.parametrize("order", list(itertools.permutations("abc")), ids="".join)
def test_the_last_version_counts_in_whatever_order_files_come(tmp_path: Path, order: tuple[str, ...]) -> None:
    """a: three readings; b: one corrected, one taken back, one sent as it was; c: the corrected one again."""
    taken_back = pressure("A", 5, 158, status="entered-in-error", **at(2))
    write(
        tmp_path / "a" / "export.ndjson",
        patient("A"), *(pressure("A", month, 150 + month, **at(1)) for month in (3, 4, 5)),
    )  # fmt: skip
    write(
        tmp_path / "b" / "export.ndjson",
        pressure("A", 3, 131, **at(2)),
        pressure("A", 4, 154, **at(1)),
        taken_back,
    )
    write(tmp_path / "c" / "export.ndjson", pressure("A", 3, 141, **at(3)))
    folders = [tmp_path / name for name in order]
    # Of the first two only the people's store: what is counted then is counted anew with the third.
    for folder in folders[:2]:
        receive(tmp_path / "home", folder)
    load(tmp_path / "home", folders[2:])

    assert readings(tmp_path / "home") == [141, 154]
    apart = fingerprints(tmp_path / "home")
    load(tmp_path / "home", folders, full=True)
    assert readings(tmp_path / "home") == [141, 154]
    together = fingerprints(tmp_path / "home")
    assert {name for name in together if together[name] != apart[name]} <= OF_ARRIVAL
    [(received, told)] = counted(
        tmp_path / "home", "select sum(received), sum(accepted + quarantined + duplicate) from meta_file"
    )
    assert received == told


def test_a_deleted_record_stays_away_when_an_older_export_comes_late(tmp_path: Path) -> None:
    deleted = {
        "resourceType": "Bundle", "type": "transaction",
        "entry": [{"request": {"method": "DELETE", "url": "Observation/A-3"}}],
    }  # fmt: skip
    write(tmp_path / "a" / "export.ndjson", patient("A"), pressure("A", 3, 150), pressure("A", 4, 152))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "changes.json").write_text(json.dumps(deleted))
    load(tmp_path / "home", [tmp_path / "a", tmp_path / "b"])
    assert readings(tmp_path / "home") == [152]

    known = dict(counted(tmp_path / "home", "select logical_name, sha256 from meta_file"))
    taken = withheld.retract(tmp_path / "home", known, ["b/changes"], reason="a slip", on=AS_OF)
    withheld.write(tmp_path / "home", taken)
    with pytest.raises(UserError, match="--full"):
        run_build(tmp_path / "home", tmp_path / "a", as_of=AS_OF)
    run_build(tmp_path / "home", tmp_path / "a", tmp_path / "b", as_of=AS_OF, full=True)
    assert readings(tmp_path / "home") == [150, 152]


def test_a_version_with_fewer_values_leaves_none_of_the_older(tmp_path: Path) -> None:
    shorter = pressure("A", 3, 140, **at(2))
    shorter["component"] = shorter["component"][:1]
    write(tmp_path / "a" / "export.ndjson", patient("A"), pressure("A", 3, 150, **at(1)))
    write(tmp_path / "b" / "export.ndjson", shorter)
    load(tmp_path / "home", [tmp_path / "a", tmp_path / "b"])
    assert counted(tmp_path / "home", "select code, value from raw_measurement") == [("8480-6", 140)]


def claim(
    visit: str, drugs: Sequence[str], *, person: str | None = "B1", month: int = 3, ward: str = "26740"
) -> str:
    """One HOSO; without a person its main part is broken."""
    began = f"2024{month:02}050800"
    main = (
        f"<TONG_HOP><MA_LK>{visit}</MA_LK><MA_BN>{person}</MA_BN><GIOI_TINH>2</GIOI_TINH>"
        f"<NGAY_SINH>196005170000</NGAY_SINH><NGAY_VAO>{began}</NGAY_VAO><NGAY_RA>{began}</NGAY_RA>"
        f"<MA_CSKCB>79001</MA_CSKCB><MAXA_CU_TRU>{ward}</MAXA_CU_TRU></TONG_HOP>"
    )
    given = "".join(
        f"<CHI_TIET_THUOC><MA_LK>{visit}</MA_LK><STT>{number}</STT><TEN_THUOC>{name}</TEN_THUOC>"
        f"<NGAY_YL>{began}</NGAY_YL></CHI_TIET_THUOC>"
        for number, name in enumerate(drugs, start=1)
    )
    parts = {
        "XML1": main if person else "<TONG_HOP>",
        "XML2": f"<CHITIEU_CHITIET_THUOC><DSACH_CHI_TIET_THUOC>{given}</DSACH_CHI_TIET_THUOC></CHITIEU_CHITIET_THUOC>",
    }
    return "<HOSO>" + "".join(
        f"<FILEHOSO><LOAIHOSO>{name}</LOAIHOSO><NOIDUNGFILE><![CDATA[{text}]]></NOIDUNGFILE></FILEHOSO>"
        for name, text in parts.items()
    ) + "</HOSO>"  # fmt: skip


def claims(path: Path, *visits: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "<GIAMDINHHS><THONGTINDONVI><MACSKCB>79001</MACSKCB></THONGTINDONVI><THONGTINHOSO><DANHSACHHOSO>"
        f"{''.join(visits)}</DANHSACHHOSO></THONGTINHOSO></GIAMDINHHS>"
    )
    return path.parent


def test_a_visit_sent_again_counts_with_what_it_has_now(tmp_path: Path) -> None:
    a = claims(
        tmp_path / "a" / "m.xml", claim("L1", ["Amlodipin 5mg", "Metformin 500mg"]), claim("L2", ["Losartan"])
    )
    b = claims(tmp_path / "b" / "m.xml", claim("L1", ["Felodipin 5mg"]))
    load(tmp_path / "home", [a, b])
    drugs = "select atc from raw_medication order by 1"
    assert counted(tmp_path / "home", drugs) == [("C08CA02",), ("C09CA01",)]


def test_a_visit_whose_person_is_lost_gives_way_to_the_whole_one(tmp_path: Path) -> None:
    a = claims(tmp_path / "a" / "m.xml", claim("L1", ["Amlodipin 5mg"]))
    b = claims(tmp_path / "b" / "m.xml", claim("L1", ["Felodipin 5mg"], person=None))
    load(tmp_path / "home", [a])
    run_build(tmp_path / "home", b, as_of=AS_OF, quarantine_share_limit=1)
    assert counted(tmp_path / "home", "select atc from raw_medication") == [("C08CA01",)]


def test_somebodys_particulars_are_those_of_their_last_visit(tmp_path: Path) -> None:
    """Whichever file came last."""
    newer = claims(tmp_path / "b" / "m.xml", claim("L2", [], month=5, ward="26743"))
    older = claims(tmp_path / "a" / "m.xml", claim("L1", [], month=3, ward="26740"))
    load(tmp_path / "home", [newer, older])
    assert counted(tmp_path / "home", "select ward_code from raw_resident") == [("26743",)]
    assert counted(tmp_path / "home", "select count(*) from raw_encounter") == [(2,)]


def test_of_a_forgotten_person_no_record_is_known(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "in"
    write(folder / "export.ndjson", patient("A"), patient("B"), pressure("A", 3, 150), pressure("B", 3, 140))
    run_build(home, folder, as_of=AS_OF)
    assert counted(home, "select count(*) from meta_record") == [(4,)]

    keys = load_keys(support.settings(home))
    withheld.write(home, withheld.forget(home, keys, ["A"], on=AS_OF))
    run_build(home, folder, as_of=AS_OF)
    assert counted(home, "select count(*) from meta_record") == [(2,)]
    assert counted(home, "select count(*) from raw_measurement") == [(2,)]

    # Nor does a full rebuild learn of one again.
    load(home, [folder], full=True)
    assert counted(home, "select count(*) from meta_record") == [(2,)]


# Versions without a moment


def receive(home: Path, *folders: Path) -> Intake:
    """One delivery, as far as the store of people: what a build does before it counts."""
    settings = support.settings(home, quarantine_share_limit=1)
    keys, files = load_keys(settings), [file for one in folders for file in read_folder(one).files]
    home.mkdir(exist_ok=True)
    with open_warehouse(settings) as connection, unregistered(connection):
        withheld.tell(connection, keys, withheld.read(home))
        plan = survey(connection, files, lambda *_: None)
        landed, refused = land_all(
            connection, settings, plan, keys, store=home / "linkage", progress=lambda *_: None
        )
        rows(connection, "begin transaction")
        intake = take_in(connection, settings, plan, keys, landed, refused, now=support.NOW, accept=None)
        rows(connection, "commit")
    return intake


def stored(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of people with their file and place, what is known of files, and the versions of records."""
    files = "select file_id, accepted, duplicate, quarantined, first_date, last_date from meta_file"
    queries = {name: f"select * from {name}" for name in (*raw_tables(), "meta_record")} | {"files": files}
    with open_warehouse(support.settings(home)) as connection:
        return {name: rows(connection, f"{sql} order by all") for name, sql in queries.items()}


def assert_as_in_one(home: Path, *folders: Path) -> None:
    """One delivery after another left what all at once, in that order, leave."""
    at_once = home.with_name("at-once")
    receive(at_once, *folders)
    assert stored(home) == stored(at_once)


def deletion(path: Path, *before: dict[str, Any]) -> Path:
    """A transaction that puts ``before`` and deletes the reading of March, which has no moment."""
    put = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in before
    ]
    entries = [*put, {"request": {"method": "DELETE", "url": "Observation/A-3"}}]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
    return path.parent


DATED = pytest.mark.parametrize("dated", [{}, at(1)], ids=["no moment", "dated"])


def sent(folder: Path, *resources: dict[str, Any]) -> Path:
    return write(folder / "export.ndjson", *resources).parent


@DATED
def test_what_has_no_moment_is_later_than_all_before_it(tmp_path: Path, dated: dict[str, Any]) -> None:
    """A deletion, then an older export that comes late, then a correction without a moment."""
    home = tmp_path / "home"
    first = sent(tmp_path / "a", patient("A"), pressure("A", 3, 150, **dated), pressure("A", 4, 152, **dated))
    gone = deletion(tmp_path / "b" / "changes.json")
    receive(home, first)
    receive(home, gone)
    assert readings(home) == [152]

    late = sent(tmp_path / "c", pressure("A", 3, 149, **dated))
    corrected = sent(tmp_path / "d", pressure("A", 4, 133))
    receive(home, late)
    receive(home, corrected)
    # Where nobody tells when, what comes last is the last: the export counts again.
    assert readings(home) == ([133] if dated else [133, 149])
    assert_as_in_one(home, first, gone, late, corrected)


def test_a_later_moment_wins_over_what_has_none(tmp_path: Path) -> None:
    home = tmp_path / "home"
    folders = [
        sent(tmp_path / "a", patient("A"), pressure("A", 3, 150, **at(2))),
        deletion(tmp_path / "b" / "changes.json"),
        sent(tmp_path / "c", pressure("A", 3, 141, **at(1))),
        sent(tmp_path / "d", pressure("A", 3, 150, **at(2))),
    ]
    for one in folders:
        receive(home, one)
    assert readings(home) == []
    receive(home, sent(tmp_path / "e", pressure("A", 3, 142, **at(3))))
    assert readings(home) == [142]


@DATED
def test_within_a_file_what_has_no_moment_is_later_too(tmp_path: Path, dated: dict[str, Any]) -> None:
    folder = deletion(
        tmp_path / "a" / "all.json",
        patient("A"), pressure("A", 4, 160, **dated), pressure("A", 3, 150, **dated), pressure("A", 4, 131),
    )  # fmt: skip
    receive(tmp_path / "home", folder)
    assert readings(tmp_path / "home") == [131]
    # The file knew a version of that day before it deleted: an older one that comes late is none.
    receive(tmp_path / "home", sent(tmp_path / "b", pressure("A", 3, 149, **dated)))
    assert readings(tmp_path / "home") == ([131] if dated else [131, 149])


def test_in_a_history_the_first_entry_is_the_later(tmp_path: Path) -> None:
    """Whatever stands before it in the file."""
    entries = [{"resource": pressure("A", 3, value)} for value in (142, 141)]
    history = {"resourceType": "Bundle", "type": "history", "entry": entries}
    folder = sent(tmp_path / "a", patient("A"), pressure("A", 3, 140, **at(1)), history)
    receive(tmp_path / "home", folder)
    assert readings(tmp_path / "home") == [142]


# Senders


def hospital(folder: Path, value: float, *, manifest: str, month: int = 3, **person: Any) -> Path:
    """A server that numbers its people and its readings from 1."""
    reading = {**pressure("1", month, value), "id": "1"}
    sent(folder, patient("1", **person), reading)
    (folder / "manifest.toml").write_text(f'name = "{folder.name}"\n{manifest}')
    return folder


def test_equal_ids_of_two_scopes_are_two_people(tmp_path: Path) -> None:
    home = tmp_path / "home"
    a = hospital(tmp_path / "a", 150, manifest='scope = "bv-a"')
    b = hospital(tmp_path / "b", 120, manifest='scope = "bv-b"', gender="male", birthDate="1985-01-01")
    receive(home, a)
    receive(home, b)
    assert readings(home) == [120, 150]
    keys = load_keys(support.settings(home))
    known = {(person_key(keys, f"{scope}/1"),) for scope in ("bv-a", "bv-b")}
    assert set(counted(home, "select person_key from raw_resident")) == known
    assert set(counted(home, "select person_key from raw_measurement")) == known

    # A later delivery of one of them is that one's, and forgetting names it so.
    receive(home, hospital(tmp_path / "c", 131, manifest='scope = "bv-a"'))
    assert readings(home) == [120, 131]
    # Whoever has no scope is a third.
    receive(home, hospital(tmp_path / "d", 99, manifest=""))
    assert readings(home) == [99, 120, 131]
    assert_as_in_one(home, a, b, tmp_path / "c", tmp_path / "d")
    withheld.write(home, withheld.forget(home, keys, ["bv-a/1"], on=AS_OF))
    run_build(home, b, as_of=AS_OF)
    assert readings(home) == [99, 120]
    sealed = [
        ref
        for path in (home / "linkage").glob("*.sealed")
        for frame in linkage.unseal(path, keys.linkage_key, path.name.removesuffix(".sealed"))
        if "person_ref" in frame.columns
        for ref in frame["person_ref"]
    ]
    assert set(sealed) == {"bv-b/1", "1"}


def test_a_folder_that_gets_a_scope_is_read_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    receive(home, hospital(tmp_path / "a", 150, manifest=""))
    receive(home, hospital(tmp_path / "a", 150, manifest='scope = "bv-a"'))
    keys = load_keys(support.settings(home))
    assert counted(home, "select person_key from raw_resident") == [(person_key(keys, "bv-a/1"),)]


def test_a_table_has_its_references_within_the_scope_too(tmp_path: Path) -> None:
    for scope in ("a", "b"):
        support.write_csv(tmp_path / scope / "resident.csv", [support.resident("P", household_ref="H")])
        (tmp_path / scope / "manifest.toml").write_text(f'name = "{scope}"\nscope = "{scope}"\n')
    receive(tmp_path / "home", tmp_path / "a", tmp_path / "b")
    apart = "select count(distinct person_key), count(distinct household_ref_key) from raw_resident"
    assert counted(tmp_path / "home", apart) == [(2, 2)]


def test_a_scope_is_a_plain_word(tmp_path: Path) -> None:
    hospital(tmp_path / "a", 150, manifest='scope = "BV/A"')
    with pytest.raises(UserError, match="scope"):
        receive(tmp_path / "home", tmp_path / "a")


SIGN = "1 people came again with another sex or year of birth: two senders may use the same ids"


def test_two_stated_sources_do_not_replace_one_another(tmp_path: Path) -> None:
    """The first stays, the other is told as a conflict; who was first is remembered."""
    home = tmp_path / "home"
    folders = [
        hospital(tmp_path / "a", 150, manifest='source = "A"'),
        hospital(tmp_path / "b", 120, manifest='source = "B"', gender="male"),
        hospital(tmp_path / "c", 131, manifest='source = "A"'),
    ]
    reports = [receive(home, one) for one in folders]
    assert readings(home) == [131]
    assert sum(item.quarantined for item in reports[1].landed) == 2
    assert any(SIGN in note for note in reports[1].notes)
    assert not any(SIGN in note for note in reports[2].notes)
    told = check(support.settings(home), folders[:2])
    assert any(SIGN in note for note in told.notes)

    assert_as_in_one(home, *folders)
    whole = run_build(tmp_path / "built", *folders, as_of=AS_OF, quarantine_share_limit=1)
    assert any(SIGN in note for note in whole.notes)


def test_a_source_that_is_not_stated_may_be_either(tmp_path: Path) -> None:
    """As all are where no manifest says whose the records are."""
    home = tmp_path / "home"
    folders = [
        hospital(tmp_path / "a", 150, manifest=""),
        hospital(tmp_path / "b", 131, manifest='source = "B"', gender="male"),
        hospital(tmp_path / "c", 120, manifest='source = "C"'),
        hospital(tmp_path / "d", 133, manifest='source = "B"'),
    ]
    receive(home, folders[0])
    report = receive(home, folders[1])
    assert readings(home) == [131]
    assert any(SIGN in note for note in report.notes)
    for one in folders[2:]:
        receive(home, one)
    assert readings(home) == [133]
    assert_as_in_one(home, *folders)


# What hides what


@pytest.mark.parametrize("is_hidden", [True, False])
def test_a_file_that_hides_rows_of_another_is_corrected_by_a_full_rebuild(
    tmp_path: Path, is_hidden: bool
) -> None:
    """Though it has no row of that table; one that hides none is corrected as ever."""
    home = tmp_path / "home"
    a = sent(tmp_path / "a", patient("A"), pressure("A", 3, 150), pressure("A", 4, 152))
    b = tmp_path / "b"
    deletion(b / "changes.json", patient("B")) if is_hidden else sent(b, patient("B"))
    other = sent(tmp_path / "c", pressure("A", 4, 153))
    for folder in (a, b, other):
        receive(home, folder)
    for path in b.iterdir():
        path.write_text(json.dumps(patient("B", gender="male")) + "\n")
    if not is_hidden:
        receive(home, b)
        assert readings(home) == [150, 153]
        return
    with pytest.raises(UserError, match="--full"):
        receive(home, b)
    # What hides and what is hidden may be corrected together.
    receive(home, sent(a, patient("A"), pressure("A", 3, 151)), b)
    assert readings(home) == [151, 153]


def test_dates_of_a_file_are_those_of_the_rows_it_has_left(tmp_path: Path) -> None:
    home = tmp_path / "home"
    a = sent(tmp_path / "a", patient("A"), *(pressure("A", month, 150) for month in (3, 4, 5)))
    b = sent(tmp_path / "b", pressure("A", 3, 140), pressure("A", 5, 140))
    receive(home, a)
    receive(home, b)
    dates = "select first_date, last_date from meta_file where table_name = 'measurement' order by file_id"
    expected = [(date(2024, 4, 5), date(2024, 4, 5)), (date(2024, 3, 5), date(2024, 5, 5))]
    assert counted(home, dates) == expected
    assert_as_in_one(home, a, b)


@dataclass(frozen=True)
class Version:
    """What a file says of the one record there is: of whom, of when (None: it does not say)."""

    sender: str | None
    day: int | None


VERSIONS = st.lists(
    st.builds(Version, st.sampled_from([None, "A", "B"]), st.none() | st.integers(1, 3)),
    min_size=2,
    max_size=5,
)


def last_versions(sent: Sequence[Version]) -> set[int]:
    """Places of those that count, by the rule: each file is held against those that count before it."""
    stay: list[tuple[int, bool, int, str | None]] = []
    for place, one in enumerate(sent, start=1):
        others = [each for each in stay if None in (one.sender, each[3]) or one.sender == each[3]]
        day = one.day if one.day is not None else max((each[0] for each in others), default=0)
        new = (day, one.day is None, place, one.sender)
        stay = [each for each in stay if each not in others or each[:3] > new[:3]]
        if all(each[:3] < new[:3] for each in others):
            stay.append(new)
    return {place for _, _, place, _ in stay}


def held(connection: duckdb.DuckDBPyConnection, sent: Sequence[Version], *, at_once: bool) -> set[int]:
    """The same by the store, file by file or all together."""
    for table in ("meta_file", "meta_record", "meta_hidden"):
        rows(connection, f"delete from {table}")
    parts = [
        repeats.Part(file_id=place, table=NO_TABLE, name=str(place), format=formats.FHIR, sender=one.sender)
        for place, one in enumerate(sent, start=1)
    ]
    for some in [parts] if at_once else [[part] for part in parts]:
        for part in some:
            day = sent[part.file_id - 1].day
            moment = f"2024-05-{day:02}" if day else None
            record = [part.file_id, moment, day is not None]
            connection.execute("insert into meta_record values (?, 1, 1, ?, null, ?)", record).fetchall()
        repeats.put_parts(connection, some)
        for step in repeats.steps(connection, some):
            if repeats.mark_older(connection, step):
                rows(connection, "drop table landing_older")
        rows(connection, "drop table landing_part")
        for part in some:
            sql = "insert into meta_file (file_id, logical_name, table_name, format, sender) values (?, ?, ?, ?, ?)"
            file = [part.file_id, part.name, part.table, part.format, part.sender]
            connection.execute(sql, file).fetchall()
    return {place for (place,) in rows(connection, "select file_id from meta_record")}


@hypothesis.settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sent=VERSIONS)
def test_the_same_versions_count_whether_files_come_apart_or_together(
    store: duckdb.DuckDBPyConnection, sent: list[Version]
) -> None:
    expected = last_versions(sent)
    assert held(store, sent, at_once=False) == expected
    assert held(store, sent, at_once=True) == expected


@pytest.fixture
def store(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_memory(support.settings(tmp_path)) as connection:
        yield connection
