"""How fast the health XML reader stages claims, beside lxml's own reading of the same file.

``python -m benchmarks.health_xml [MB]`` writes claims of QĐ 3176 in base64 (200 MB unless told) into a temporary
folder, and takes the best of some runs of

* *envelope*: ``lxml.etree.iterparse`` over the file, elements cleared: what nobody can do without;
* *parts*: the same, and every part decoded and parsed: the floor;
* *used parts*: the same with the parts the reader uses only: it does not open the others;
* *stage*: the reader, which remembers nothing of notes it read in an earlier run;
* *stage, notes not mined*: the same without :mod:`warehouse.readers.free_text`, whose work lxml does nothing like.

``python -m benchmarks.health_xml --memory [MB]`` stages one file of that size (1000 MB) and prints the peak memory of
the process, and that of a file a tenth as large.
"""

from __future__ import annotations

import base64
import binascii
import multiprocessing
import random
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import duckdb
from lxml import etree

from benchmarks.fastest import best
from warehouse.readers import free_text
from warehouse.readers.health_xml import findings, stage
from warehouse.readers.health_xml.forms import forms

#: Fields of each part in their order (QĐ 3176); those not told here are filled with a short text.
_FIELDS = {
    "TONG_HOP": """MA_LK STT MA_BN HO_TEN SO_CCCD NGAY_SINH GIOI_TINH NHOM_MAU MA_QUOCTICH MA_DANTOC MA_NGHE_NGHIEP
        DIA_CHI MATINH_CU_TRU MAHUYEN_CU_TRU MAXA_CU_TRU DIEN_THOAI MA_THE_BHYT MA_DKBD GT_THE_TU GT_THE_DEN
        NGAY_MIEN_CCT LY_DO_VV LY_DO_VNT MA_LY_DO_VNT CHAN_DOAN_VAO CHAN_DOAN_RV MA_BENH_CHINH MA_BENH_KT MA_BENH_YHCT
        MA_PTTT_QT MA_DOITUONG_KCB MA_NOI_DI MA_NOI_DEN MA_TAI_NAN NGAY_VAO NGAY_VAO_NOI_TRU NGAY_RA GIAY_CHUYEN_TUYEN
        SO_NGAY_DTRI PP_DIEU_TRI KET_QUA_DTRI MA_LOAI_RV GHI_CHU NGAY_TTOAN T_THUOC T_VTYT T_TONGCHI_BV T_TONGCHI_BH
        T_BNTT T_BNCCT T_BHTT T_NGUONKHAC T_BHTT_GDV NAM_QT THANG_QT MA_LOAI_KCB MA_KHOA MA_CSKCB MA_KHUVUC CAN_NANG
        CAN_NANG_CON NAM_NAM_LIEN_TUC NGAY_TAI_KHAM MA_HSBA MA_TTDV DU_PHONG""",
    "CHI_TIET_THUOC": """MA_LK STT MA_THUOC MA_PP_CHEBIEN MA_CSKCB_THUOC MA_NHOM TEN_THUOC DON_VI_TINH HAM_LUONG
        DUONG_DUNG DANG_BAO_CHE LIEU_DUNG CACH_DUNG SO_DANG_KY TT_THAU PHAM_VI TYLE_TT_BH SO_LUONG DON_GIA THANH_TIEN_BV
        THANH_TIEN_BH T_NGUONKHAC_NSNN T_NGUONKHAC_VTNN T_NGUONKHAC_VTTN T_NGUONKHAC_CL T_NGUONKHAC MUC_HUONG T_BNTT
        T_BNCCT T_BHTT MA_KHOA MA_BAC_SI MA_DICH_VU NGAY_YL NGAY_TH_YL MA_PTTT NGUON_CTRA VET_THUONG_TP DU_PHONG""",
    "CHI_TIET_DVKT": """MA_LK STT MA_DICH_VU MA_PTTT_QT MA_VAT_TU MA_NHOM GOI_VTYT TEN_VAT_TU TEN_DICH_VU MA_XANG_DAU
        DON_VI_TINH PHAM_VI SO_LUONG DON_GIA_BV DON_GIA_BH TT_THAU TYLE_TT_DV TYLE_TT_BH THANH_TIEN_BV THANH_TIEN_BH
        T_TRANTT MUC_HUONG T_NGUONKHAC_NSNN T_NGUONKHAC_VTNN T_NGUONKHAC_VTTN T_NGUONKHAC_CL T_NGUONKHAC T_BNTT T_BNCCT
        T_BHTT MA_KHOA MA_GIUONG MA_BAC_SI NGUOI_THUC_HIEN MA_BENH MA_BENH_YHCT NGAY_YL NGAY_TH_YL NGAY_KQ MA_PTTT
        VET_THUONG_TP PP_VO_CAM VI_TRI_TH_DVKT MA_MAY MA_HIEU_SP TAI_SU_DUNG DU_PHONG""",
    "CHI_TIET_CLS": """MA_LK STT MA_DICH_VU MA_CHI_SO TEN_CHI_SO GIA_TRI DON_VI_DO MO_TA KET_LUAN NGAY_KQ MA_BS_DOC_KQ
        DU_PHONG""",
    "CHI_TIET_DIEN_BIEN_BENH": """MA_LK STT DIEN_BIEN_LS GIAI_DOAN_BENH HOI_CHAN PHAU_THUAT THOI_DIEM_DBLS
        NGUOI_THUC_HIEN DU_PHONG""",
}  # fmt: skip
_DRUGS = ("Amlodipin 5mg", "Metformin 850mg", "Losartan 50mg", "Atorvastatin 20mg", "Paracetamol 500mg")
_LABS = (
    ("Định lượng Glucose [Máu]", "7,2", "mmol/L"), ("HbA1c", "6.8", "%"), ("Creatinin", "88", "umol/L"),
    ("Cholesterol toàn phần", "5,4", "mmol/L"), ("WBC", "7.1", "G/L"), ("HBsAg", "Âm tính", ""), ("AST", "31", "U/L"),
)  # fmt: skip
_NOTES = (
    "Tỉnh, tiếp xúc tốt, HA: {}/90 mmHg, mạch {} l/p, cao 160cm, nặng 62kg",
    "Bệnh ổn, ăn ngủ được, không sốt",
)


def _element(name: str, told: dict[str, str]) -> str:
    fields = "".join(f"\n      <{key}>{told.get(key, '0')}</{key}>" for key in _FIELDS[name].split())
    return f"\n    <{name}>{fields}\n    </{name}>"


def _listed(root: str, name: str, rows: list[dict[str, str]], visit: str) -> str:
    inside = "".join(
        _element(name, {"MA_LK": visit, "STT": str(number)} | row) for number, row in enumerate(rows, 1)
    )
    return f"<{root}>\n  <DSACH>{inside}\n  </DSACH>\n</{root}>"


def _parts(number: int, rng: random.Random) -> dict[str, str]:
    visit, person = f"LK{number:09d}", rng.randrange(60_000)
    at = f"2024{rng.randrange(1, 13):02d}{rng.randrange(1, 29):02d}{rng.randrange(7, 17):02d}{rng.randrange(60):02d}"
    main = {
        "MA_LK": visit, "MA_BN": f"BN{person:07d}", "HO_TEN": f"Nguyễn Văn {person}", "SO_CCCD": f"079158{person:06d}",
        "NGAY_SINH": f"19{person % 80 + 10}04120000", "GIOI_TINH": str(person % 2 + 1), "MAXA_CU_TRU": "26734",
        "DIA_CHI": "12 Nguyễn Trãi, Phường Bến Thành, Quận 1, Thành phố Hồ Chí Minh", "MATINH_CU_TRU": "79",
        "MA_THE_BHYT": f"GD479791{person:07d}", "GT_THE_TU": "20240101", "GT_THE_DEN": "20241231",
        "CHAN_DOAN_RV": "Tăng huyết áp vô căn (nguyên phát); Đái tháo đường típ 2", "MA_BENH_CHINH": "I10",
        "MA_BENH_KT": "E11.9;E78.5", "NGAY_VAO": at, "NGAY_RA": at, "MA_LOAI_KCB": "01", "CAN_NANG": "61.50",
    }  # fmt: skip
    drug = {
        "DON_VI_TINH": "Viên",
        "LIEU_DUNG": "1 viên/lần * 2 lần/ngày * 30 ngày [2 viên/ngày]",
        "SO_LUONG": "60",
    }
    drugs = [{"TEN_THUOC": name, "NGAY_YL": at} | drug for name in _DRUGS[: rng.randrange(2, 6)]]
    services = [{"TEN_DICH_VU": "Khám bệnh, xét nghiệm", "NGAY_YL": at} for _ in range(rng.randrange(3, 9))]
    labs = [
        {"TEN_CHI_SO": name, "GIA_TRI": value, "DON_VI_DO": unit, "NGAY_KQ": at}
        for name, value, unit in _LABS[: rng.randrange(3, 8)]
    ]
    notes = [
        {"DIEN_BIEN_LS": text.format(rng.randrange(95, 200), rng.randrange(50, 120)), "THOI_DIEM_DBLS": at}
        for text in _NOTES
    ]
    return {
        "XML1": _element("TONG_HOP", main).strip(),
        "XML2": _listed("CHITIEU_CHITIET_THUOC", "CHI_TIET_THUOC", drugs, visit),
        "XML3": _listed("CHITIEU_CHITIET_DVKT_VTYT", "CHI_TIET_DVKT", services, visit),
        "XML4": _listed("CHITIEU_CHITIET_DICHVUCANLAMSANG", "CHI_TIET_CLS", labs, visit),
        "XML5": _listed("CHITIEU_CHITIET_DIENBIENLAMSANG", "CHI_TIET_DIEN_BIEN_BENH", notes, visit),
    }


def claims(size: int) -> Iterator[bytes]:
    """A file of claims in pieces, about ``size`` bytes together."""
    rng = random.Random(20240304)  # noqa: S311 - no secret: the same file at every run
    yield b"<?xml version='1.0' encoding='utf-8'?><GIAMDINHHS><THONGTINDONVI><MACSKCB>79001</MACSKCB></THONGTINDONVI>"
    yield b"<THONGTINHOSO><DANHSACHHOSO>"
    number = 0
    while size > 0:
        piece = b"\n<HOSO>" + b"".join(_file(*part) for part in _parts(number, rng).items()) + b"</HOSO>"
        size -= len(piece)
        number += 1
        yield piece
    yield b"</DANHSACHHOSO></THONGTINHOSO><CHUKYDONVI/></GIAMDINHHS>"


def _file(kind: str, xml: str) -> bytes:
    inside = base64.b64encode(("<?xml version='1.0' encoding='utf-8'?>\n" + xml).encode())
    return b"<FILEHOSO><LOAIHOSO>%s</LOAIHOSO><NOIDUNGFILE>%s</NOIDUNGFILE></FILEHOSO>" % (
        kind.encode(),
        inside,
    )


def envelope(path: Path, used: frozenset[str]) -> None:
    """What lxml alone takes over the file; the parts of the ``used`` kinds decoded and parsed as well."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    for _, visit in etree.iterparse(str(path), tag="HOSO", huge_tree=True, resolve_entities=False):
        if used:
            for file in visit:
                if file[0].text in used:
                    etree.fromstring(binascii.a2b_base64(file[1].text or ""), parser)
        visit.clear()
        parent = visit.getparent()
        while parent is not None and visit.getprevious() is not None:
            del parent[0]


def measure(path: Path) -> dict[str, float]:
    """Seconds by way of reading."""
    with duckdb.connect() as connection:
        connection.execute("set threads = 1").fetchall()
        return {
            "envelope": best(lambda: envelope(path, frozenset())),
            "parts": best(lambda: envelope(path, frozenset({"XML1", "XML2", "XML3", "XML4", "XML5"}))),
            "used parts": best(lambda: envelope(path, frozenset(forms("GIAMDINHHS")))),
            "stage": best(lambda: _afresh(connection, path)),
            "stage, notes not mined": best(lambda: _without_mining(connection, path)),
        }


def _afresh(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """The reader without what it remembers of notes it read in an earlier run."""
    free_text.remembered.cache_clear()
    stage(connection, path)


def _without_mining(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    with mock.patch.object(findings, "mined", return_value=()):
        stage(connection, path)


def _write(folder: str, megabytes: int) -> Path:
    path = Path(folder) / "claims.xml"
    with path.open("wb") as file:
        file.writelines(claims(megabytes * 1_000_000))
    return path


def peak(path: Path) -> None:
    """Stage a file in this process and print the most memory it held."""
    with duckdb.connect() as connection:
        staged = stage(connection, path)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{path.stat().st_size / 1e6:6.0f} MB, {staged.records['HOSO']} visits: peak memory {held:.0f} MB")


def memory(megabytes: int) -> None:
    """Peak memory of a process of its own for a file, and for one a tenth as large."""
    for size in (megabytes // 10, megabytes):
        with tempfile.TemporaryDirectory() as folder:
            worker = multiprocessing.get_context("spawn").Process(target=peak, args=(_write(folder, size),))
            worker.start()
            worker.join()


def main() -> None:
    """Print MB/s of each way and the ratio of the reader to lxml's, or with ``--memory`` the peak memory."""
    numbers = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    if "--memory" in sys.argv:
        memory(numbers[0] if numbers else 1000)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = _write(folder, numbers[0] if numbers else 200)
        size = path.stat().st_size / 1e6
        seconds = measure(path)
    for name, taken in seconds.items():
        print(f"{name:22} {taken:6.2f} s {size / taken:7.0f} MB/s")
    for own in ("stage", "stage, notes not mined"):
        for name in ("envelope", "parts", "used parts"):
            print(f"{own} beside {name}: {seconds[name] / seconds[own]:.2f}")


if __name__ == "__main__":
    main()
