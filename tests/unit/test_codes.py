"""Code types refuse what only looks like a code."""

from __future__ import annotations

import pytest

from warehouse.codes import Atc, Icd10, Loinc, WardCode
from warehouse.errors import UserError


@pytest.mark.parametrize(("raw", "code"), [("e11.9", "E119"), ("I10", "I10"), (" N18.5* ", "N185")])
def test_icd10_is_normalised(raw: str, code: str) -> None:
    assert Icd10(raw) == code


@pytest.mark.parametrize("raw", ["E10l", "E1", "10E", "", "E10.1234"])
def test_malformed_icd10_is_refused(raw: str) -> None:
    with pytest.raises(UserError, match="ICD-10"):
        Icd10(raw)


@pytest.mark.parametrize("raw", ["8480-6", "8462-4", "85354-9", "4548-4", "29463-7", "8302-2", "14771-0"])
def test_published_loinc_codes_have_a_correct_check_digit(raw: str) -> None:
    assert Loinc(raw) == raw


def test_a_wrong_loinc_check_digit_is_refused() -> None:
    with pytest.raises(UserError, match="8480-6"):
        Loinc("8480-7")


@pytest.mark.parametrize("raw", ["C", "C09", "C09A", "C09AA", "C09AA05"])
def test_every_level_of_atc(raw: str) -> None:
    assert Atc(raw) == raw


@pytest.mark.parametrize("raw", ["C9", "C09AA5", "09AA05", "C09AA055"])
def test_malformed_atc_is_refused(raw: str) -> None:
    with pytest.raises(UserError, match="ATC"):
        Atc(raw)


def test_wards_have_five_digits() -> None:
    with pytest.raises(UserError, match="ward"):
        WardCode("760")
