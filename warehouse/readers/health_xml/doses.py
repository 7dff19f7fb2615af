"""How many days a supply lasts, where the amount and the dose tell it beyond doubt.

LIEU_DUNG is free text; QĐ 3176/QĐ-BYT asks for "amount a time * times a day * days [amount a day]".
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

#: A supply that lasts longer is no supply of one prescription.
_LONGEST = 365
#: A longer text is no dose, and searching it takes time that grows with its square.
_LONGEST_TEXT = 300
_AMOUNT = r"(\d+(?:[.,]\d+)?(?:/\d+)?)"
_PLAIN = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,9}|/[0-9]{1,9})?")
_PIECE = r"(viên|gói|ống|nang|vien|goi|ong)"
_DAILY = re.compile(rf"{_AMOUNT}\s*{_PIECE}[^\d*x×,;]*?(?:/|mỗi|một|1)\s*ngày")
_TIMES = re.compile(
    rf"{_AMOUNT}\s*{_PIECE}\s*(?:/\s*(?:1\s*)?lần)?\s*[*x×,;]\s*(?:ngày\s*(?:uống\s*)?)?(\d+)\s*lần(?:\s*/\s*(?:1\s*)?ngày)?"
)
_TURNED = re.compile(
    rf"ngày\s*(?:uống\s*)?(\d+)\s*lần\s*[,;:]?\s*(?:mỗi\s*lần|lần)\s*(?:uống\s*)?{_AMOUNT}\s*{_PIECE}"
)
_BY_TIME = re.compile(rf"(sáng|trưa|chiều|tối)\s*(?:uống\s*)?:?\s*{_AMOUNT}\s*{_PIECE}")
#: Taken when needed, up to something, not every day: no amount a day follows.
_NOT_DAILY = re.compile(r"\b(?:khi|nếu|tối đa|cách ngày|cách nhật|tuần)\b")
_DAYS = re.compile(r"(?<![/\d])\s*(?<!/)(\d{1,3})\s*ngày(?!\s*(?:uống\s*)?\d*\s*lần)")


def days_supplied(amount: str | None, dose: str | None, unit: str | None) -> str | None:
    """Whole days, or None unless all that is written agrees: amount = amount a day * days, in one and the same unit."""
    if amount is None or dose is None or unit is None or len(amount) + len(dose) + len(unit) > _LONGEST_TEXT:
        return None
    return _days(amount, dose, unit)


@lru_cache(maxsize=16_384)
def _days(amount: str, dose: str, unit: str) -> str | None:
    supplied = _fraction(amount)
    if supplied is None:
        return None
    text = " ".join(dose.casefold().split())
    if _NOT_DAILY.search(text):
        return None
    daily = {one for one in _daily(text, unit.casefold()) if one > 0}
    told = {int(days) for days in _DAYS.findall(_DAILY.sub(" ", text))}
    if len(daily) != 1 or len(told) > 1:
        return None
    days = supplied / daily.pop()
    if days.denominator != 1 or not 1 <= days <= _LONGEST or (told and told != {int(days)}):
        return None
    return str(int(days))


def _daily(text: str, unit: str) -> list[Fraction]:
    """Every amount a day the text states; 0 stands for one in another unit than the amount's."""
    stated = [(amount, piece, 1) for amount, piece in _DAILY.findall(text)]
    stated += [(amount, piece, int(times)) for amount, piece, times in _TIMES.findall(text)]
    stated += [(amount, piece, int(times)) for times, amount, piece in _TURNED.findall(text)]
    found = [(_fraction(amount) or Fraction(0)) * times for amount, piece, times in stated if piece in unit]
    by_time = _BY_TIME.findall(text)
    if by_time and len({when for when, _, _ in by_time}) == len(by_time):
        found.append(
            sum((_fraction(one) or Fraction(0) for _, one, piece in by_time if piece in unit), Fraction(0))
        )
    return found


def _fraction(text: str | None) -> Fraction | None:
    """A number or a fraction as people write them; none for "1e9", which takes all memory to write out."""
    if not text or not _PLAIN.fullmatch(text):
        return None
    try:
        return Fraction(text.replace(",", "."))
    except (ValueError, ZeroDivisionError):
        return None
