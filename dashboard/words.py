"""Words and numbers on the screen, in Vietnamese and English, from the catalogues in ``text/``.

A catalogue is a folder of TOML files, one per part of the dashboard; nested tables become dotted keys. A key that is
missing raises: words are never made up, and a test compares the two catalogues with each other and with the code.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from warehouse.errors import Defect

LANGUAGES = ("vi", "en")
#: Where the default language of the server stands in its configuration.
LANGUAGE = "HSSK_LANGUAGE"
NO_BREAK = "\u00a0"
#: Shares that people say as "k in n"; others are said per hundred.
PARTS = (*((k, n) for n in range(10, 1, -1) for k in (1, n - 1)), (2, 5), (3, 5), (3, 10), (7, 10))
#: How far "k in n" may stand from the share.
NEAR = 0.02


@dataclass(frozen=True)
class Words:
    """The words of one language and the one formatter of its numbers and dates."""

    language: str
    catalogue: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The text of ``key`` with its ``{names}`` filled in."""
        if key not in self.catalogue:
            raise Defect(f"text {key!r} is missing in text/{self.language}/")
        return self.catalogue[key].format(**values) if values else self.catalogue[key]

    @property
    def separators(self) -> str:
        """Decimal sign, then thousands sign."""
        return ",." if self.language == "vi" else ".,"

    def decimal(self, value: float, digits: int = 1) -> str:
        """1234.5 becomes ``1.234,5`` or ``1,234.5``."""
        text = f"{value:,.{digits}f}"
        return text.translate(str.maketrans(",.", ".,")) if self.language == "vi" else text

    def integer(self, value: int) -> str:
        """1234567 becomes ``1.234.567`` or ``1,234,567``."""
        return self.decimal(value, 0)

    def signed(self, value: int) -> str:
        """A change: ``+1.234``, ``−56``, ``0``."""
        sign = "+" if value > 0 else "\u2212" if value < 0 else ""
        return sign + self.integer(abs(value))

    def plain(self, value: float) -> str:
        """A number with no more decimals than it has, at most one: ``18,5``, ``25``."""
        return self.decimal(value, 0 if float(value).is_integer() else 1)

    def percent(self, share: float, digits: int = 1) -> str:
        """A share between 0 and 1 as a percentage: ``34,1 %`` or ``34.1%``."""
        sign = f"{NO_BREAK}%" if self.language == "vi" else "%"
        return f"{self.decimal(100 * share, digits)}{sign}"

    def interval(self, lower: float, upper: float) -> str:
        """Two shares as an interval in percent, without the sign: ``33,0–35,2``."""
        return f"{self.decimal(100 * lower)}–{self.decimal(100 * upper)}"

    def date(self, day: date) -> str:
        """``31/12/2022`` in Vietnamese, ``31 December 2022`` in English."""
        if self.language == "vi":
            return f"{day.day:02d}/{day.month:02d}/{day.year}"
        return f"{day.day} {self(f'month.{day.month}')} {day.year}"

    def quarter(self, quarter: str) -> str:
        """``2022Q4`` becomes ``quý 4/2022`` or ``Q4 2022``."""
        match = re.fullmatch(r"(\d{4})Q([1-4])", quarter)
        if match is None:
            return quarter
        return self("quarter", year=match[1], number=match[2])

    def short_quarter(self, quarter: str) -> str:
        """``2022Q4`` becomes ``Q4/22``, for axes."""
        return f"Q{quarter[5]}/{quarter[2:4]}" if re.fullmatch(r"\d{4}Q[1-4]", quarter) else quarter

    def ages(self, band: str) -> str:
        """``18-39`` becomes ``18–39``."""
        return band.replace("-", "–")

    def one_in(self, share: float) -> str:
        """A share in everyday words, ``1 trong 3`` or ``2 in 5``; ``8 in 100`` where no such words come near."""
        k, n = min(PARTS, key=lambda part: abs(part[0] / part[1] - share))
        if abs(k / n - share) > NEAR or not 0.09 <= share <= 0.91:
            k, n = round(100 * share), 100
        return self("one_in", k=k, n=n)


@cache
def words(language: str) -> Words:
    """The words of ``vi`` or ``en``; any other language is a defect of the caller."""
    if language not in LANGUAGES:
        raise Defect(f"no catalogue for language {language!r}")
    found: dict[str, str] = {}
    folder = resources.files("dashboard").joinpath("text", language)
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        texts = dict(_flatten(tomllib.loads(file.read_text(encoding="utf-8"))))
        if twice := sorted(set(texts) & set(found)):
            raise Defect(f"text/{language}/{file.name} says again: {', '.join(twice)}")
        found |= texts
    return Words(language, found)


def _flatten(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        pairs += _flatten(value, f"{name}.") if isinstance(value, dict) else [(name, str(value))]
    return pairs
