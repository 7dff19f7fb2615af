"""A type per coding system. Each refuses a malformed code, so a typing slip never reaches a value set.

(A published concept once carried ``E10l``, with the letter l, for ``E101``, for years.)
"""

from __future__ import annotations

import re
from typing import ClassVar, Self

from warehouse.errors import UserError


class Code(str):
    """A code of one system in its normal form; the raw spelling is normalised, then checked."""

    system: ClassVar[str]
    pattern: ClassVar[re.Pattern[str]]
    example: ClassVar[str]
    standard: ClassVar[str]

    def __new__(cls, raw: str) -> Self:
        text = cls.normalise(raw)
        if not cls.pattern.fullmatch(text):
            raise UserError(
                f"not a {cls.system} code", value=raw, expected=f"like {cls.example} ({cls.standard})"
            )
        return super().__new__(cls, text)

    @classmethod
    def normalise(cls, raw: str) -> str:
        return raw.strip()


class Icd10(Code):
    """ICD-10 category or subcategory, stored without the dot and without dagger or asterisk: ``E11``, ``E119``."""

    system = "ICD-10"
    pattern = re.compile(r"[A-Z]\d{2}\d{0,2}")
    example = "E11 or E11.9"
    standard = "https://icd.who.int/browse10"

    @classmethod
    def normalise(cls, raw: str) -> str:
        return raw.strip().upper().rstrip("*†+").replace(".", "")


class Atc(Code):
    """ATC group or substance, levels 1 to 5: ``C``, ``C09``, ``C09A``, ``C09AA``, ``C09AA05``."""

    system = "ATC"
    pattern = re.compile(r"[A-Z](\d{2}([A-Z]([A-Z](\d{2})?)?)?)?")
    example = "C09AA05"
    standard = "https://atcddd.fhi.no/atc_ddd_index/"

    @classmethod
    def normalise(cls, raw: str) -> str:
        return raw.strip().upper()


class Loinc(Code):
    """LOINC code with a correct check digit (Luhn over the digits before the dash, as LOINC states)."""

    system = "LOINC"
    pattern = re.compile(r"\d{3,7}-\d")
    example = "8480-6"
    standard = "https://loinc.org/kb/faq/structure/"

    def __new__(cls, raw: str) -> Self:
        code = super().__new__(cls, raw)
        body, check = code.split("-")
        if _mod10(body) != int(check):
            raise UserError("LOINC check digit is wrong", value=raw, expected=f"{body}-{_mod10(body)}")
        return code


class Ucum(Code):
    """A UCUM unit, case sensitive, printable ASCII without blanks: ``mm[Hg]``, ``mmol/L``, ``kg/m2``."""

    system = "UCUM"
    pattern = re.compile(r"[!-~]{1,40}")
    example = "mm[Hg]"
    standard = "https://ucum.org/ucum"


class DistrictCode(Code):
    """District-level administrative unit of the General Statistics Office: three digits, ``760``."""

    system = "district"
    pattern = re.compile(r"\d{3}")
    example = "760"
    standard = "https://danhmuchanhchinh.gso.gov.vn"


class WardCode(Code):
    """Ward-level administrative unit of the General Statistics Office: five digits, ``26758``."""

    system = "ward"
    pattern = re.compile(r"\d{5}")
    example = "26758"
    standard = "https://danhmuchanhchinh.gso.gov.vn"


def _mod10(digits: str) -> int:
    """Luhn check digit: double every second digit from the right, add the digits, round up to the next ten."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value // 10 + value % 10
    return -total % 10
