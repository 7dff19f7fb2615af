"""Health XML for tests in every wrapping senders use, and what the reader makes of a file."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.support.staged import Read, read_back
from warehouse.readers import health_xml
from warehouse.readers.staged import Staged

SENDER = "79001"
Fields = Mapping[str, str]
#: Part of a visit: kind, and its whole XML (or, for ``raw``, whatever stands in NOIDUNGFILE).
Parts = Sequence[tuple[str, str]]
#: Lists of rows: kind -> names of root, list and row.
_FRAMES = {
    "XML2": ("CHITIEU_CHITIET_THUOC", "DSACH_CHI_TIET_THUOC", "CHI_TIET_THUOC"),
    "XML4": ("CHITIEU_CHITIET_DICHVUCANLAMSANG", "DSACH_CHI_TIET_CLS", "CHI_TIET_CLS"),
    "XML5": ("CHITIEU_CHITIET_DIENBIENLAMSANG", "DSACH_CHI_TIET_DIEN_BIEN_BENH", "CHI_TIET_DIEN_BIEN_BENH"),
    "XML11": ("KHAM_CAN_LAM_SANG", "DANH_SACH", "CHI_TIET_CLS"),
}
WRAPPINGS = ("base64", "wrapped", "marked", "utf16", "nested", "prefixed", "escaped", "cdata", "commented")


def element(name: str, fields: Fields) -> str:
    return (
        f"<{name}>" + "".join(f"<{key}>{escape(text)}</{key}>" for key, text in fields.items()) + f"</{name}>"
    )


def listed(kind: str, rows: Sequence[Fields]) -> tuple[str, str]:
    """A part that is a list of rows."""
    root, middle, row = _FRAMES[kind]
    return kind, f"<{root}><{middle}>" + "".join(element(row, one) for one in rows) + f"</{middle}></{root}>"


def main_part(**fields: str) -> tuple[str, str]:
    """XML1 of a claim, with what every visit has unless told otherwise (empty: left out)."""
    usual = {
        "MA_LK": "LK1", "STT": "1", "MA_BN": "BN1", "HO_TEN": "Nguyễn Thị Bí Mật", "SO_CCCD": "079158000001",
        "NGAY_SINH": "195804120000", "GIOI_TINH": "2", "MAHUYEN_CU_TRU": "760", "MAXA_CU_TRU": "26734",
        "DIEN_THOAI": "0903123456", "MA_THE_BHYT": "GD4797912345678", "GT_THE_TU": "20240101", "GT_THE_DEN": "20241231",
        "MA_BENH_CHINH": "I10", "MA_BENH_KT": "E11.9;E78.5", "NGAY_VAO": "202403050815", "NGAY_RA": "202403050930",
        "MA_LOAI_KCB": "01", "MA_CSKCB": SENDER, "CAN_NANG": "61,5",
    }  # fmt: skip
    return "XML1", element("TONG_HOP", {key: text for key, text in (usual | fields).items() if text})


def claim(**fields: str) -> list[tuple[str, str]]:
    return [main_part(**fields)]


def exam(*more: tuple[str, str], **visit: str) -> list[tuple[str, str]]:
    """The first two parts of an examination, and others."""
    person = {"HO_TEN": "Trần Văn Kín", "GIOI_TINH": "1", "NGAY_SINH": "1975-06-30", "SO_CCCD": "079075000002",
              "MATINH_CU_TRU": "79", "MAXA_CU_TRU": "26734"}  # fmt: skip
    about = {
        "MA_LK": "KSK1",
        "MA_CSKCB": SENDER,
        "NGAY_VAO": "202609010730",
        "NGAY_RA": "202609011000",
    } | visit
    return [
        ("XML1", element("THONG_TIN_HANH_CHINH", person)),
        ("XML2", element("THONG_TIN_CHUNG_VE_LAN_KHAM", about)),
        *more,
    ]


def wrap(xml: str, wrapping: str = "base64") -> str:
    """What stands in NOIDUNGFILE."""
    declared = f'<?xml version="1.0" encoding="utf-8"?>\n{xml}'
    if wrapping == "base64":
        return base64.b64encode(declared.encode()).decode()
    if wrapping == "wrapped":
        return "\n" + base64.encodebytes(declared.encode()).decode().replace("\n", "\r\n   ")
    if wrapping == "marked":
        return base64.b64encode(b"\xef\xbb\xbf" + declared.encode()).decode()
    if wrapping == "utf16":
        return base64.b64encode(declared.replace("utf-8", "utf-16").encode("utf-16")).decode()
    if wrapping == "escaped":
        return escape("\ufeff" + declared)
    if wrapping == "cdata":
        return f"<![CDATA[{declared}]]>"
    if wrapping == "commented":
        return "<!-- one -->\n" + xml.replace("><", "><!-- <TONG_HOP/> -->\n<") + "<!-- two -->"
    if wrapping == "prefixed":
        return (
            xml.replace("</", "\0")
            .replace("<", "<p:")
            .replace("\0", "</p:")
            .replace(">", ' xmlns:p="urn:p">', 1)
        )
    assert wrapping == "nested", wrapping
    return xml


def envelope(
    visits: Sequence[Parts],
    *,
    name: str = "GIAMDINHHS",
    sender: str | None = SENDER,
    wrapping: str = "base64",
) -> str:
    """A file of visits. A part whose text begins with ``raw:`` is put in as it is."""
    inside = "".join(
        "<HOSO>"
        + "".join(
            f"<FILEHOSO><LOAIHOSO>{kind}</LOAIHOSO><NOIDUNGFILE>"
            f"{xml[4:] if xml.startswith('raw:') else wrap(xml, wrapping)}</NOIDUNGFILE></FILEHOSO>"
            for kind, xml in parts
        )
        + "</HOSO>\n"
        for parts in visits
    )
    who = f"<THONGTINDONVI><MACSKCB>{sender}</MACSKCB></THONGTINDONVI>" if sender else ""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<{name} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{who}<THONGTINHOSO><NGAYLAP>20240306</NGAYLAP><SOLUONGHOSO>{len(visits)}</SOLUONGHOSO>"
        f"<DANHSACHHOSO>{inside}</DANHSACHHOSO></THONGTINHOSO><CHUKYDONVI/></{name}>"
    )


def read(path: Path) -> Read:
    """Stage a file on a connection of its own; every visit must be accounted for."""
    found = read_back(lambda connection: health_xml.stage(connection, path))
    _assert_accounted(found.staged, found.rows)
    return found


def _assert_accounted(staged: Staged, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    """Each visit gave rows, is set aside, or is bad; ids are unique."""
    fruitful = {row["_row"] for table, found in rows.items() for row in found}
    bad = {record.row for record in staged.bad}
    assert len(bad) == len(staged.bad)
    total = staged.records.get("HOSO", 0) + len(bad - fruitful)
    assert fruitful | bad <= set(range(1, total + 1))
    for table in ("measurement", "medication", "condition", "encounter"):
        ids = [row[f"{table}_id"] for row in rows.get(table, []) if row[f"{table}_id"]]
        assert len(ids) == len(set(ids)), table


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def whole(folder: Path, visits: Sequence[Parts], **options: Any) -> Read:
    """Write a file of visits and read it."""
    return read(write(folder / "claims.xml", envelope(visits, **options)))
