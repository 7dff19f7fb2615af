"""Part of the city as health XML: claims (GIAMDINHHS) and examinations (KHAMSUCKHOE), a visit (HOSO) a line.

Visits that the format can tell whole (:mod:`warehouse.synthetic.health_xml_limits`) leave the tables; a build of both
says the same as one of the tables alone. A facility knows its patients by numbers of its own: who they are follows from
the identity number and the card. Elements: QĐ 4750/QĐ-BYT (2023), 3176/QĐ-BYT (2024), 1551/QĐ-BYT.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from warehouse.synthetic.health_xml_limits import (
    CLAIM,
    EXAMINATION,
    RESULTS,
    VISIT,
    Tables,
    of_visits,
    pressures,
)
from warehouse.synthetic.readings import CODES

#: Tables whose rows can go, and those that say who the patients are.
TABLES, BESIDE = ("encounter", "measurement", "condition", "medication"), ("resident", "insurance_spell")
#: Files are collected from all facilities: their sender is a location number (GLN) that stands for none of them.
_COLLECTED_BY = "8930000000000"
#: Visits that are text at the same time: some tens of megabytes.
_AT_ONCE = 20_000
_PROVINCE = "79"
_MOMENT, _DAY = "%Y%m%d%H%M", "%Y%m%d"
_SEXES = {"male": "1", "female": "2"}
_CLASSES = {"outpatient": "01", "inpatient": "03", "exam": "01"}
#: Running numbers to a hospital's own: times a prime, within eight digits.
_STEP, _OWN_DIGITS = 7_919, 8
#: How pressures are written into notes; the two, and the unit if there is one. And each by its name.
_PAIRS = (
    "HA {}/{}{}",
    "HA: {}/{}{}",
    "Tỉnh, tiếp xúc tốt, huyết áp {}/{}{}",
    "HA tay trái {}/{}{}",
    "BN tỉnh. HA đo tại phòng khám {}/{}{}",
)
_NAMED = "HATT {}{}, HATTr {}{}"
_HEIGHTS = ("Chiều cao {} {}", "Cao {}{}", "Thể trạng trung bình, cao {} {}")
#: Part -> elements around its rows, and that of a row.
_AROUND: Mapping[tuple[str, str], tuple[str, ...]] = {
    (CLAIM, "XML1"): ("TONG_HOP",),
    (CLAIM, "XML2"): ("CHITIEU_CHITIET_THUOC", "DSACH_CHI_TIET_THUOC", "CHI_TIET_THUOC"),
    (CLAIM, "XML4"): ("CHITIEU_CHITIET_DICHVUCANLAMSANG", "DSACH_CHI_TIET_CLS", "CHI_TIET_CLS"),
    (CLAIM, "XML5"): (
        "CHITIEU_CHITIET_DIENBIENLAMSANG",
        "DSACH_CHI_TIET_DIEN_BIEN_BENH",
        "CHI_TIET_DIEN_BIEN_BENH",
    ),
    (EXAMINATION, "XML1"): ("THONG_TIN_HANH_CHINH",),
    (EXAMINATION, "XML2"): ("THONG_TIN_CHUNG_VE_LAN_KHAM",),
    (EXAMINATION, "XML3"): ("DANH_GIA_DAU_HIEU_SINH_TON",),
    (EXAMINATION, "XML10"): ("KHAM_THE_LUC",),
    (EXAMINATION, "XML11"): ("KHAM_CAN_LAM_SANG", "CHI_TIET_CLS"),
}


def without(tables: Tables, visits: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """:data:`TABLES` less the rows of visits."""
    gone = visits.select(VISIT)
    keys = {name: "encounter_id" if name == "encounter" else VISIT for name in TABLES}
    return {
        name: tables[name].join(gone, left_on=key, right_on=VISIT, how="anti", maintain_order="left")
        for name, key in keys.items()
    }


def lines(tables: Tables, visits: pl.DataFrame, envelope: str) -> Iterator[pl.Series]:
    """The visits of an envelope, a line each, some thousand at a time: as text they are many times their rows.

    ``tables``: :data:`TABLES` and :data:`BESIDE`; ``visits``: of that envelope, as ``told_whole`` found them.
    """
    rows = {name: of_visits(tables, name, visits) for name in TABLES if name != "encounter"}
    for some in visits.iter_slices(_AT_ONCE):
        own = {
            name: frame.join(some, on=VISIT, how="semi", maintain_order="left")
            for name, frame in rows.items()
        }
        yield _LINES[envelope](some, {**own, "insurance_spell": tables["insurance_spell"]})


def around(envelope: str, visits: int, made_on: date) -> tuple[str, str]:
    """What stands before and behind the visits of a file."""
    head = (
        f'<?xml version="1.0" encoding="utf-8"?>\n<{envelope}><THONGTINDONVI><MACSKCB>{_COLLECTED_BY}</MACSKCB>'
        f"</THONGTINDONVI><THONGTINHOSO><NGAYLAP>{made_on:{_DAY}}</NGAYLAP><SOLUONGHOSO>{visits}</SOLUONGHOSO>"
        "<DANHSACHHOSO>\n"
    )
    return head, f"</DANHSACHHOSO></THONGTINHOSO><CHUKYDONVI/></{envelope}>\n"


def _claims(visits: pl.DataFrame, rows: Tables) -> pl.Series:
    measured = rows["measurement"]
    about = _with_cover(_with_diagnoses(visits, rows["condition"]), rows["insurance_spell"])
    about = about.join(_field(measured, "weight"), on=VISIT, how="left", maintain_order="left")
    main = about.select(
        VISIT, row=_row(CLAIM, "XML1", {**_WHO, **_COVER, **_WHEN, "CAN_NANG": pl.col("weight")})
    )
    parts = {
        "XML1": main,
        "XML2": _supplies(rows["medication"]),
        "XML4": _results(measured, CLAIM, "XML4"),
        "XML5": _notes(measured),
    }
    return _visits(visits, parts, CLAIM)


def _examinations(visits: pl.DataFrame, rows: Tables) -> pl.Series:
    measured = rows["measurement"]
    about = _with_diagnoses(visits, rows["condition"])
    signs = visits.select(VISIT, "number")
    for name in ("weight", "height"):
        signs = signs.join(_field(measured, name), on=VISIT, how="left", maintain_order="left")
    pair = pl.format("{}/{}", _whole("systolic"), _whole("diastolic"))
    read = pressures(measured).select(VISIT, "reading_number", pair=pair)
    for place in (1, 2):
        own = read.filter(pl.col("reading_number") == place).select(
            VISIT, pl.col("pair").alias(f"pair_{place}")
        )
        signs = signs.join(own, on=VISIT, how="left", maintain_order="left")
    size = {"CHIEU_CAO": pl.col("height"), "CAN_NANG": pl.col("weight"), "HUYET_AP": pl.col("pair_2")}
    parts = {
        "XML1": about.select(VISIT, row=_row(EXAMINATION, "XML1", _WHO | _EXAMINED)),
        "XML2": about.select(VISIT, row=_row(EXAMINATION, "XML2", _WHEN)),
        "XML3": _signs(signs, "XML3", {"HUYET_AP": pl.col("pair_1")}),
        "XML10": _signs(signs, "XML10", size),
        "XML11": _results(measured, EXAMINATION, "XML11"),
    }
    return _visits(visits, parts, EXAMINATION)


_LINES = {CLAIM: _claims, EXAMINATION: _examinations}


def _escaped(text: pl.Expr) -> pl.Expr:
    return text.str.replace_many({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def _own_number() -> pl.Expr:
    """The number a facility gave its patient."""
    person, facility = (pl.col(name).str.slice(1).cast(pl.Int64) for name in ("person_ref", "facility_ref"))
    own = (person * _STEP + facility) % 10**_OWN_DIGITS
    return pl.format("BN{}", own.cast(pl.String).str.zfill(_OWN_DIGITS))


_DIGITS = pl.col("birth_date").str.replace_all("-", "", literal=True)
_WHO = {
    "MA_LK": pl.col("number"),
    "MA_BN": _own_number(),
    "HO_TEN": _escaped(pl.col("full_name")),
    "SO_CCCD": pl.col("national_id"),
    "NGAY_SINH": _DIGITS.str.pad_end(12, "0"),
    "GIOI_TINH": pl.col("sex").replace_strict(_SEXES, default="3", return_dtype=pl.String),
    "MATINH_CU_TRU": pl.lit(_PROVINCE),
    "MAHUYEN_CU_TRU": pl.col("district_code"),
    "MAXA_CU_TRU": pl.col("ward_code"),
    "DIEN_THOAI": pl.col("phone"),
}
#: Of an examination, where it is written otherwise.
_EXAMINED = {"NGAY_SINH": pl.col("birth_date"), "MA_CSKCB": pl.col("facility_ref")}
_COVER = {
    "MA_THE_BHYT": pl.col("insurance_no"),
    "GT_THE_TU": pl.col("from_date").dt.strftime(_DAY),
    "GT_THE_DEN": pl.col("to_date").dt.strftime(_DAY),
}
_WHEN = {
    "MA_LK": pl.col("number"),
    "MA_BENH_CHINH": pl.col("icd10").list.first(),
    "MA_BENH_KT": pl.col("icd10").list.slice(1).list.join(";").replace("", None),
    "NGAY_VAO": pl.col("started_at").dt.strftime(_MOMENT),
    "NGAY_RA": pl.col("ended_at").dt.strftime(_MOMENT),
    "MA_LOAI_KCB": pl.col("class").replace_strict(_CLASSES, return_dtype=pl.String),
    "MA_CSKCB": pl.col("facility_ref"),
}


def _with_diagnoses(visits: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """Visits with the codes they name, the first as the main one."""
    codes = named.group_by(VISIT, maintain_order=True).agg("icd10")
    return visits.join(codes, on=VISIT, how="left", maintain_order="left")


def _with_cover(visits: pl.DataFrame, spells: pl.DataFrame) -> pl.DataFrame:
    """Visits with the card they were paid from: of a spell that goes on, a card is of the year of the visit."""
    day = pl.col("started_at").dt.date()
    until = pl.coalesce("to_date", day.dt.replace(month=12, day=31))
    held = (
        visits.select(VISIT, "person_ref", "started_at")
        .join(spells, on="person_ref", how="inner", maintain_order="left")
        .with_columns(to_date=until)
        .filter(pl.col("from_date") <= day, day <= pl.col("to_date"))
        .unique(VISIT, keep="first")
    )
    return visits.join(
        held.select(VISIT, "from_date", "to_date"), on=VISIT, how="left", maintain_order="left"
    )


def _number(column: str) -> pl.Expr:
    """A value as it is written, without the point of a whole number."""
    return pl.col(column).cast(pl.String).str.strip_suffix(".0")


def _whole(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Int64).cast(pl.String)


def _field(measured: pl.DataFrame, name: str) -> pl.DataFrame:
    """A measure that has a field of the visit."""
    return measured.filter(pl.col("code") == CODES[name]).select(VISIT, _number("value").alias(name))


def _turn(of: int) -> pl.Expr:
    """Which of several wordings a visit gets."""
    return (pl.col("number").cast(pl.Int64) // 7 % of).cast(pl.Int64)


def _one_of(wordings: Sequence[pl.Expr]) -> pl.Expr:
    """The wording whose turn it is."""
    return pl.coalesce(
        pl.when(_turn(len(wordings)) == place).then(text) for place, text in enumerate(wordings)
    )


def _notes(measured: pl.DataFrame) -> pl.DataFrame:
    """XML5: a note on each reading, and one on the height."""
    systolic, diastolic = _whole("systolic"), _whole("diastolic")
    units = {name: pl.when(pl.col(name).is_null()).then(pl.lit("")).otherwise(pl.lit(" mmHg"))
             for name in ("systolic_unit", "diastolic_unit")}  # fmt: skip
    upper, lower = units.values()
    pair = _one_of([pl.format(wording, systolic, diastolic, lower) for wording in _PAIRS])
    named = pl.format(_NAMED, systolic, upper, diastolic, lower)
    of_pressure = pressures(measured).select(
        VISIT, "number", "taken_at", text=pl.when(upper == lower).then(pair).otherwise(named)
    )
    height = measured.filter(pl.col("code") == CODES["height"])
    said = _one_of([pl.format(wording, _number("value"), "unit") for wording in _HEIGHTS])
    of_height = height.select(VISIT, "number", "taken_at", text=said)
    at = pl.col("taken_at").dt.strftime(_MOMENT)
    fields = {"DIEN_BIEN_LS": pl.col("text"), "THOI_DIEM_DBLS": at}
    return _rows(pl.concat([of_height, of_pressure]), CLAIM, "XML5", fields)


def _results(measured: pl.DataFrame, envelope: str, part: str) -> pl.DataFrame:
    """Laboratory results; every second facility writes a decimal comma."""
    code = pl.col("code")
    has_comma = pl.col("facility_ref").str.slice(1).cast(pl.Int64) % 2 == 1
    value = _number("value")
    names = [
        code.replace_strict({known: names[place] for known, names in RESULTS.items()}, return_dtype=pl.String)
        for place in (0, 1)
    ]
    fields = {
        "TEN_CHI_SO": _one_of(names),
        "GIA_TRI": pl.when(has_comma).then(value.str.replace(".", ",", literal=True)).otherwise(value),
        "DON_VI_DO": pl.col("unit"),
        "NGAY_KQ": pl.col("taken_at").dt.strftime(_MOMENT),
    }
    return _rows(measured.filter(code.is_in(list(RESULTS))), envelope, part, fields)


def _supplies(rows: pl.DataFrame) -> pl.DataFrame:
    """XML2: the days follow from the amount and the dose; drugs against diabetes are taken twice a day."""
    piece = pl.when(pl.col("atc").str.starts_with("R03")).then(pl.lit("nang")).otherwise(pl.lit("viên"))
    times = pl.when(pl.col("atc").str.starts_with("A10")).then(2).otherwise(1)
    days = pl.col("days_supplied")
    fields = {
        "TEN_THUOC": _escaped(pl.col("name_as_written")),
        "DON_VI_TINH": piece.str.to_titlecase(),
        "LIEU_DUNG": pl.format("1 {}/lần * {} lần/ngày * {} ngày", piece, times, days),
        "SO_LUONG": (days * times).cast(pl.String),
        "NGAY_YL": pl.col("started_at").dt.strftime(_MOMENT),
    }
    return _rows(rows, CLAIM, "XML2", fields)


def _signs(signs: pl.DataFrame, part: str, fields: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """A part of vital signs, of the visits that have any of its."""
    own = signs.filter(pl.any_horizontal(field.is_not_null() for field in fields.values()))
    return own.select(VISIT, row=_row(EXAMINATION, part, {"MA_LK": pl.col("number"), **fields}))


def _rows(rows: pl.DataFrame, envelope: str, part: str, fields: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """The rows of a part by visit, numbered."""
    place = pl.int_range(1, pl.len() + 1).over(VISIT).cast(pl.String)
    row = _row(envelope, part, {"MA_LK": pl.col("number"), "STT": place, **fields})
    return rows.select(VISIT, row=row).group_by(VISIT, maintain_order=True).agg(pl.col("row").str.join(""))


def _row(envelope: str, part: str, fields: Mapping[str, pl.Expr]) -> pl.Expr:
    """A row element; fields without a value are left out."""
    name = _AROUND[envelope, part][-1]
    cells = [pl.format(f"<{field}>{{}}</{field}>", value).fill_null("") for field, value in fields.items()]
    return pl.concat_str(pl.lit(f"<{name}>"), *cells, pl.lit(f"</{name}>"))


def _visits(visits: pl.DataFrame, parts: Mapping[str, pl.DataFrame], envelope: str) -> pl.Series:
    """A line a visit: its parts, each packed as base64."""
    lines = visits.select(VISIT)
    for part, rows in parts.items():
        lists = _AROUND[envelope, part][:-1]
        text = pl.concat_str(
            pl.lit('<?xml version="1.0" encoding="utf-8"?>' + "".join(f"<{name}>" for name in lists)),
            "row",
            pl.lit("".join(f"</{name}>" for name in reversed(lists))),
        )
        packed = text.str.encode("base64")
        file = f"<FILEHOSO><LOAIHOSO>{part}</LOAIHOSO><NOIDUNGFILE>{{}}</NOIDUNGFILE></FILEHOSO>"
        own = rows.select(VISIT, pl.format(file, packed).alias(part))
        lines = lines.join(own, on=VISIT, how="left", maintain_order="left")
    whole = pl.concat_str(pl.lit("<HOSO>"), *parts, pl.lit("</HOSO>"), ignore_nulls=True)
    return lines.select(line=whole).to_series()
