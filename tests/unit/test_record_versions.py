"""Versions of one record in several files: the last counts whatever file it came in, and deletions are versions too."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support import home as support
from tests.support.home import fingerprints, run_build
from tests.unit.test_record_files import patient, pressure, readings, write
from warehouse import withheld
from warehouse.database import open_warehouse, rows
from warehouse.errors import UserError
from warehouse.identity import load_keys

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
    load(tmp_path / "home", folders)

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
