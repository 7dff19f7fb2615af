"""What was measured, found in what was written: blood pressure, size, pulse and glucose in Vietnamese clinical text.

Clinical notes (DIEN_BIEN_LS, table XML5 of QĐ 4750/QĐ-BYT) are the only place of blood pressure and height in insurance
files. :func:`mined` reads "HA 150/90 mmHg, M 80 l/p, cao 1m60, CN 60kg". It would rather find nothing than something
false: what stands between a name ("HA") and its number must be words it knows, so a target ("HA < 140/90"), a history
("HA cao nhất 180/100"), a duration ("tăng HA 10 năm") and a date give nothing.

The text is cut into tokens once (:mod:`warehouse.readers.free_text_words`); every rule then looks a fixed number of
tokens ahead and back, so time grows with the length of the text and no faster, whatever the text.

Limits and units are those of the rules (``warehouse/units/quantities.csv``, ``units.csv``): a value outside its limits
is not found. A value with no unit written has the unit "", from which the warehouse infers one, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from math import inf
from typing import NamedTuple

from warehouse.readers.free_text_context import (
    gap,
    is_at_home,
    is_dated,
    is_fasting,
    is_joined_number,
    is_of_this_visit,
    may_be_name,
    named,
    unit_at,
    unit_in_brackets,
)
from warehouse.readers.free_text_words import (
    CHANGES,
    CLINIC,
    COUNTED,
    DIASTOLIC,
    FIRST_WORDS,
    MEASURES_BY_WORD,
    POSITIONS,
    PRESSURE,
    PRESSURE_UNITS,
    PRESSURE_WORDS,
    SEPARATORS,
    SIDES,
    STRENGTHS,
    SYSTOLIC,
    TIMES,
    Measure,
    Tokens,
    number,
)
from warehouse.rule_types import spell_unit
from warehouse.rules import load_rules

#: LOINC code by quantity and unit of the value (the column ``unit`` of ``units.csv``).
_LOINC = {
    ("systolic", "mm[Hg]"): "8480-6",
    ("diastolic", "mm[Hg]"): "8462-4",
    ("height", "cm"): "8302-2",
    ("height", "m"): "8302-2",
    ("weight", "kg"): "29463-7",
    ("waist", "cm"): "8280-0",
    ("heart_rate", "/min"): "8867-4",
    ("hba1c", "%"): "4548-4",
    ("hba1c", "mmol/mol"): "59261-8",
    ("fasting_glucose", "mmol/L"): "14771-0",
    ("fasting_glucose", "mg/dL"): "1558-6",
    ("random_glucose", "mmol/L"): "14749-6",
    ("random_glucose", "mg/dL"): "2345-7",
}
#: Pressures that are centimetres of mercury: 15/9 is 150/90.
_CM_SYSTOLIC, _CM_DIASTOLIC = (5, 30), (2, 20)
_MM_PER_CM = 10
#: Signs of a text that is remembered, and how many are: at most some twenty megabytes.
_SHORT, _REMEMBERED = 200, 8_192


class Mined(NamedTuple):
    """A value found in ``text[start:end]``.

    ``quantity`` as in ``quantities.csv``; ``loinc`` as in ``loinc.csv``; ``unit`` as ``units.csv`` spells it, "" if
    none was written. ``reading`` counts the values of a quantity in the text from 1; the two pressures of one reading
    have the same. ``at_home`` where the text says that it was measured at home.
    """

    quantity: str
    loinc: str
    value: float
    unit: str
    reading: int
    at_home: bool
    start: int
    end: int


class _Value(NamedTuple):
    """A number and its unit, before limits; tokens from ``first`` up to ``after`` tell it."""

    quantity: str
    value: float
    unit: str
    first: int
    after: int


class _Meaning(NamedTuple):
    """What a number in ``[value_from, value_below)`` is: the code is ``loinc`` if it is within the limits.

    ``value * factor + offset`` is the value in the unit of the limits.
    """

    value_from: float
    value_below: float
    factor: float
    offset: float
    loinc: str | None


@cache
def _meanings(quantity: str, unit: str) -> tuple[tuple[float, float], tuple[_Meaning, ...]]:
    """The limits of a quantity and what its numbers mean with a unit, in the order of the rules."""
    rules = load_rules()
    item = next(item for item in rules.quantities if item.quantity == quantity)
    meanings = (
        _Meaning(
            value_from=-inf if rule.value_from is None else rule.value_from,
            value_below=inf if rule.value_below is None else rule.value_below,
            factor=rule.factor,
            offset=rule.offset,
            loinc=_LOINC.get((quantity, rule.unit)),
        )
        for rule in rules.units
        if (rule.quantity, rule.unit_written) == (quantity, spell_unit(unit))
    )
    return (item.plausible_low, item.plausible_high), tuple(meanings)


def _loinc(found: _Value) -> str | None:
    """The LOINC code of a value within its limits; none outside them."""
    value = found.value
    (low, high), meanings = _meanings(found.quantity, found.unit)
    for value_from, value_below, factor, offset, loinc in meanings:
        if value_from <= value < value_below and low <= value * factor + offset <= high:
            return loinc
    return None


def _goes_on(tokens: Tokens, at: int) -> bool:
    """Whether a value goes on here, so that it is a date, a range or a time instead."""
    if tokens.words[at] in ("/", "-", "–", ":", "x"):
        return number(tokens.words[at + 1]) is not None
    return is_joined_number(tokens, at)


def _counts_else(tokens: Tokens, at: int) -> bool:
    """Whether a number without a unit is one of something else. In "VB 90 M 80" the letter is a name, not metres."""
    is_name = tokens.words[at] == "m" and (
        tokens.words[at + 1] == ":" or number(tokens.words[at + 1]) is not None
    )
    return tokens.words[at] in COUNTED and not is_name


def _pair(tokens: Tokens, first: int, at: int) -> tuple[_Value, ...]:
    """Two pressures with a stroke between. 15/9 is centimetres of mercury, unless millimetres are written."""
    systolic, diastolic = number(tokens.words[at]), number(tokens.words[at + 2])
    if systolic is None or diastolic is None or tokens.words[at + 1] != "/":
        return ()
    unit, length = unit_at(tokens, at + 3, PRESSURE_UNITS)
    after = at + 3 + length
    if _goes_on(tokens, after) or tokens.words[after] in STRENGTHS:
        return ()
    upper = _millimetres(systolic, unit, _CM_SYSTOLIC)
    lower = _millimetres(diastolic, unit, _CM_DIASTOLIC)
    # "120/8" mixes centimetres with millimetres: a slip of the pen, and nobody knows which.
    if upper is None or lower is None or (upper == systolic) != (lower == diastolic):
        return ()
    # "HA sáng 12/10 150/90", "HA 12/10 là 150/90": what is followed by the value is its date.
    if upper != systolic and (tokens.words[after] == "la" or number(tokens.words[after]) is not None):
        return ()
    written = "mmHg" if unit else ""
    return (
        _Value("systolic", upper, written, first, after),
        _Value("diastolic", lower, written, first, after),
    )


def _millimetres(value: float, unit: str, centimetres: tuple[float, float]) -> float | None:
    """A pressure in mmHg, a whole number; none if it is none."""
    is_cm = centimetres[0] <= value <= centimetres[1] and unit != "mmHg"
    if unit == "cmHg" and not is_cm:
        return None
    pressure = round(value * (_MM_PER_CM if is_cm else 1), 6)
    return pressure if pressure.is_integer() else None


def _one_pressure(tokens: Tokens, first: int, at: int, quantity: str) -> tuple[_Value, ...]:
    """One pressure by its own name: "HATT 150"."""
    value = number(tokens.words[at])
    unit, length = unit_at(tokens, at + 1, PRESSURE_UNITS)
    after = at + 1 + length
    if value is None or _goes_on(tokens, after) or (not unit and _counts_else(tokens, after)):
        return ()
    pressure = _millimetres(value, unit, _CM_SYSTOLIC if quantity == "systolic" else _CM_DIASTOLIC)
    if pressure is None:
        return ()
    return (_Value(quantity, pressure, "mmHg" if unit else "", first, after),)


def _two_named(tokens: Tokens, first: int, at: int) -> tuple[_Value, ...]:
    """Systolic and then perhaps diastolic pressure, each by its name: "HATT 150, HATTr 90"."""
    upper = _one_pressure(tokens, first, at, "systolic")
    if not upper:
        return ()
    name = upper[0].after + (tokens.words[upper[0].after] in SEPARATORS)
    length = named(tokens, name, DIASTOLIC)
    lower = (
        _one_pressure(tokens, name, gap(tokens, name + length, POSITIONS)[0], "diastolic") if length else ()
    )
    return upper + lower


def _metres(tokens: Tokens, first: int, at: int) -> _Value | None:
    """Height as it is spoken: "1m60" is 1.60 m, "1m6" too."""
    whole, part = tokens.words[at], tokens.words[at + 2]
    is_spoken = len(whole) == 1 and tokens.words[at + 1] == "m" and part.isdecimal() and len(part) <= 3
    after = at + 3 + (tokens.words[at + 3] == "cm")
    if not is_spoken or number(whole) is None or _goes_on(tokens, after):
        return None
    return _Value(quantity="height", value=float(f"{whole}.{part}"), unit="m", first=first, after=after)


def _amount(tokens: Tokens, first: int, at: int, measure: Measure, *, needs_unit: bool) -> _Value | None:
    """A number of a measure with its unit, or without one where nothing else is counted."""
    value = number(tokens.words[at])
    unit, length = unit_at(tokens, at + 1, measure.units)
    after = at + 1 + length
    if value is None or _goes_on(tokens, after) or (not unit and (needs_unit or _counts_else(tokens, after))):
        return None
    return _Value(measure.quantity, value, unit, first, after)


class _Found:
    """Collects what was found in one text and counts its readings."""

    def __init__(self, tokens: Tokens) -> None:
        self.items: list[Mined] = []
        self._tokens = tokens
        self._readings: dict[str, int] = {}

    def add(self, values: Sequence[_Value], *, at_home: bool) -> None:
        """Keep the values of one reading, all or none: one that cannot be makes the other doubtful."""
        codes = [_loinc(value) for value in values]
        is_upside_down = len(values) > 1 and values[0].value <= values[1].value
        if None in codes or is_upside_down:
            return
        counted = "pressure" if values[0].quantity in ("systolic", "diastolic") else values[0].quantity
        reading = self._readings[counted] = self._readings.get(counted, 0) + 1
        for (quantity, value, unit, first, after), code in zip(values, codes, strict=True):
            start, end = self._tokens.span(first)[0], self._tokens.span(after - 1)[1]
            self.items.append(Mined(quantity, str(code), value, unit, reading, at_home, start, end))


def _pressures(tokens: Tokens, first: int, found: _Found) -> int:
    """Blood pressure named at a token, and the readings that follow: the token after them, ``first`` if not named."""
    upper, lower = named(tokens, first, SYSTOLIC), named(tokens, first, DIASTOLIC)
    length = upper or lower or named(tokens, first, PRESSURE)
    if not length:
        return first
    end = first + length
    if upper and tokens.words[end] == "/":
        end += 1 + named(tokens, end + 1, DIASTOLIC)  # "HATT/HATTr: 150/90"
    printed, taken = unit_in_brackets(tokens, end, PRESSURE_UNITS)
    at, said = gap(tokens, end + taken, POSITIONS)
    pair = () if lower else _pair(tokens, first, at)
    values = pair or (
        _two_named(tokens, first, at)
        if upper
        else _one_pressure(tokens, first, at, "diastolic")
        if lower
        else ()
    )
    if not values:
        return at
    after = values[-1].after
    if not is_of_this_visit(tokens, first, after):
        return after
    at_home = is_at_home(tokens, first, after, said)
    # Who writes 15/9 into a form that prints mmHg means centimetres all the same: the value is in mmHg either way.
    found.add([value._replace(unit="mmHg") for value in values] if printed else values, at_home=at_home)
    in_cm = values[0].value != number(tokens.words[at])
    return _more_readings(tokens, after, found, at_home=at_home, in_cm=in_cm) if pair else after


def _more_readings(tokens: Tokens, after: int, found: _Found, *, at_home: bool, in_cm: bool) -> int:
    """The readings that follow a first without a name: "tay trái 140/80, tay phải 145/85"."""
    while True:
        sign = tokens.words[after]
        first = after + (sign in SEPARATORS)
        at, said = gap(tokens, first, POSITIONS)
        values = _pair(tokens, first, at)
        if not values or is_dated(tokens, values[0].after):
            return after
        # A pair of small numbers may be a date: it needs a word for which reading it is, and a first one like it.
        is_cm = values[0].value != number(tokens.words[at])
        is_told = (
            bool(said & SIDES) if is_cm else bool(said & (SIDES | CLINIC | TIMES)) or sign in (",", ";", "va")
        )
        if not is_told or (is_cm and not in_cm):
            return after
        at_home = is_at_home(tokens, first, values[0].after, said, otherwise=at_home)
        found.add(values, at_home=at_home)
        after = values[0].after


def _measure(tokens: Tokens, first: int, measure: Measure, found: _Found) -> int:
    """A measure named at a token: the token after it, ``first`` if it is not named here."""
    strict = named(tokens, first, measure.names)
    length = strict or named(tokens, first, measure.loose)
    if not length or not may_be_name(tokens, first, is_loose=not strict):
        return first
    printed, taken = unit_in_brackets(tokens, first + length, measure.units)
    at, said = gap(tokens, first + length + taken, measure.between)
    value = _metres(tokens, first, at) if measure.quantity == "height" else None
    value = value or _amount(tokens, first, at, measure, needs_unit=not strict and not printed)
    if value is None:
        return at
    if printed and not value.unit:
        value = value._replace(unit=printed)
    if measure.quantity == "random_glucose" and is_fasting(tokens, value.after, said):
        value = value._replace(quantity="fasting_glucose")
    is_change = measure.quantity == "weight" and first > 0 and tokens.words[first - 1] in CHANGES
    if is_of_this_visit(tokens, first, value.after) and not is_change:
        found.add((value,), at_home=is_at_home(tokens, first, value.after, said))
    return value.after


def _read(tokens: Tokens, at: int, found: _Found) -> int:
    """Whatever is named at a token: the token after it, ``at`` if nothing is named."""
    word = tokens.words[at]
    after = _pressures(tokens, at, found) if word in PRESSURE_WORDS else at
    for measure in MEASURES_BY_WORD.get(word, ()):
        if after > at:
            break
        after = _measure(tokens, at, measure, found)
    return after


def mined(text: str) -> tuple[Mined, ...]:
    """The values told in a text, in the order of the text. Text of any kind may be given; nothing is raised.

    Short texts are remembered, as notes are written from templates: "HA 120/80 mmHg" comes again and again.
    """
    return (remembered if len(text) <= _SHORT else _mined)(text)


def _mined(text: str) -> tuple[Mined, ...]:
    tokens = Tokens(text)
    if tokens.said.isdisjoint(FIRST_WORDS):
        return ()
    found = _Found(tokens)
    after = 0
    for at in [place for place, word in enumerate(tokens.words[: tokens.count]) if word in FIRST_WORDS]:
        if at >= after:
            after = _read(tokens, at, found)
    return tuple(found.items)


remembered = lru_cache(maxsize=_REMEMBERED)(_mined)
