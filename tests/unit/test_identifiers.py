"""Numbers of people: what each part means, refusals that repeat nothing, frames equal to single numbers."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.support.tree import ROOT
from warehouse.errors import Fault, UserError
from warehouse.identifiers.agreement import disagreements, mask, own_faults
from warehouse.identifiers.definitions import (
    fault_names,
    number_faults,
    phone_prefixes,
    places,
    unusable_mask,
)
from warehouse.identifiers.number_columns import standard_identifiers
from warehouse.identifiers.person_numbers import InsuranceNumber, NationalId, OldId, PersonNumber, Phone
from warehouse.synthetic import names

FOLDER = ROOT / "warehouse" / "identifiers"
MALFORMED = [
    (NationalId, "079190123", "9 digits"),
    (NationalId, "0791901234567", "13 digits"),
    (NationalId, "07919012345O", "11 digits and 1 other signs"),
    (NationalId, "٠٧٩١٩٠١٢٣٤٥٦", "0 digits and 12 other signs"),
    (NationalId, "", "nothing"),
    (OldId, "079190123456", "12 digits"),
    (InsuranceNumber, "DN6797912345678", "13 digits and 2 other signs"),
    (InsuranceNumber, "DN479791234567", "12 digits and 2 other signs"),
    (Phone, "0103123456", "10 digits"),
    (Phone, "0903123456/0912345679", "20 digits and 1 other signs"),
    (Phone, "+1 555 010 0199", "11 digits and 1 other signs"),
]


def row(**given_: str | None) -> pl.DataFrame:
    columns = ("national_id", "old_id", "insurance_no", "phone", "sex", "birth_date")
    return pl.DataFrame(
        {name: [given_.get(name)] for name in columns}, schema=dict.fromkeys(columns, pl.String)
    )


def test_parts_of_a_published_example() -> None:
    # https://www.npmjs.com/package/vietnam-personal-id-number-explain
    number = NationalId.parse("037 153 000 257")

    assert (number.birth_year, number.sex, number.century) == (1953, "female", 19)
    assert places("national_id")[number.place_code] == "Ninh Bình"


@pytest.mark.parametrize(
    ("digit", "century", "sex"),
    [(0, 19, "male"), (1, 19, "female"), (2, 20, "male"), (3, 20, "female"), (4, 21, "male")],
)
def test_the_fourth_digit_is_century_and_sex(digit: int, century: int, sex: str) -> None:
    number = NationalId(f"079{digit}05123456")

    assert (number.century, number.sex, number.birth_year) == (century, sex, century * 100 + 5)


@pytest.mark.parametrize(("kind", "raw", "said"), MALFORMED)
def test_what_is_malformed_is_refused_without_being_repeated(
    kind: type[PersonNumber], raw: str, said: str
) -> None:
    with pytest.raises(UserError) as caught:
        kind.parse(raw)

    assert said in str(caught.value)
    assert caught.value.fault.value is None
    assert not raw or raw not in str(caught.value)
    assert raw[-4:] == "" or raw[-4:] not in str(caught.value)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (NationalId("079190123456"), "NationalId(079*********)"),
        (OldId("023456789"), "OldId(02*******)"),
        (InsuranceNumber("DN4797912345678"), "InsuranceNumber(79*************)"),
        (InsuranceNumber("7912345678"), "InsuranceNumber(**********)"),
        (Phone("0903123456"), "Phone(**********)"),
    ],
)
def test_a_number_never_prints_itself(number: PersonNumber, shown: str) -> None:
    assert {repr(number), str(number), f"{number}", f"{[number]}"[1:-1]} == {shown}


def test_an_insurance_number_is_its_ten_last_digits() -> None:
    worker, pensioner, code = (
        InsuranceNumber.parse(raw) for raw in ("dn4 79 7912345678", "HT3797912345678", "7912345678")
    )

    assert worker.code == pensioner.code == code.code == "7912345678"
    assert (worker.place_code, code.place_code) == ("79", None)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("+84 90 312 3456", "0903123456"),
        ("84903123456", "0903123456"),
        ("0084 (0)90-312.3456", "0903123456"),
        ("0903.123.456", "0903123456"),
        ("903123456", "0903123456"),
        ("01621234567", "0321234567"),
        ("+84 162 1234567", "0321234567"),
        ("0199 123 4567", "0591234567"),
        ("(028) 3829 1234", "02838291234"),
        ("+84 28 3829 1234", "02838291234"),
        ("0650 3822 123", "02743822123"),
        ("04 3825 1234", "02438251234"),
        # The country code is no part of the nine digits of a mobile number 084...
        ("841234567", "0841234567"),
    ],
)
def test_one_form_of_a_telephone_number(written: str, normal: str) -> None:
    assert Phone.parse(written).value == normal
    assert standard_identifiers(row(phone=written))["phone_std"].to_list() == [normal]


def test_mobile_numbers_keep_their_seven_last_digits_and_prefixes_stay_apart() -> None:
    mobile = [item for item in phone_prefixes() if item.old.startswith("01")]

    assert len({item.new for item in mobile}) == len(mobile) == 21
    assert all(Phone.parse(item.old + "1234567").value == item.new + "1234567" for item in mobile)


@pytest.mark.parametrize(
    ("number", "sex", "birth_date", "names_"),
    [
        ("079190123456", "female", "1990-04-30", ()),
        ("079190123456", "unknown", None, ()),
        ("079190123456", "male", "1990", ("sex_differs",)),
        ("079190123456", "female", "1991-04", ("year_differs",)),
        ("079190123456", "female", "30/04/2090", ("century_differs",)),
        ("079190123456", "male", "2001", ("sex_differs", "century_differs", "year_differs")),
        ("079190123456", "female", "1891-02-30", ()),
        ("079190123456", "female", "1891-00-12", ()),
        ("175190123456", "female", "1990", ()),
        ("003190123456", "female", "1990", ("place_unknown",)),
        ("079790123456", "female", None, ("century_ahead",)),
        ("000000000000", "female", "2001", ("placeholder",)),
        ("123456789012", None, None, ("placeholder",)),
    ],
)
def test_which_part_disagrees(
    number: str, sex: str | None, birth_date: str | None, names_: tuple[str, ...]
) -> None:
    found = disagreements(NationalId(number), sex=sex, birth_date=birth_date)
    frame = standard_identifiers(row(national_id=number, sex=sex, birth_date=birth_date))

    assert tuple(item.name for item in found) == names_
    assert fault_names(frame["national_id_faults"].item()) == names_
    assert all(number not in item.vi + item.en for item in found)


def test_only_what_is_nobodys_number_bars_linkage() -> None:
    unusable = {item.name for item in number_faults().values() if item.unusable}
    warned = standard_identifiers(row(national_id="003190123456", sex="male", birth_date="1890"))

    assert unusable == {"malformed", "placeholder", "century_ahead"}
    assert warned["national_id_std"].to_list() == ["003190123456"]
    assert set(fault_names(unusable_mask())) == unusable


def test_the_card_of_a_child_warns_and_keeps_its_code() -> None:
    made = standard_identifiers(row(insurance_no="TE1797912345678"))

    assert made["insurance_code"].item() == "7912345678"
    assert fault_names(made["insurance_faults"].item()) == ("may_be_temporary",)


def test_places_are_those_of_the_circular() -> None:
    national = places("national_id")

    assert (national["001"], national["079"]) == ("Hà Nội", "Hồ Chí Minh")
    assert (national["074"], national["077"]) == ("Bình Dương", "Bà Rịa - Vũng Tàu")
    assert sum(code[0] == "0" and code != "000" for code in national) == 63
    assert [code for code in national if code[0] != "0"] == [str(code) for code in range(101, 296)]
    assert sorted(places("old_id")) == [f"{code:02}" for code in range(1, 39)]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.csv")), ids=lambda path: path.stem)
def test_every_line_of_data_has_a_source_and_a_day(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))

    assert lines
    assert all(line["source"] and date.fromisoformat(line["reviewed"]) for line in lines)
    assert all(line.get("confidence", "high") in ("high", "medium", "low") for line in lines)


def test_every_fault_has_a_sentence_in_both_languages() -> None:
    assert all(item.vi.endswith(".") and item.en.endswith(".") for item in number_faults().values())
    assert len({item.vi for item in number_faults().values()}) == len(number_faults())


def test_the_synthetic_citys_numbers_have_no_faults() -> None:
    number = np.arange(1, 15_000_000, 4_999)
    rng = np.random.default_rng(1)
    is_female = number % 2 == 0
    births = pl.select(pl.date(1935, 1, 1) + pl.duration(days=pl.lit(pl.Series(number % 32_000)))).to_series()
    age = 2026 - births.dt.year().to_numpy()
    frame = pl.DataFrame(
        {
            "national_id": names.national_ids(number, is_female, births),
            "old_id": names.old_ids(number, age, rng),
            "insurance_no": names.insurance_numbers(number, age, is_female, rng),
            "phone": names.phones(number, age, rng),
            "sex": np.where(is_female, "female", "male"),
            "birth_date": births.cast(pl.String),
        }
    )

    made = standard_identifiers(frame)

    bits = made.select(pl.col("national_id_faults", "old_id_faults", "phone_faults").max()).row(0)
    assert bits == (0, 0, 0)
    assert set(made["insurance_faults"]) <= {0, number_faults()["may_be_temporary"].flag}
    assert made["phone_std"].equals(frame["phone"])


def test_other_columns_and_the_order_of_rows_stay() -> None:
    frame = pl.concat(
        [row(phone=text).with_columns(pl.lit(text).alias("kept")) for text in ("b", "0903123456", "a")]
    )

    made = standard_identifiers(frame)

    assert_frame_equal(made.select(frame.columns), frame)
    assert made["phone_std"].to_list() == [None, "0903123456", None]


# What people write, sound and broken, so that every branch is met.
DIGITS = "0123456789"
BLANK = st.sampled_from(["", " ", ".", "-", "\u00a0"])


@st.composite
def national_ids(draw: st.DrawFn) -> str:
    place = draw(st.sampled_from(["079", "001", "175", "000", "003", "999"]))
    rest = draw(st.text("01234", min_size=1, max_size=1)) + draw(st.text(DIGITS, min_size=8, max_size=8))
    return place + draw(BLANK) + rest + draw(BLANK)


NATIONAL = st.one_of(
    national_ids(),
    st.sampled_from(["000000000000", "111111111111", "123456789012", "", "   ", "."]),
    st.text(DIGITS + " A.-", max_size=14),
)
OLD = st.one_of(
    st.text(DIGITS, min_size=9, max_size=9),
    st.sampled_from(["123456789", "777777777"]),
    st.text(DIGITS + " .x", max_size=10),
)
INSURANCE = st.one_of(
    st.from_regex(r"(?:(?:TE|DN|hs)[0-6](?:79|01|99))?[0-9]{10}", fullmatch=True),
    st.sampled_from(["TE1797777777777", "0123456789", "DN4790123456789"]),
    st.text(DIGITS + "TEß ", max_size=16),
)
PHONES = st.one_of(
    st.from_regex(
        r"(?:\+84|84|0084|0|)[ .]?(?:\(0\))?(?:9|16|12|18|28|4|650|61|8|511)[0-9]{7,8}", fullmatch=True
    ),
    st.sampled_from(["0999999999", "0988888888", "0987654321", "+84987654321", "02811111111"]),
    st.text(DIGITS + "+() ./", max_size=14),
)
BIRTHS = st.one_of(
    st.dates(date(1880, 1, 1), date(2110, 1, 1)).map(str),
    st.dates(date(1880, 1, 1), date(2110, 1, 1)).map(lambda day: f"{day:%d/%m/%Y}"),
    st.from_regex(r"(?:1[789]|20)[0-9]{2}(?:-[01][0-9](?:-[0-3][0-9])?)?", fullmatch=True),
)
ROWS = st.fixed_dictionaries(
    {
        "national_id": st.none() | NATIONAL,
        "old_id": st.none() | OLD,
        "insurance_no": st.none() | INSURANCE,
        "phone": st.none() | PHONES,
        "sex": st.sampled_from(["male", "female", "unknown", None]),
        "birth_date": st.none() | BIRTHS,
    }
)


def single(kind: type[PersonNumber], raw: str | None, row_: dict[str, str | None]) -> tuple[str | None, int]:
    """Standard form and faults of one number, by the types alone."""
    if raw is None or not kind.normalise(raw):
        return None, 0
    try:
        number = kind.parse(raw)
    except UserError:
        return None, number_faults()["malformed"].flag
    own = (
        disagreements(number, sex=row_["sex"], birth_date=row_["birth_date"])
        if isinstance(number, NationalId)
        else own_faults(number)
    )
    return (None if any(item.unusable for item in own) else number.digits), mask(own)


@settings(max_examples=120)
@given(st.lists(ROWS, min_size=1, max_size=25))
def test_frames_are_judged_as_single_numbers_are(rows: list[dict[str, str | None]]) -> None:
    made = standard_identifiers(pl.DataFrame(rows, schema=dict.fromkeys(row().columns, pl.String)))

    for written, form, faults, kind in (
        ("national_id", "national_id_std", "national_id_faults", NationalId),
        ("old_id", "old_id_std", "old_id_faults", OldId),
        ("insurance_no", "insurance_code", "insurance_faults", InsuranceNumber),
        ("phone", "phone_std", "phone_faults", Phone),
    ):
        expected = [single(kind, item[written], item) for item in rows]
        assert list(zip(made[form], made[faults], strict=True)) == expected


def test_a_fault_can_be_told_without_the_number() -> None:
    """The sentence goes into a report as any other fault does."""
    found = disagreements(NationalId("079190123456"), sex="male", birth_date=None)[0]

    assert "0791" not in str(Fault(message=found.en, field="national_id"))


def test_a_year_of_birth_agrees_with_its_own_number() -> None:
    """Days of birth over two centuries, the year written by :mod:`datetime`."""
    days = [date(1900, 1, 1) + timedelta(days=37 * n) for n in range(1_900)]
    ids = [f"079{2 if day.year >= 2000 else 0}{day:%y}000001" for day in days]
    frame = pl.DataFrame({"national_id": ids, "birth_date": [str(day) for day in days]}).with_columns(
        pl.lit(None, pl.String).alias(name) for name in ("old_id", "insurance_no", "phone", "sex")
    )

    assert set(standard_identifiers(frame)["national_id_faults"]) == {0}
