"""What was prescribed and measured during a visit: rows of medication and measurement."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from warehouse.readers.drugs import atc_of
from warehouse.readers.free_text import Mined, mined
from warehouse.readers.health_xml import account, values
from warehouse.readers.health_xml.batches import Cells
from warehouse.readers.health_xml.doses import days_supplied
from warehouse.readers.health_xml.forms import codes
from warehouse.readers.health_xml.labs import loinc_of
from warehouse.readers.health_xml.parts import Row
from warehouse.readers.health_xml.visits import Context, Placed

SYSTOLIC, DIASTOLIC, HEIGHT, WEIGHT, PULSE = "8480-6", "8462-4", "8302-2", "29463-7", "8867-4"
#: Field -> LOINC and unit of the vital signs an examination has as fields.
_VITAL = {"height": (HEIGHT, "cm"), "weight": (WEIGHT, "kg"), "pulse": (PULSE, "/min")}
PRESSURE_UNIT = "mm[Hg]"
#: Longer texts are neither notes on a patient nor the name of a drug.
LONGEST_NOTE = 65_536
_LONGEST_NAME = 1_024
#: Notes without one hold no measurement, and need not be mined.
_DIGIT = re.compile(r"\d")
Aside = Callable[[str, str], None]


def numbered(rows: Sequence[Row]) -> Iterator[tuple[str, Row]]:
    """Each row with its STT; one without has its place, and a repeated STT a second number, so that all differ."""
    told = [row.get("number") for row in rows]
    if all(told) and len(set(told)) == len(told):
        return zip(cast("list[str]", told), rows, strict=True)
    return _told_apart(rows)


def _told_apart(rows: Sequence[Row]) -> Iterator[tuple[str, Row]]:
    used: set[str] = set()
    times: dict[str, int] = {}
    for place, row in enumerate(rows, start=1):
        number = unique = row.get("number") or f"n{place}"
        while unique in used:
            times[number] = times.get(number, 1) + 1
            unique = f"{number}.{times[number]}"
        used.add(unique)
        yield unique, row


def medications(rows: Sequence[Row], part: str, about: Context) -> Iterator[Placed]:
    """XML2: every drug, with its ATC code where the brand or the substance tells it."""
    on = values.day(about.at)
    for number, row in numbered(rows):
        name = row.get("name") or row.get("substance")
        days = days_supplied(row.get("amount"), row.get("dose"), row.get("unit"))
        yield "medication", (
            about.reference(part, number), about.person, about.encounter, _atc(row), name,
            values.day(row.get("at")) or on, days, about.origin,
        )  # fmt: skip


def _atc(row: Row) -> str | None:
    for name in (row.get("name"), row.get("substance")):
        if name and len(name) <= _LONGEST_NAME and (code := atc_of(name)):
            return code
    return None


def results(rows: Sequence[Row], part: str, about: Context, aside: Aside) -> Iterator[Placed]:
    """XML4 of claims, XML11 of examinations: laboratory results whose name stands for a LOINC code."""
    units = codes("DON_VI_DO")
    for number, row in numbered(rows):
        code = loinc_of(row.get("code"), row.get("name"), row.get("service"))
        if code is None:
            aside(part, account.NO_CODE)
        elif "value" not in row:
            aside(part, account.NO_VALUE)
        else:
            value, text, unit = values.measured(row["value"], row.get("unit"))
            yield "measurement", (
                about.reference(part, number), about.person, about.encounter, None, None, code, value, text,
                units.get(unit, unit) if unit else None, values.moment(row.get("at")) or about.at, about.facility,
                None, about.origin,
            )  # fmt: skip


def weight(main: Row, part: str, about: Context) -> Iterator[Placed]:
    """XML1 of claims: CAN_NANG in kg."""
    if "weight" in main:
        value, text, unit = values.measured(main["weight"], "kg")
        yield _measured(about, (part, "weight"), WEIGHT, value=value, text=text, unit=unit)


def notes(rows: Sequence[Row], part: str, about: Context, aside: Aside) -> Iterator[Placed]:
    """XML5 of claims: what can be mined from the notes on the course of the illness."""
    for number, row in numbered(rows):
        text = row.get("text", "")
        if len(text) > LONGEST_NOTE:
            aside(part, account.TOO_LONG)
            continue
        found = mined(text) if _DIGIT.search(text) else ()
        if not found:
            aside(part, account.NO_FINDING)
            continue
        note, at = about.reference(part, number), values.moment(row.get("at")) or about.at
        for place, one in enumerate(found, start=1):
            yield "measurement", _noted(about, note, place, one, at)


def _noted(about: Context, note: str | None, place: int, one: Mined, at: str | None) -> Cells:
    """A value out of the note with reference ``note``, of which it is number ``place``."""
    is_pressure = one.loinc in (SYSTOLIC, DIASTOLIC)
    return (
        f"{note}:{place}" if note else None, about.person, about.encounter,
        f"{note}:bp{one.reading}" if note and is_pressure else None, str(one.reading) if is_pressure else None,
        one.loinc, _text(one.value), None, one.unit, at, about.facility,
        # What was measured at home is no test of the facility: no definition uses it.
        *(("home", "self_declared") if one.at_home else (None, about.origin)),
    )  # fmt: skip


def _text(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def vital_signs(parts: Sequence[tuple[str, Sequence[Row]]], about: Context, aside: Aside) -> Iterator[Placed]:
    """XML3 and XML10 of examinations. What the second repeats is one reading; another pressure is the second."""
    seen: dict[tuple[str, str], str] = {}
    readings: Counter[str] = Counter()
    for part, rows in parts:
        for number, row in numbered(rows):
            for field in ("pressure", *_VITAL):
                if field not in row:
                    continue
                if seen.setdefault((field, row[field]), part) != part:
                    aside(part, account.REPEATED)
                    continue
                readings[field] += 1
                place = (part, number, field)
                if field == "pressure":
                    yield from _pressure(about, place, row[field], str(readings[field]))
                else:
                    code, unit = _VITAL[field]
                    value, text, unit_told = values.measured(row[field], unit)
                    yield _measured(about, place, code, value=value, text=text, unit=unit_told)


def _pressure(about: Context, place: tuple[str, ...], written: str, reading: str) -> Iterator[Placed]:
    """The two pressures of a reading, bound by their panel; one that cannot be read is kept as text."""
    pair = values.pressures(written)
    if pair is None:
        yield _measured(about, (*place, "text"), SYSTOLIC, text=written, unit=PRESSURE_UNIT, reading=reading)
        return
    for code, value in zip((SYSTOLIC, DIASTOLIC), pair, strict=True):
        yield _measured(
            about, (*place, code), code, value=value, unit=PRESSURE_UNIT, reading=reading, panel=place
        )


def _measured(
    about: Context,
    place: tuple[str, ...],
    code: str,
    *,
    value: str | None = None,
    text: str | None = None,
    unit: str | None = None,
    reading: str | None = None,
    panel: tuple[str, ...] | None = None,
) -> Placed:
    """A row of measurement at the time of the visit."""
    return "measurement", (
        about.reference(*place), about.person, about.encounter, about.reference(*panel) if panel else None, reading,
        code, value, text, unit, about.at, about.facility, None, about.origin,
    )  # fmt: skip
