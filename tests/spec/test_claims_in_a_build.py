"""A month of claims as XML and the same rows as tables: the same counts; what the text says is in the numbers."""

from __future__ import annotations

import base64
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.support.home import fingerprints, marts, run_build
from warehouse.readers import health_xml

VISITS = 80
AS_OF = date(2024, 6, 30)


def visit(number: int, month: int) -> str:
    """A visit of a woman of District 1: every second one has 150/90 mmHg, every fourth is treated."""
    at = f"2024{month:02}050800"
    pressure = "150/90" if number % 2 else "120/80"
    summary = (
        f"<TONG_HOP><MA_LK>L{number}-{month}</MA_LK><MA_BN>B{number}</MA_BN><HO_TEN>Nguyễn Thị {number}</HO_TEN>"
        f"<GIOI_TINH>2</GIOI_TINH><NGAY_SINH>196005170000</NGAY_SINH><MA_BENH_CHINH>Z00</MA_BENH_CHINH>"
        f"<NGAY_VAO>{at}</NGAY_VAO><NGAY_RA>{at}</NGAY_RA><MA_CSKCB>79001</MA_CSKCB><MAXA_CU_TRU>26740</MAXA_CU_TRU>"
        f"<MAHUYEN_CU_TRU>760</MAHUYEN_CU_TRU><CAN_NANG>60,5</CAN_NANG></TONG_HOP>"
    )
    note = (
        "<CHITIEU_CHITIET_DIENBIENLAMSANG><DSACH_CHI_TIET_DIEN_BIEN_BENH><CHI_TIET_DIEN_BIEN_BENH>"
        f"<STT>1</STT><DIEN_BIEN_LS>Tỉnh, HA {pressure} mmHg, cao 160cm</DIEN_BIEN_LS></CHI_TIET_DIEN_BIEN_BENH>"
        "</DSACH_CHI_TIET_DIEN_BIEN_BENH></CHITIEU_CHITIET_DIENBIENLAMSANG>"
    )
    drugs = (
        "<CHITIEU_CHITIET_THUOC><DSACH_CHI_TIET_THUOC><CHI_TIET_THUOC><STT>1</STT>"
        f"<TEN_THUOC>Amlodipin 5mg</TEN_THUOC><NGAY_YL>{at}</NGAY_YL></CHI_TIET_THUOC></DSACH_CHI_TIET_THUOC>"
        "</CHITIEU_CHITIET_THUOC>"
    )
    parts = {"XML1": summary, "XML5": note} | ({"XML2": drugs} if number % 4 == 0 else {})
    return "<HOSO>" + "".join(
        f"<FILEHOSO><LOAIHOSO>{name}</LOAIHOSO><NOIDUNGFILE>{base64.b64encode(text.encode()).decode()}"
        "</NOIDUNGFILE></FILEHOSO>"
        for name, text in parts.items()
    ) + "</HOSO>"  # fmt: skip


def claims(folder: Path, months: tuple[int, ...] = (3, 4)) -> Path:
    """One file a month, as hospitals send them."""
    folder.mkdir(parents=True)
    for month in months:
        body = "".join(visit(number, month) for number in range(VISITS))
        (folder / f"claims_2024{month:02}.xml").write_text(
            "<GIAMDINHHS><THONGTINDONVI><MACSKCB>79001</MACSKCB></THONGTINDONVI><THONGTINHOSO><DANHSACHHOSO>"
            f"{body}</DANHSACHHOSO></THONGTINHOSO></GIAMDINHHS>",
            encoding="utf-8",
        )
    return folder


def as_tables(folder: Path, out: Path) -> Path:
    """What the reader makes of the files, written as tables."""
    out.mkdir(parents=True)
    for file in sorted(folder.iterdir()):
        with duckdb.connect() as connection:
            for table in health_xml.stage(connection, file).tables:
                names = ", ".join(f'"{name}"' for name in table.columns)
                connection.execute(
                    f"copy (select {names} from {table.relation} order by _row) "
                    f"to '{out}/{table.table}_{file.stem}.csv' (header)"
                ).fetchall()
    return out


def test_pressures_of_the_notes_and_drugs_of_the_claims_make_cases(tmp_path: Path) -> None:
    report = run_build(tmp_path / "home", claims(tmp_path / "in"), as_of=AS_OF)
    found = {item.table: item for item in report.landed if item.file_name == "claims_202404.xml"}

    assert found["encounter"].accepted == VISITS
    assert found["measurement"].accepted == 4 * VISITS  # weight, height, two pressures
    assert found["medication"].accepted == VISITS // 4
    # The same people again: the newer row stays, no conflict.
    assert found["resident"].quarantined == 0
    [(residents,)] = marts(
        tmp_path / "home",
        """select sum(c.people) from mart_case c join mart_measure m using (measure_id) where m.role = 'resident'
           and c.quarter_index = (select max(quarter_index) from mart_quarter)""",
    )
    assert residents == VISITS


def test_the_same_rows_as_tables_give_the_same_marts(tmp_path: Path) -> None:
    source = claims(tmp_path / "in", months=(3,))
    run_build(tmp_path / "xml", source, as_of=AS_OF)
    run_build(tmp_path / "csv", as_tables(source, tmp_path / "tables"), as_of=AS_OF)
    one, other = fingerprints(tmp_path / "xml"), fingerprints(tmp_path / "csv")

    assert {name for name in one if one[name] != other[name]} == {"mart_quality"}


@pytest.mark.parametrize("months", [(3, 4)])
def test_increments_of_claims_equal_a_full_rebuild(tmp_path: Path, months: tuple[int, ...]) -> None:
    for month in months:
        claims(tmp_path / str(month), months=(month,))
        run_build(tmp_path / "home", tmp_path / str(month), as_of=AS_OF)
    before = fingerprints(tmp_path / "home")
    run_build(tmp_path / "home", *(tmp_path / str(month) for month in months), as_of=AS_OF, full=True)
    after = fingerprints(tmp_path / "home")

    assert {name for name in after if after[name] != before[name]} <= {"mart_quality"}
