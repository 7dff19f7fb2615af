"""A type per kind of number a person has. Each refuses what is malformed and never shows its number.

``repr`` and ``str`` are masked, at most the province stays; the number itself is ``value``. A refusal says what is
wrong with the form (how many digits, which sign) and never repeats the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Self

from warehouse.errors import UserError
from warehouse.identifiers.definitions import phone_prefixes

#: What people write between the digits. Blanks are named: Python and Polars do not mean the same by ``\\s``.
_BLANKS = " \t\r\n\u00a0\u200b\u3000\ufeff"
SEPARATORS = rf"[{_BLANKS}.\-]+"
PHONE_SEPARATORS = rf"[{_BLANKS}.\-()]+"
#: The national number after the country code, whose trunk zero some keep: +84 (0) 90...
COUNTRY_CODE = r"^(?:\+84|0084|84)0?([0-9]{9,10})$"
#: A mobile number whose first zero a spreadsheet took for a number's.
LOST_ZERO = r"^([35789][0-9]{8})$"


@dataclass(frozen=True, repr=False)
class PersonNumber:
    """A number in its normal form. ``parse`` takes the text as written; the constructor only the normal form."""

    value: str

    system: ClassVar[str]
    noun: ClassVar[str]
    pattern: ClassVar[str]
    expected: ClassVar[str]

    def __post_init__(self) -> None:
        if not re.fullmatch(self.pattern, self.value):
            raise UserError(
                f"not {self.noun}: {_shape(self.value)}", field=self.system, expected=self.expected
            )

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises :class:`UserError` without the text when it is malformed."""
        return cls(cls.normalise(raw))

    @classmethod
    def normalise(cls, raw: str) -> str:
        return re.sub(SEPARATORS, "", raw)

    @property
    def digits(self) -> str:
        """The part in which fillers are looked for."""
        return self.value

    @property
    def place_code(self) -> str | None:
        """The code of a province or country in the number."""
        return None

    def __repr__(self) -> str:
        shown = self.place_code or ""
        return f"{type(self).__name__}({shown}{'*' * (len(self.value) - len(shown))})"


class NationalId(PersonNumber):
    """Citizen identity number (số định danh cá nhân, CCCD): place 3, century and sex 1, year 2, at random 6.

    There is no check digit. Source: Nghị định 137/2015/NĐ-CP article 13, Thông tư 59/2021/TT-BCA.
    """

    system = "national_id"
    noun = "a citizen identity number"
    pattern = "[0-9]{12}"
    expected = "12 digits"

    @property
    def place_code(self) -> str:
        """Province (001 to 096) or country (101 to 295) where the birth was registered."""
        return self.value[:3]

    @property
    def century(self) -> int:
        """The first two digits of the year of birth: 19, 20, ..."""
        return 19 + int(self.value[3]) // 2

    @property
    def birth_year(self) -> int:
        return self.century * 100 + int(self.value[4:6])

    @property
    def sex(self) -> str:
        return "female" if int(self.value[3]) % 2 else "male"


class OldId(PersonNumber):
    """Identity card of nine digits (CMND), issued until 2021 at the latest; the first two are of the province.

    A person who moved got another; in 2007 some 50 000 were found to have been issued twice.
    """

    system = "old_id"
    noun = "an old identity card number"
    pattern = "[0-9]{9}"
    expected = "9 digits"

    @property
    def place_code(self) -> str:
        return self.value[:2]


class InsuranceNumber(PersonNumber):
    """Health insurance card (object 2, benefit 1, province 2, code 10) or, as from 2021, the code of ten digits alone.

    Object and benefit change with a person's work and age: people are told apart by ``code``.
    """

    system = "insurance"
    noun = "a health insurance number"
    pattern = "(?:[A-Z]{2}[1-5][0-9]{2})?[0-9]{10}"
    expected = "10 digits, or a card like XX4 and 12 digits"

    @classmethod
    def normalise(cls, raw: str) -> str:
        return super().normalise(raw).upper()

    @property
    def code(self) -> str:
        """The ten digits of the social insurance that stay with a person."""
        return self.value[-10:]

    @property
    def digits(self) -> str:
        return self.code

    @property
    def place_code(self) -> str | None:
        """The province on a card; the code alone names none."""
        return self.value[3:5] if len(self.value) > len(self.code) else None

    @property
    def may_be_temporary(self) -> bool:
        """A card of a child under six (TE1). Those made for newborns before their birth is registered look the same."""
        return self.value.startswith("TE1")


class Phone(PersonNumber):
    """Vietnamese telephone number with its zero: mobile of 10 digits, fixed line of 11 (area code 02x or 02xx).

    Eleven-digit mobile numbers get their prefix of 2018, fixed lines that of 2017 where no mobile number looks alike:
    an old number of the city (08 and eight digits) cannot be told from a mobile number of today and is read as one.
    """

    system = "phone"
    noun = "a Vietnamese telephone number"
    pattern = "0[35789][0-9]{8}|02[0-9]{9}"
    expected = "0 and 9 digits (mobile) or 02 and 9 digits (fixed line), or the same after +84"

    @classmethod
    def normalise(cls, raw: str) -> str:
        text = re.sub(PHONE_SEPARATORS, "", raw)
        text = re.sub(LOST_ZERO, r"0\1", re.sub(COUNTRY_CODE, r"0\1", text))
        for prefix in phone_prefixes():
            if len(text) == prefix.digits and text.startswith(prefix.old):
                return prefix.new + text.removeprefix(prefix.old)
        return text

    @property
    def is_mobile(self) -> bool:
        return not self.value.startswith("02")


def _shape(text: str) -> str:
    """What a text is made of, in counts: nothing of it can be told from them."""
    digits = sum(sign in "0123456789" for sign in text)
    others = len(text) - digits
    return "nothing" if not text else f"{digits} digits" + (f" and {others} other signs" if others else "")
