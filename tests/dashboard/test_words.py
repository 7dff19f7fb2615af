"""Numbers, dates and everyday shares in both languages."""

from datetime import date

import pytest

from dashboard.words import words
from warehouse.errors import Defect

VI, EN = words("vi"), words("en")


def test_numbers_are_written_as_each_language_writes_them() -> None:
    assert (VI.decimal(1234.5), EN.decimal(1234.5)) == ("1.234,5", "1,234.5")
    assert (VI.integer(1234567), EN.integer(1234567)) == ("1.234.567", "1,234,567")
    assert (VI.percent(0.3376), EN.percent(0.3376)) == ("33,8\u00a0%", "33.8%")
    assert VI.interval(0.326, 0.35) == "32,6–35,0"


def test_dates_and_quarters() -> None:
    day = date(2022, 12, 3)

    assert (VI.date(day), EN.date(day)) == ("03/12/2022", "3 December 2022")
    assert (VI.quarter("2022Q4"), EN.quarter("2022Q4")) == ("quý 4/2022", "Q4 2022")


@pytest.mark.parametrize(
    ("share", "spoken"),
    [
        (0.338, "1 in 3"),
        (0.25, "1 in 4"),
        (0.41, "2 in 5"),
        (0.072, "7 in 100"),
        (0.45, "4 in 9"),
        (0, "0 in 100"),
    ],
)
def test_a_share_in_everyday_words_stays_within_two_points(share: float, spoken: str) -> None:
    k, n = (int(part) for part in EN.one_in(share).split(" in "))

    assert abs(k / n - share) <= 0.02
    if spoken != "4 in 9":
        assert EN.one_in(share) == spoken


def test_missing_words_are_a_defect() -> None:
    with pytest.raises(Defect, match=r"no\.such\.key"):
        VI("no.such.key")
    with pytest.raises(Defect, match="catalogue"):
        words("fr")
