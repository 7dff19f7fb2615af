"""Names and births in standard forms: every way one person is written comes to one form, other people stay apart."""

from __future__ import annotations

import unicodedata
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from warehouse.identifiers.birth_columns import standard_births
from warehouse.identifiers.definitions import name_words
from warehouse.identifiers.name_columns import standard_names
from warehouse.synthetic.defects import CHANGES, spoil
from warehouse.synthetic.log import Log
from warehouse.synthetic.names import full_names

FORMS = (
    "name_std",
    "name_marked",
    "name_family",
    "name_middle",
    "name_given",
    "name_sorted",
    "name_spelling",
    "name_initials",
)
TONES = "\u0300\u0301\u0303\u0309\u0323"


def forms(*written: str | None) -> list[dict[str, str | None]]:
    return standard_names(
        pl.DataFrame({"full_name": list(written)}, schema={"full_name": pl.String})
    ).to_dicts()


def compose(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def test_the_forms_of_a_name() -> None:
    assert {key: forms("  nguyễn  Thị-Mỹ LÝ ")[0][key] for key in FORMS} == {
        "name_std": "NGUYEN THI MY LY",
        "name_marked": "NGUYỄN THỊ MỸ LÝ",
        "name_family": "NGUYEN",
        "name_middle": "THI MY",
        "name_given": "LY",
        "name_sorted": "LY MY NGUYEN THI",
        "name_spelling": "NGUYEN MI LI",
        "name_initials": "NGUYEN T M LY",
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lê Thị Hoà", "LÊ THỊ HÒA"),
        ("Võ Thuỷ", "Võ Thủy"),
        ("Võ Khoẻ", "Võ Khỏe"),
        ("Hòang Hùynh", "Hoàng Huỳnh"),
        ("Trần Qúy", "Trần Quý"),
        ("Đỗ Đức", "Ðỗ Ðức"),
        ("Phạm Tuấn", unicodedata.normalize("NFD", "Phạm Tuấn")),
        ("Hoài Thoại", "Hòai Thọai"),
    ],
)
def test_one_place_of_tones(one: str, other: str) -> None:
    assert forms(one)[0]["name_marked"] == forms(other)[0]["name_marked"] is not None


@pytest.mark.parametrize("name", ["Quý", "Quỳnh", "Mùa", "Thúy An", "Hoàn", "Hà", "Oanh", "Quà"])
def test_a_well_written_name_stays_as_it_is(name: str) -> None:
    assert forms(f"Lê {name}")[0]["name_marked"] == f"LÊ {name.upper()}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nguyễn Thị Lý", "Ng. T. Lí"),
        ("Nguyễn Văn Mỹ", "Nguyễn V Mĩ"),
        ("Nguyễn Mỹ", "NGUYEN VAN MI"),
        ("Trần Quý", "Trần Quí"),
        ("Lý Quyên", "Lí Quiên"),
        ("Trần Thị Văn An", "Trần An"),
    ],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    assert forms(one)[0]["name_spelling"] == forms(other)[0]["name_spelling"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Trần Thúy", "Trần Thúi"),
        ("Văn An", "Thị An"),
        ("Lê Văn", "Lê Thị"),
        ("Lê Duy", "Lê Dui"),
        ("Lê Thanh An", "Lê An"),
    ],
)
def test_other_names_stay_apart(one: str, other: str) -> None:
    assert forms(one)[0]["name_spelling"] != forms(other)[0]["name_spelling"]


@pytest.mark.parametrize(
    "junk",
    [
        "KHÔNG TÊN",
        "không rõ",
        "N/A",
        "Nguyễn Văn TEST",
        "12345",
        "",
        " . ",
        "A",
        "\u0301",
        "Con bà Lê Thị B",
        "CB Lê Thị B",
    ],
)
def test_what_is_no_name_has_no_form(junk: str) -> None:
    assert [forms(junk)[0][key] for key in FORMS] == [None] * len(FORMS)


@pytest.mark.parametrize("name", ["Văn Thị Không", "Tester Lê", "Trần Con Bảo", "Lê Cb"])
def test_names_that_look_like_junk_are_names(name: str) -> None:
    assert forms(name)[0]["name_std"] is not None


def test_order_and_other_columns_stay() -> None:
    frame = pl.DataFrame({"full_name": ["Lê B", None, "Lê A", "Lê B"], "row": [3, 1, 2, 0]})

    made = standard_names(frame)

    assert_frame_equal(made.select("full_name", "row"), frame)
    assert made["name_std"].to_list() == ["LE B", None, "LE A", "LE B"]


def residents(count: int) -> pl.DataFrame:
    rng = np.random.default_rng(7)
    names = full_names(rng, np.arange(count) % 2 == 0, np.arange(count) // 3)
    born = pl.select(pl.date(1990, 2, 3) + pl.duration(days=pl.lit(pl.Series(range(count))))).to_series()
    return pl.DataFrame(
        {
            "person_ref": [f"P{n:07}" for n in range(count)],
            "full_name": names,
            "birth_date": born.cast(pl.String),
            "district_code": ["760"] * count,
            "registered_from": pl.Series([date(2020, 1, 1)] * count),
            CHANGES: [""] * count,
            **{
                key: pl.Series([None] * count, dtype=pl.String)
                for key in ("national_id", "old_id", "insurance_no", "household_ref", "phone", "ward_code")
            },
        }
    )


def spoilt(frame: pl.DataFrame, defect: str) -> pl.DataFrame:
    rates = dict.fromkeys(
        ("lost_tone_marks", "old_district_code", "day_and_month_swapped", "entered_twice"), 0.0
    )
    return spoil("resident", frame, rates | {defect: 1.0}, 1, Log())


def test_the_citys_names_without_marks_come_to_the_same_form() -> None:
    frame = residents(400)

    bare = standard_names(spoilt(frame, "lost_tone_marks"))

    assert bare["name_std"].equals(standard_names(frame)["name_std"])
    assert bare["name_std"].null_count() == 0


def test_the_citys_second_entries_come_to_the_same_initials() -> None:
    frame = residents(400)
    both = standard_names(spoilt(frame, "entered_twice"))

    assert both.height == 800
    is_short = both[CHANGES][400:] == "shortened"
    first, again = both[:400].filter(is_short), both[400:].filter(is_short)
    assert first["name_initials"].equals(again["name_initials"])
    assert not first["name_std"].equals(again["name_std"])
    assert is_short.sum() > 100


def test_the_citys_swapped_days_are_found_again() -> None:
    frame = residents(400)
    before, after = standard_births(frame), standard_births(spoilt(frame, "day_and_month_swapped"))
    both = pl.DataFrame(
        {"was": before["birth_day_known"], "then": after["birth_day_known"], "back": after["birth_swapped"]}
    )
    changed = both.filter(pl.col("was") != pl.col("then"))

    assert changed.height > 100
    assert changed["back"].equals(changed["was"])


# A reference in plain Python, sign by sign: what a letter or a mark is comes from the Unicode database.
def plain_words(name: str) -> list[str]:
    words = [""]
    for sign in compose(compose(name).upper()):
        kind = unicodedata.category(sign)[0]
        if kind == "L" or (kind == "M" and words[-1]):
            words[-1] += sign
        elif kind != "M" and words[-1]:
            words.append("")
    bare = [unicodedata.normalize("NFD", word).replace("Đ", "D").replace("Ð", "D") for word in words]
    return [w for w in ("".join(s for s in word if unicodedata.category(s)[0] != "M") for word in bare) if w]


def is_junk(words: list[str]) -> bool:
    std, known = " ".join(words), name_words()
    parent = any(std == start or std.startswith(start + " ") for start in known.named_for_parent)
    return len(std) < 2 or std in known.fillers or bool(set(words) & set(known.filler_words)) or parent


def fold(word: str) -> str:
    sound = word.replace("QUY", "QUI") if "QUY" in word else word
    onset = sound[:-1]
    return (
        onset + "I"
        if sound.endswith("Y") and onset and set(onset) <= set(name_words().y_as_i_after)
        else sound
    )


def reference(name: str | None) -> dict[str, str | None]:
    words = plain_words(name or "")
    if name is None or is_junk(words):
        return dict.fromkeys(("name_std", *FORMS[2:]))
    family, middle, given_ = (words[0], words[1:-1], words[-1]) if len(words) > 1 else (None, [], words[0])
    full = [] if family is None else ["NGUYEN" if family == "NG" else family]
    kept = [word for word in middle if word not in ("THI", "T", "VAN", "V")]
    return {
        "name_std": " ".join(words),
        "name_family": family,
        "name_middle": " ".join(middle) or None,
        "name_given": given_,
        "name_sorted": " ".join(sorted(words)),
        "name_spelling": " ".join(fold(word) for word in [*full, *kept, given_]),
        "name_initials": " ".join([*full, *(word[0] for word in middle), given_]),
    }


ENTRIES = (
    ("Nguyễn", "Ng.", "Thị", "T.", "Văn", "V", "Lý", "Mỹ", "Quý", "QUYÊN", "Hoà", "đào", "Ð", "Y", "Ý"),
    ("H'Hen", "Müller", "con", "bà", "CB", "test", "Ngọc", "N/A", "7"),
)
WORDS = st.sampled_from([word for entries in ENTRIES for word in entries])
SIGNS = st.text(st.characters(max_codepoint=0x1EFF, exclude_categories=["Cs", "Cn"]), max_size=12)
NAMES = st.one_of(st.none(), st.lists(WORDS, max_size=6).map(" ".join), SIGNS)


@settings(max_examples=150)
@given(st.lists(NAMES, min_size=1, max_size=25))
def test_frames_of_names_equal_the_reference(names: list[str | None]) -> None:
    made = standard_names(pl.DataFrame({"full_name": names}, schema={"full_name": pl.String}))

    assert made.select("name_std", *FORMS[2:]).to_dicts() == [reference(name) for name in names]


@given(
    onset=st.sampled_from(["H", "KH", "TH", "L", "NG", "X", ""]),
    pair=st.sampled_from(["OA", "OE", "UY"]),
    ending=st.sampled_from(["", "N", "NG", "NH", "T", "C", "CH", "M", "P"]),
    tone=st.sampled_from(TONES),
)
def test_a_tone_on_either_letter_is_one_name(onset: str, pair: str, ending: str, tone: str) -> None:
    first = compose(onset + pair[0] + tone + pair[1] + ending)
    second = compose(onset + pair + tone + ending)

    made = standard_names(pl.DataFrame({"full_name": [f"{first} {first}", f"{second} {second}"]}))

    expected = second if ending else first
    assert made["name_marked"].to_list() == [f"{expected} {expected}"] * 2


@pytest.mark.parametrize(
    ("written", "year", "month", "day", "precision"),
    [
        ("1958-04-30", 1958, 4, 30, "day"),
        ("30/04/1958", 1958, 4, 30, "day"),
        ("1958-04-30 00:00:00", 1958, 4, 30, "day"),
        ("1958-04", 1958, 4, None, "month"),
        ("1958-04-00", 1958, 4, None, "month"),
        ("1958", 1958, None, None, "year"),
        ("1958-00-00", 1958, None, None, "year"),
        ("2000-02-29", 2000, 2, 29, "day"),
        ("1958-00-12", None, None, None, None),
        ("1958-13-01", None, None, None, None),
        ("1900-02-29", None, None, None, None),
        ("58-04-30", None, None, None, None),
        ("unknown", None, None, None, None),
        (None, None, None, None, None),
    ],
)
def test_what_is_known_of_a_birth(
    written: str | None, year: int | None, month: int | None, day: int | None, precision: str | None
) -> None:
    made = standard_births(pl.DataFrame({"birth_date": [written]}, schema={"birth_date": pl.String})).row(
        0, named=True
    )

    found = tuple(made[f"birth_{part}"] for part in ("year", "month", "day", "precision"))
    assert found == (year, month, day, precision)
    assert made["birth_day_known"] == (date(year, month, day) if year and month and day else None)


@given(st.lists(st.dates(date(1890, 1, 1), date(2030, 1, 1)), min_size=1, max_size=50))
def test_swapped_days_and_new_years_days(days: list[date]) -> None:
    made = standard_births(pl.DataFrame({"birth_date": [str(day) for day in days]}))

    swapped = [date(d.year, d.day, d.month) if d.day <= 12 and d.day != d.month else None for d in days]
    assert made["birth_day_known"].to_list() == days
    assert made["birth_swapped"].to_list() == swapped
    assert made["birth_perhaps_year_only"].to_list() == [(d.month, d.day) == (1, 1) for d in days]
