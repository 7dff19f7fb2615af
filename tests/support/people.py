"""People as plain Python values: what both ways to a number (SQL and reference) are given in tests.

Days count from 1970-01-01. Values are already what ingest leaves in ``core_measurement``: in a known unit,
with a value in the storage unit and a judgement of plausibility.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One measured value. ``minute`` is the minute of the day; ``row`` is its place in the file."""

    quantity: str
    day: int
    minute: int = 0
    value: float
    unit: str
    value_standard: float
    is_plausible: bool
    row: int
    encounter: int | None = None
    panel: int | None = None
    number: int | None = None
    origin: str | None = None


@dataclass(frozen=True, kw_only=True)
class Person:
    """One resident. ``sex`` 0 unknown, 1 male, 2 female; ``born`` is year * 12 + month - 1 or None.

    ``records`` are (created, closed or None), ``diagnoses`` (day, ICD-10 without dot), ``supplies`` (first
    day, last day, ATC), those that came as insurance claims apart; ``insured`` are spells without overlap
    (first day, last day or None); ``resident_until`` is the first day that no longer counts;
    ``pregnant_until`` is the day the register gives for the end of a pregnancy; ``examined`` are reference
    examinations, one of a definition (condition, variant, day, has the condition).
    """

    key: int
    record_key: int = 0
    sex: int = 1
    born: int | None = 1970 * 12
    place: int = 1
    resident_from: int | None = None
    resident_until: int | None = None
    is_registered: bool = True
    pregnant_until: int | None = None
    records: tuple[tuple[int, int | None], ...] = ()
    readings: tuple[Reading, ...] = ()
    diagnoses: tuple[tuple[int, str], ...] = ()
    supplies: tuple[tuple[int, int, str], ...] = ()
    claimed_diagnoses: tuple[tuple[int, str], ...] = ()
    claimed_supplies: tuple[tuple[int, int, str], ...] = ()
    insured: tuple[tuple[int, int | None], ...] = ()
    examined: tuple[tuple[str, str, int, bool], ...] = ()
