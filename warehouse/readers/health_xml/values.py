"""What fields say, in the text forms landing understands. What is not understood is left as written: landing judges."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

_NUMBER = re.compile(r"([+-]?\d+)(?:[.,](\d+))?")
_MEASURED = re.compile(r"([+-]?\d+(?:[.,]\d+)?)\s*(\D.*)", re.DOTALL)
#: 1,234 may be a thousand or a little more than one: landing quarantines it as it stands.
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_PAIR = re.compile(r"(\d{2,3})\s*/\s*(\d{2,3})(?:\s*mm\s*hg)?", re.IGNORECASE)
#: Signs of a result and its unit that are remembered: few results are longer, and most come again and again.
_SHORT = 32
_SEPARATORS = re.compile(r"[;,]")


def moment(text: str | None) -> str | None:
    """``202403050815`` as ``2024-03-05T08:15:00``, ``20240305`` as ``2024-03-05``; day first when only that can be."""
    if text is None or not (text.isascii() and text.isdecimal() and len(text) in (8, 12, 14)):
        return text
    return _moment(text)


@lru_cache(maxsize=65_536)
def _moment(text: str) -> str:
    clock = (int(text[8:10] or 0), int(text[10:12] or 0), int(text[12:] or 0))
    for year, month, day_of in ((text[:4], text[4:6], text[6:8]), (text[4:8], text[2:4], text[:2])):
        try:
            found = datetime(int(year), int(month), int(day_of), *clock)  # noqa: DTZ001 - wall time of the city
        except ValueError:
            continue
        return found.isoformat()[: 10 if len(text) == 8 else None]
    return text


def is_moment(text: str | None) -> bool:
    """True for what :func:`moment` understood."""
    return text is not None and text[4:5] == "-"


def day(text: str | None) -> str | None:
    """The date of a moment."""
    found = moment(text)
    return found[:10] if found is not None and is_moment(found) else found


def birth_date(text: str | None) -> str | None:
    """``195804120000`` as ``1958-04-12``; ``195804000000`` as ``1958-04``; ``195800000000`` as ``1958``."""
    if text is None or not (text.isascii() and text.isdecimal() and len(text) in (8, 12, 14)):
        return text
    year, month, rest = text[:4], text[4:6], text[6:8]
    if text[:4] == "0000" and text[4:6] in ("18", "19", "20"):
        return text[4:8]
    if month == "00":
        return year if rest == "00" else text
    if rest == "00":
        return f"{year}-{month}" if month <= "12" else text
    found = moment(text[:8])
    return found if is_moment(found) else text


def parts_of(text: str | None) -> list[str]:
    """The members of a list joined by semicolons (some senders: commas), blanks dropped, each once."""
    if text is None:
        return []
    return list(dict.fromkeys(part for one in _SEPARATORS.split(text) if (part := one.strip())))


def places_of(text: str | None) -> list[str]:
    """The members of a list joined by semicolons, each at its place."""
    return [one.strip() for one in text.split(";")] if text else []


def number(text: str | None) -> str | None:
    """A number with a decimal point; None for what is none, such as ``<5`` or ``Âm tính``."""
    found = _NUMBER.fullmatch(text) if text else None
    if text is None or found is None:
        return None
    if _THOUSANDS.fullmatch(text):
        return text
    whole, fraction = found.groups()
    return f"{whole}.{fraction}" if fraction else whole


def measured(text: str | None, unit: str | None) -> tuple[str | None, str | None, str | None]:
    """Value, value as text, unit: of ``5,6`` or ``5.6 mmol/L`` the first, of ``<5`` the second.

    A unit written beside the number counts when the field of the unit says the same or nothing.
    """
    is_short = text is not None and len(text) + len(unit or "") <= _SHORT
    return (_remembered if is_short else _measured)(text, unit)


def _measured(text: str | None, unit: str | None) -> tuple[str | None, str | None, str | None]:
    if (value := number(text)) is not None or text is None:
        return value, None, unit
    if found := _MEASURED.fullmatch(text):
        digits, beside = found.groups()
        beside = beside.strip()
        is_unit = (
            beside.casefold() == unit.casefold() if unit else "/" in beside or beside in ("%", "cm", "kg")
        )
        if is_unit and " " not in beside:
            return number(digits), None, unit or beside
    return None, text, unit


_remembered = lru_cache(maxsize=16_384)(_measured)


def pressures(text: str) -> tuple[str, str] | None:
    """Systolic and diastolic of ``120/80``, with or without blanks and mmHg."""
    found = _PAIR.fullmatch(text)
    return (found.group(1), found.group(2)) if found else None
