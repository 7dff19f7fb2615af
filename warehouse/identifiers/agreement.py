"""What is wrong with one number, by itself and beside the rest of its row."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from warehouse.identifiers.birth_columns import DATE_PARTS, DAY_FIRST
from warehouse.identifiers.definitions import NumberFault, number_faults, placeholders, places
from warehouse.identifiers.person_numbers import InsuranceNumber, NationalId, PersonNumber

#: Births from here on are in the future of every record.
_FUTURE_CENTURY = 21


def own_faults(number: PersonNumber) -> tuple[NumberFault, ...]:
    """What a number says against itself: a filler, an unknown place, a card that may be temporary.

    Of a filler nothing else is said: its parts mean nothing.
    """
    fillers = placeholders(number.system)
    if number.digits in fillers.whole or number.digits[-8:] in fillers.endings:
        return _named(["placeholder"])
    found = []
    if isinstance(number, NationalId) and number.century >= _FUTURE_CENTURY:
        found.append("century_ahead")
    if number.place_code is not None and number.place_code not in places(number.system):
        found.append("place_unknown")
    if isinstance(number, InsuranceNumber) and number.may_be_temporary:
        found.append("may_be_temporary")
    return _named(found)


def disagreements(number: NationalId, *, sex: str | None, birth_date: str | None) -> tuple[NumberFault, ...]:
    """:func:`own_faults`, and the parts that differ from the row's sex and year of birth where these are known.

    ``sex``: male, female; anything else is not known. ``birth_date``: the text of the row, a year at least.
    """
    found = [item.name for item in own_faults(number)]
    if "placeholder" in found:
        return _named(found)
    if sex in ("male", "female") and sex != number.sex:
        found.append("sex_differs")
    year = _birth_year(birth_date or "")
    if year is not None:
        if year // 100 != number.century:
            found.append("century_differs")
        if year % 100 != number.birth_year % 100:
            found.append("year_differs")
    return _named(found)


def mask(faults: Iterable[NumberFault]) -> int:
    """Faults as the bits of one number, as in the columns of a frame."""
    return sum(item.flag for item in faults)


def _birth_year(text: str) -> int | None:
    """The year of a partial date, None for what is none: month and day zero are unknown, a day needs its month."""
    parts = re.fullmatch(DATE_PARTS, re.sub(DAY_FIRST, r"\3-\2-\1", text))
    if parts is None:
        return None
    year, month, day = (int(part or 0) for part in parts.groups())
    if day and not month:
        return None
    try:
        return date(year, month or 1, day or 1).year
    except ValueError:
        return None


def _named(names: list[str]) -> tuple[NumberFault, ...]:
    return tuple(number_faults()[name] for name in names)
