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

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from warehouse.readers.free_text_context import (
    gap,
    is_at_home,
    is_dated,
    is_fasting,
    is_joined_number,
    is_of_another_time,
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
    MEASURES,
    POSITIONS,
    PRESSURE,
    PRESSURE_UNITS,
    SEPARATORS,
    SIDES,
    STRENGTHS,
    SYSTOLIC,
    TIMES,
    Measure,
    Token,
    number,
    tokens_of,
)
from warehouse.rule_types import UnitRule, spell_unit
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


@dataclass(frozen=True, kw_only=True)
class Mined:
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


@dataclass(frozen=True, kw_only=True)
class _Value:
    """A number and its unit, before limits; tokens from ``first`` up to ``after`` tell it."""

    quantity: str
    value: float
    unit: str
    first: int
    after: int


@cache
def _unit_rules(quantity: str, unit: str) -> tuple[UnitRule, ...]:
    return tuple(
        rule
        for rule in load_rules().units
        if (rule.quantity, rule.unit_written) == (quantity, spell_unit(unit))
    )


@cache
def _limits(quantity: str) -> tuple[float, float]:
    item = next(item for item in load_rules().quantities if item.quantity == quantity)
    return item.plausible_low, item.plausible_high


def _loinc(found: _Value) -> str | None:
    """The LOINC code of a value within its limits; none outside them."""
    low, high = _limits(found.quantity)
    for rule in _unit_rules(found.quantity, found.unit):
        is_meant = (rule.value_from is None or found.value >= rule.value_from) and (
            rule.value_below is None or found.value < rule.value_below
        )
        if is_meant and low <= found.value * rule.factor + rule.offset <= high:
            return _LOINC.get((found.quantity, rule.unit))
    return None


def _goes_on(tokens: Sequence[Token], at: int) -> bool:
    """Whether a value goes on here, so that it is a date, a range or a time instead."""
    word, following = tokens[at].text, tokens[at + 1].text
    joins = word in ("/", "-", "–", ":", "x") and number(following) is not None
    return joins or is_joined_number(tokens, at)


def _counts_else(tokens: Sequence[Token], at: int) -> bool:
    """Whether a number without a unit is one of something else. In "VB 90 M 80" the letter is a name, not metres."""
    is_name = tokens[at].text == "m" and (
        tokens[at + 1].text == ":" or number(tokens[at + 1].text) is not None
    )
    return tokens[at].text in COUNTED and not is_name


def _pair(tokens: Sequence[Token], first: int, at: int) -> tuple[_Value, ...]:
    """Two pressures with a stroke between. 15/9 is centimetres of mercury, unless millimetres are written."""
    systolic, diastolic = number(tokens[at].text), number(tokens[at + 2].text)
    if systolic is None or diastolic is None or tokens[at + 1].text != "/":
        return ()
    unit, length = unit_at(tokens, at + 3, PRESSURE_UNITS)
    after = at + 3 + length
    if _goes_on(tokens, after) or tokens[after].text in STRENGTHS:
        return ()
    upper = _millimetres(systolic, unit, _CM_SYSTOLIC)
    lower = _millimetres(diastolic, unit, _CM_DIASTOLIC)
    # "120/8" mixes centimetres with millimetres: a slip of the pen, and nobody knows which.
    if upper is None or lower is None or (upper == systolic) != (lower == diastolic):
        return ()
    # "HA sáng 12/10 150/90", "HA 12/10 là 150/90": what is followed by the value is its date.
    if upper != systolic and (tokens[after].text == "la" or number(tokens[after].text) is not None):
        return ()
    written = "mmHg" if unit else ""
    return (
        _Value(quantity="systolic", value=upper, unit=written, first=first, after=after),
        _Value(quantity="diastolic", value=lower, unit=written, first=first, after=after),
    )


def _millimetres(value: float, unit: str, centimetres: tuple[float, float]) -> float | None:
    """A pressure in mmHg, a whole number; none if it is none."""
    is_cm = centimetres[0] <= value <= centimetres[1] and unit != "mmHg"
    if unit == "cmHg" and not is_cm:
        return None
    pressure = round(value * (_MM_PER_CM if is_cm else 1), 6)
    return pressure if pressure.is_integer() else None


def _one_pressure(tokens: Sequence[Token], first: int, at: int, quantity: str) -> tuple[_Value, ...]:
    """One pressure by its own name: "HATT 150"."""
    value = number(tokens[at].text)
    unit, length = unit_at(tokens, at + 1, PRESSURE_UNITS)
    after = at + 1 + length
    if value is None or _goes_on(tokens, after) or (not unit and _counts_else(tokens, after)):
        return ()
    pressure = _millimetres(value, unit, _CM_SYSTOLIC if quantity == "systolic" else _CM_DIASTOLIC)
    if pressure is None:
        return ()
    return (_Value(quantity=quantity, value=pressure, unit="mmHg" if unit else "", first=first, after=after),)


def _two_named(tokens: Sequence[Token], first: int, at: int) -> tuple[_Value, ...]:
    """Systolic and then perhaps diastolic pressure, each by its name: "HATT 150, HATTr 90"."""
    upper = _one_pressure(tokens, first, at, "systolic")
    if not upper:
        return ()
    name = upper[0].after + (tokens[upper[0].after].text in SEPARATORS)
    length = named(tokens, name, DIASTOLIC)
    lower = (
        _one_pressure(tokens, name, gap(tokens, name + length, POSITIONS)[0], "diastolic") if length else ()
    )
    return upper + lower


def _metres(tokens: Sequence[Token], first: int, at: int) -> _Value | None:
    """Height as it is spoken: "1m60" is 1.60 m, "1m6" too."""
    whole, part = tokens[at].text, tokens[at + 2].text
    is_spoken = len(whole) == 1 and tokens[at + 1].text == "m" and part.isdecimal() and len(part) <= 3
    after = at + 3 + (tokens[at + 3].text == "cm")
    if not is_spoken or number(whole) is None or _goes_on(tokens, after):
        return None
    return _Value(quantity="height", value=float(f"{whole}.{part}"), unit="m", first=first, after=after)


def _amount(
    tokens: Sequence[Token], first: int, at: int, measure: Measure, *, needs_unit: bool
) -> _Value | None:
    """A number of a measure with its unit, or without one where nothing else is counted."""
    value = number(tokens[at].text)
    unit, length = unit_at(tokens, at + 1, measure.units)
    after = at + 1 + length
    if value is None or _goes_on(tokens, after) or (not unit and (needs_unit or _counts_else(tokens, after))):
        return None
    return _Value(quantity=measure.quantity, value=value, unit=unit, first=first, after=after)


class _Found:
    """Collects what was found in one text and counts its readings."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.items: list[Mined] = []
        self._tokens = tokens
        self._readings: Counter[str] = Counter()

    def add(self, values: Sequence[_Value], *, at_home: bool) -> None:
        """Keep the values of one reading, all or none: one that cannot be makes the other doubtful."""
        codes = [_loinc(value) for value in values]
        is_upside_down = len(values) > 1 and values[0].value <= values[1].value
        if None in codes or is_upside_down:
            return
        counted = "pressure" if values[0].quantity in ("systolic", "diastolic") else values[0].quantity
        self._readings[counted] += 1
        for value, code in zip(values, codes, strict=True):
            self.items.append(
                Mined(
                    quantity=value.quantity,
                    loinc=str(code),
                    value=value.value,
                    unit=value.unit,
                    reading=self._readings[counted],
                    at_home=at_home,
                    start=self._tokens[value.first].start,
                    end=self._tokens[value.after - 1].end,
                )
            )


def _pressures(tokens: Sequence[Token], first: int, found: _Found) -> int:
    """Blood pressure named at a token, and the readings that follow: the token after them, ``first`` if not named."""
    upper, lower = named(tokens, first, SYSTOLIC), named(tokens, first, DIASTOLIC)
    length = upper or lower or named(tokens, first, PRESSURE)
    if not length:
        return first
    end = first + length
    if upper and tokens[end].text == "/":
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
    if is_of_another_time(tokens, first) or is_dated(tokens, after):
        return after
    at_home = is_at_home(tokens, first, after, said)
    # Who writes 15/9 into a form that prints mmHg means centimetres all the same: the value is in mmHg either way.
    found.add([replace(value, unit="mmHg" if printed else value.unit) for value in values], at_home=at_home)
    in_cm = values[0].value != number(tokens[at].text)
    return _more_readings(tokens, after, found, at_home=at_home, in_cm=in_cm) if pair else after


def _more_readings(tokens: Sequence[Token], after: int, found: _Found, *, at_home: bool, in_cm: bool) -> int:
    """The readings that follow a first without a name: "tay trái 140/80, tay phải 145/85"."""
    while True:
        sign = tokens[after].text
        first = after + (sign in SEPARATORS)
        at, said = gap(tokens, first, POSITIONS)
        values = _pair(tokens, first, at)
        if not values or is_dated(tokens, values[0].after):
            return after
        # A pair of small numbers may be a date: it needs a word for which reading it is, and a first one like it.
        is_cm = values[0].value != number(tokens[at].text)
        is_told = (
            bool(said & SIDES) if is_cm else bool(said & (SIDES | CLINIC | TIMES)) or sign in (",", ";", "va")
        )
        if not is_told or (is_cm and not in_cm):
            return after
        at_home = is_at_home(tokens, first, values[0].after, said, otherwise=at_home)
        found.add(values, at_home=at_home)
        after = values[0].after


def _measure(tokens: Sequence[Token], first: int, measure: Measure, found: _Found) -> int:
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
    value = replace(value, unit=value.unit or printed)
    if measure.quantity == "random_glucose" and is_fasting(tokens, value.after, said):
        value = replace(value, quantity="fasting_glucose")
    is_change = measure.quantity == "weight" and first > 0 and tokens[first - 1].text in CHANGES
    if not (is_change or is_of_another_time(tokens, first) or is_dated(tokens, value.after)):
        found.add((value,), at_home=is_at_home(tokens, first, value.after, said))
    return value.after


def _read(tokens: Sequence[Token], at: int, found: _Found) -> int:
    """Whatever is named at a token: the token after it, ``at`` if nothing is named."""
    after = _pressures(tokens, at, found)
    for measure in MEASURES:
        if after > at:
            break
        after = _measure(tokens, at, measure, found)
    return after


def mined(text: str) -> tuple[Mined, ...]:
    """The values told in a text, in the order of the text. Text of any kind may be given; nothing is raised."""
    tokens = tokens_of(text)
    found = _Found(tokens)
    at = 0
    while tokens[at].text:
        at = max(_read(tokens, at, found), at + 1) if tokens[at].text in FIRST_WORDS else at + 1
    return tuple(found.items)
