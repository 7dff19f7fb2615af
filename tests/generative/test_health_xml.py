"""The health XML reader on visits of every kind in every wrapping, and on files that were damaged on the way."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.health_xml import WRAPPINGS, element, envelope, exam, listed, main_part, read, write
from warehouse.errors import UserError
from warehouse.readers.health_xml import findings, is_health_xml, stage
from warehouse.readers.health_xml.doses import days_supplied
from warehouse.readers.health_xml.values import birth_date, measured, moment

CALM = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])

#: Text of XML, without blanks at its ends: those are no part of a value.
_TEXTS = (
    st.text(
        st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zs", "Zl", "Zp", "Cf", "Mn")),
        min_size=1, max_size=20,
    ).filter(lambda text: "]]>" not in text and "--" not in text)
)  # fmt: skip
_MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)).map(
    lambda when: when.replace(second=0, microsecond=0)
)


@st.composite
def visits(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Visits as facts: who, when, what; each with a number of its own."""
    return [
        {
            "MA_LK": f"LK{number}",
            "MA_BN": f"BN{draw(st.integers(1, 3))}",
            "HO_TEN": draw(_TEXTS),
            "at": draw(_MOMENTS),
            "codes": draw(st.lists(st.sampled_from(["I10", "E11.9", "J45"]), min_size=1, unique=True)),
            "drugs": draw(st.lists(_TEXTS, max_size=3)),
            "labs": draw(st.lists(st.decimals(0, 500, places=1), max_size=3)),
        }
        for number in range(draw(st.integers(0, 4)))
    ]


def rendered(visit: dict[str, Any], decimal: str) -> list[tuple[str, str]]:
    """A visit as the parts of a claim."""
    at = visit["at"].strftime("%Y%m%d%H%M")
    main = main_part(
        MA_LK=visit["MA_LK"], MA_BN=visit["MA_BN"], HO_TEN=visit["HO_TEN"], NGAY_VAO=at, NGAY_RA=at, CAN_NANG="",
        MA_BENH_CHINH=visit["codes"][0], MA_BENH_KT=";".join(visit["codes"][1:]),
    )  # fmt: skip
    drugs = [{"STT": str(place), "TEN_THUOC": name} for place, name in enumerate(visit["drugs"])]
    labs = [
        {"STT": str(place), "TEN_CHI_SO": "Glucose", "GIA_TRI": str(value).replace(".", decimal)}
        for place, value in enumerate(visit["labs"])
    ]
    return [main, listed("XML2", drugs), listed("XML4", labs)]


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name, mock.patch.object(findings, "atc_of", return_value=None):
        yield Path(name)


@CALM
@given(
    visits(),
    st.sampled_from(WRAPPINGS),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(".,"),
    st.booleans(),
)
def test_visits_come_back_as_they_were(
    told: list[dict[str, Any]], wrapping: str, encoding: str, decimal: str, is_packed: bool
) -> None:
    text = envelope([rendered(visit, decimal) for visit in told], wrapping=wrapping)
    data = text.encode(encoding)
    with folder() as place:
        path = write(
            place / ("a.xml.gz" if is_packed else "a.xml"), gzip.compress(data) if is_packed else data
        )
        assert is_health_xml(path)
        got = read(path)
    assert not got.staged.bad
    assert got.staged.records.get("HOSO", 0) == len(told)
    by_visit = {f"79001:{visit['MA_LK']}": visit for visit in told}
    starts = {row["encounter_id"]: row["started_at"] for row in got.of("encounter")}
    assert starts == {key: visit["at"].isoformat() for key, visit in by_visit.items()}
    for key, visit in by_visit.items():
        assert _of(got.of("condition"), key, "icd10") == sorted(visit["codes"])
        assert _of(got.of("medication"), key, "name_as_written") == sorted(visit["drugs"])
        assert _of(got.of("measurement"), key, "value") == sorted(str(value) for value in visit["labs"])
    people = {visit["MA_BN"] for visit in told}
    assert sorted(row["person_ref"] for row in got.of("resident")) == sorted(
        f"79001:{name}" for name in people
    )


def _of(rows: list[dict[str, Any]], visit: str, column: str) -> list[Any]:
    return sorted(row[column] for row in rows if row["encounter_ref"] == visit)


@CALM
@given(visits(), st.permutations(range(4)))
def test_the_order_of_visits_does_not_matter_to_who_people_are(
    told: list[dict[str, Any]], order: list[int]
) -> None:
    shuffled = [told[place] for place in order if place < len(told)]
    # Two visits at one time: the later in the file counts, so that order matters.
    if len({visit["at"] for visit in told}) < len(told):
        return
    with folder() as place:
        found = [
            read(write(place / "a.xml", envelope([rendered(visit, ".") for visit in some]))).of("resident")
            for some in (told, shuffled)
        ]
    names = [sorted((row["person_ref"], row["full_name"]) for row in rows) for rows in found]
    assert names[0] == names[1]


_WHOLE = [
    envelope([rendered(visit, ",") for visit in some], wrapping=wrapping).encode(encoding)
    for wrapping, encoding in (("base64", "utf-8"), ("nested", "utf-8"), ("cdata", "utf-16"), ("prefixed", "utf-8"))
    for some in [[
        {"MA_LK": f"LK{n}", "MA_BN": "BN1", "HO_TEN": "Ả", "at": datetime(2024, 3, 5), "codes": ["I10"],
         "drugs": ["Amlodipin"], "labs": [7]}
        for n in range(2)
    ]]
]  # fmt: skip
_WHOLE.append(
    envelope(
        [exam(("XML3", element("X", {"HUYET_AP": "120/80"})))], name="KHAMSUCKHOE", wrapping="nested"
    ).encode()
)


_MARKS = (
    b"<", b">", b"&", b"<!DOCTYPE a>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x ?>", b"&#0;", b"&a;", b"\x00",
    b"<HOSO>", b"</HOSO>", b"<MACSKCB>1</MACSKCB>", b"\xff\xfe", b"\xef\xbb\xbf", b"xmlns:a='b'", b"</TONG_HOP>",
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A sound file with some bytes exchanged, dropped, doubled or put in."""
    data = bytearray(draw(st.sampled_from(_WHOLE)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        size = draw(st.integers(0, 40))
        put = draw(st.binary(max_size=8) | st.sampled_from([*_MARKS, bytes(data[at : at + size])]))
        data[at : at + (size if draw(st.booleans()) else 0)] = put
    return bytes(data)


@settings(CALM, max_examples=examples(250))
@given(damaged(), st.booleans())
@example(b"", False)
@example(b"<", True)
def test_a_damaged_file_is_refused_or_read_and_nothing_else(data: bytes, is_packed: bool) -> None:
    with folder() as place:
        path = write(
            place / ("a.xml.gz" if is_packed else "a.xml"), gzip.compress(data) if is_packed else data
        )
        is_health_xml(path)
        _refused_or_read(path)


@CALM
@given(st.sampled_from(_WHOLE), st.integers(0, 10_000), st.binary(min_size=1, max_size=4))
def test_a_damaged_gzip_file_is_refused_or_read_and_nothing_else(data: bytes, at: int, put: bytes) -> None:
    packed = bytearray(gzip.compress(data))
    at %= len(packed)
    packed[at : at + len(put)] = put
    with folder() as place:
        path = write(place / "a.xml.gz", bytes(packed))
        is_health_xml(path)
        _refused_or_read(path)


def _refused_or_read(path: Path) -> None:
    """What is read is accounted for; a refusal names no part of the file and leaves no table."""
    with duckdb.connect() as connection:
        try:
            stage(connection, path)
        except UserError as error:
            told = str(error)
        else:
            read(path)
            return
        assert connection.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]
    assert "LK" not in told


@given(st.text(max_size=20) | st.from_regex(r"\d{8}|\d{12}|\d{14}", fullmatch=True))
def test_any_text_is_a_date_or_stays_as_it_is(text: str) -> None:
    for read_as in (moment(text), birth_date(text)):
        assert read_as == text or (read_as is not None and "0000" <= read_as[:4] <= "9999")


@given(st.dates(datetime(1800, 1, 1).date(), datetime(2199, 12, 31).date()))
def test_a_day_is_found_in_every_way_of_writing_it(day: Any) -> None:
    assert moment(day.strftime("%Y%m%d")) == birth_date(day.strftime("%Y%m%d0000")) == day.isoformat()
    assert moment(day.strftime("%d%m") + f"{day.year}") == day.isoformat()


@given(st.text(max_size=30), st.none() | st.text(max_size=10))
def test_a_value_is_a_number_or_a_text_and_never_both(text: str, unit: str | None) -> None:
    value, words, _ = measured(text, unit)
    assert (value is None) == (words is not None)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 90))
def test_a_dose_and_an_amount_that_agree_tell_the_days(pieces: int, times: int, days: int) -> None:
    amount = str(pieces * times * days)
    dose = f"{pieces} viên/lần * {times} lần/ngày * {days} ngày [{pieces * times} viên/ngày]"
    assert days_supplied(amount, dose, "Viên") == str(days)
    assert days_supplied(str(pieces * times * days + 1), dose, "Viên") is None


@given(st.text(max_size=40), st.text(max_size=10), st.text(max_size=10))
def test_any_dose_gives_days_or_nothing(dose: str, amount: str, unit: str) -> None:
    days = days_supplied(amount, dose, unit)
    assert days is None or 1 <= int(days) <= 365
