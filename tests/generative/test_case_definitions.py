"""The SQL way and the plain-Python reference give the same quarters for generated people, for every measure.

People are drawn around what goes wrong: values on both sides of each threshold, look-backs to the day,
readings that repeat, pair badly or are implausible, glucose in two units, records that close, supplies that
end, unknown ages.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests import reference
from tests.support import core
from tests.support.examples import examples
from tests.support.people import Person, Reading
from warehouse.rule_calendar import day_number, last_day_of, quarter_ordinal

THOROUGH = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
ORIGIN, LAST = date(2021, 12, 31), date(2023, 12, 31)
ENDS = [last_day_of(n) for n in range(quarter_ordinal(ORIGIN), quarter_ordinal(LAST) + 1)]
END_DAYS = [day_number(end) for end in ENDS]
DEFINITIONS = reference.read_definitions()
#: Definitions whose estimates are corrected.
FRAMED = [
    (condition, variant)
    for condition, spec in DEFINITIONS.conditions.items()
    for variant, item in spec["variants"].items()
    if "known" in item
]

#: Distances from a quarter's end at which a rule may change its mind, and a few between.
OFFSETS = (
    0,
    1,
    89,
    90,
    91,
    363,
    364,
    365,
    366,
    367,
    500,
    729,
    730,
    731,
    732,
    1095,
    1825,
    1826,
    1827,
    -1,
    -40,
)
#: quantity -> unit -> values around thresholds, implausible ones, and unit traps as reported.
VALUES: dict[str, dict[str, tuple[float, ...]]] = {
    "systolic": {"mm[Hg]": (120, 139, 139.5, 139.9, 140, 140, 140.5, 141, 150, 180, 85, 59, 301)},
    "diastolic": {"mm[Hg]": (70, 70, 80, 85, 89, 89.5, 89.9, 90, 90.5, 100, 0, 29, 150)},
    "hba1c": {"%": (5.6, 6.4, 6.49, 6.5, 6.6, 12, 2.9, 21), "mmol/mol": (38, 47, 47.5, 48, 49, 120, 210)},
    "fasting_glucose": {
        "mmol/L": (5.0, 6.9, 6.99, 6.994, 7.0, 7.1, 61),
        "mg/dL": (100, 125, 125.9, 126, 127, 300),
    },
    "random_glucose": {"mmol/L": (5.0, 12.0, 25.0)},
    "weight": {
        "kg": (57.4, 57.5, 64, 70, 75, 29, 271, 30, 0.9, 11, 18, 24),
        "[lb_av]": (126.0, 141.1, 165.0),
    },
    "height": {
        "cm": (120, 150, 158, 160, 165, 231, 119, 39, 85, 110),
        "m": (1.6, 1.58, 3.1),
        "[in_i]": (63.0,),
    },
    "waist": {"cm": (79.9, 80, 89, 90, 91), "[in_i]": (31.4, 31.5, 35.5)},
    "creatinine": {"umol/L": (70, 95, 110, 150, 9), "mg/dL": (0.8, 1.0, 1.3, 1.7)},
    "urine_albumin_creatinine": {"mg/g": (10, 29.9, 30, 300), "mg/mmol": (2.9, 3.0, 40)},
    "total_cholesterol": {"mmol/L": (4.9, 5.0, 6.2), "mg/dL": (189, 190, 191)},
    "ldl_cholesterol": {"mmol/L": (4.0, 4.1), "mg/dL": (159, 160)},
}
FACTORS = {
    ("hba1c", "mmol/mol"): (1 / 10.93, 23.5 / 10.93),
    ("fasting_glucose", "mg/dL"): (1 / 18.016, 0.0),
    ("weight", "[lb_av]"): (0.45359237, 0.0),
    ("height", "m"): (100.0, 0.0),
    ("height", "[in_i]"): (2.54, 0.0),
    ("waist", "[in_i]"): (2.54, 0.0),
    ("creatinine", "mg/dL"): (88.42, 0.0),
    ("urine_albumin_creatinine", "mg/mmol"): (8.84, 0.0),
    ("total_cholesterol", "mg/dL"): (1 / 38.67, 0.0),
    ("ldl_cholesterol", "mg/dL"): (1 / 38.67, 0.0),
}
LIMITS = {
    name: (float(row["plausible_low"]), float(row["plausible_high"]))
    for name, row in DEFINITIONS.quantities.items()
}
OTHERS = (
    "hba1c", "fasting_glucose", "weight", "weight", "height", "height", "random_glucose", "waist", "creatinine",
    "creatinine", "urine_albumin_creatinine", "total_cholesterol", "ldl_cholesterol",
)  # fmt: skip
CODES = (
    "I10", "I109", "I119", "I14", "I15", "I20", "E10", "E10", "E119", "E119", "E149", "O244", "E15", "I1", "Z370",
    "N18", "N185", "N18", "J44", "J45", "C50", "C44", "I63", "G45", "I21", "E78", "Z340",
)  # fmt: skip
DRUGS = (
    "C09AA05",
    "C03CA01",
    "C02CA04",
    "C07AA05",
    "C03AA03",
    "A10BA02",
    "A10BK01",
    "A10BD20",
    "A10BD02",
    "A10AB01",
    "A10BB09",
    "C10AA05",
)

ALWAYS: tuple[tuple[int, int | None], ...] = ((END_DAYS[0] - 3000, None),)
#: Days of one person hang together: distances from one anchor at which two readings may begin or cease to count.
APART = (0, 0, 1, 1, 2, 30, 364, 365, 365, 366, 366, 367, 729, 730, 731, 1825, 1826, 1827)
Days = st.SearchStrategy[int]


def days_near(anchor: int) -> Days:
    near = st.sampled_from(APART).map(lambda apart: anchor - apart)
    anywhere = st.builds(
        lambda end, offset: end - offset, st.sampled_from(END_DAYS), st.sampled_from(OFFSETS)
    )
    return st.one_of(near, near, near, anywhere)


@st.composite
def measured(draw: st.DrawFn, day: int, minute: int, quantity: str) -> dict[str, Any]:
    unit = draw(st.sampled_from(sorted(VALUES[quantity])))
    value = float(draw(st.sampled_from(VALUES[quantity][unit])))
    factor, offset = FACTORS.get((quantity, unit), (1.0, 0.0))
    standard = value * factor + offset
    low, high = LIMITS[quantity]
    return {
        "quantity": quantity,
        "day": day,
        "minute": minute,
        "value": value,
        "unit": unit,
        "value_standard": standard,
        "is_plausible": low <= standard <= high,
    }


def plain_visit(day: int, encounter: int, *, is_high: bool) -> list[dict[str, Any]]:
    """One good reading, clearly high or clearly not, so that days alone decide."""
    return [
        {
            "quantity": quantity,
            "day": day,
            "minute": 540,
            "value": value,
            "unit": "mm[Hg]",
            "value_standard": value,
            "is_plausible": True,
            "encounter": encounter,
        }
        for quantity, value in (("systolic", 150.0 if is_high else 120.0), ("diastolic", 80.0))
    ]


@st.composite
def visits(draw: st.DrawFn, days: Days, encounter: int) -> list[dict[str, Any]]:
    """Blood pressure of one visit: one to four readings, bound by panel, by time, or only by their order."""
    day = draw(days)
    if draw(st.booleans()):
        return plain_visit(day, encounter, is_high=draw(st.booleans()))
    bond = draw(st.sampled_from(("panel", "time", "order", "numbered", "no_visit", "one_panel")))
    found = []
    for turn in range(draw(st.sampled_from((1, 1, 2, 3, 4)))):
        apart = 1 if bond == "order" else 0
        minute = 0 if bond == "one_panel" else 540 + 5 * turn
        for shift, quantity in ((0, "systolic"), (apart, "diastolic")):
            reading = draw(measured(day, minute + shift, quantity))
            reading["encounter"] = None if bond == "no_visit" else encounter
            reading["panel"] = {"panel": encounter * 10 + turn, "one_panel": encounter * 10}.get(bond)
            reading["number"] = turn + 1 if bond == "numbered" else None
            found.append(reading)
    lost = draw(st.sets(st.integers(0, len(found) - 1), max_size=1))
    return [reading for place, reading in enumerate(found) if place not in lost]


@st.composite
def readings(draw: st.DrawFn, days: Days) -> tuple[Reading, ...]:
    drawn = [reading for number in range(draw(st.integers(0, 5))) for reading in draw(visits(days, number))]
    others = draw(st.lists(st.sampled_from(OTHERS), max_size=8))
    drawn += [
        draw(measured(draw(days), draw(st.sampled_from((0, 480, 540))), quantity)) for quantity in others
    ]
    repeated = draw(st.lists(st.sampled_from(drawn), max_size=2)) if drawn else []
    for reading in drawn:
        reading.setdefault("origin", draw(st.sampled_from(("exam", "clinic", None))))
    order = draw(st.permutations([*drawn, *repeated]))
    return tuple(Reading(row=row, **reading) for row, reading in enumerate(order))


@st.composite
def insurance(draw: st.DrawFn, days: Days) -> tuple[tuple[int, int | None], ...]:
    """Spells apart from each other; lengths around the 18 of 24 months that count as insured."""
    first = draw(days) - draw(st.sampled_from((0, 180, 546, 547, 548)))
    length = draw(st.sampled_from((None, 0, 180, 366, 546, 547, 548)))
    gap, more = draw(st.sampled_from((2, 30, 181, 182, 183))), draw(st.sampled_from((None, 0, 90, 366)))
    spells: list[tuple[int, int | None]] = [(first, None if length is None else first + length)]
    if length is not None:
        again = first + length + gap
        spells.append((again, None if more is None else again + more))
    return tuple(spells[: draw(st.integers(0, 2))])


@st.composite
def people(draw: st.DrawFn, key: int) -> Person:
    anchor = draw(st.sampled_from(END_DAYS)) - draw(st.sampled_from((0, 0, 1, 30, 365, 366, 730)))
    days = days_near(anchor)
    created = st.one_of(st.just(ALWAYS[0][0]), days)
    closed = st.one_of(st.none(), days)
    spells = st.lists(st.tuples(created, closed), max_size=2).map(tuple)
    length = st.sampled_from((0, 27, 89))
    supplies = st.builds(lambda day, more, atc: (day, day + more, atc), days, length, st.sampled_from(DRUGS))
    born = st.integers(-25, 7).map(lambda months: LAST.year * 12 + LAST.month - 1 - 18 * 12 + months)
    return Person(
        key=key,
        record_key=draw(st.integers(0, 255)),
        sex=draw(st.sampled_from((0, 1, 2))),
        born=draw(st.one_of(st.none(), born, st.integers(1900 * 12, 2023 * 12 + 11))),
        place=draw(st.integers(1, 3)),
        resident_from=draw(st.one_of(st.none(), st.none(), days)),
        resident_until=draw(st.one_of(st.none(), st.none(), days)),
        is_registered=draw(st.booleans()),
        pregnant_until=draw(st.one_of(st.none(), st.none(), st.none(), days)),
        records=draw(st.one_of(st.just(ALWAYS), st.just(ALWAYS), spells)),
        readings=draw(readings(days)),
        diagnoses=tuple(draw(st.lists(st.tuples(days, st.sampled_from(CODES)), max_size=3))),
        examined=tuple(
            (condition, variant, draw(days), draw(st.booleans()))
            for condition, variant in draw(st.lists(st.sampled_from(FRAMED), max_size=2, unique=True))
        ),
        supplies=tuple(draw(st.lists(supplies, max_size=3))),
        claimed_diagnoses=tuple(draw(st.lists(st.tuples(days, st.sampled_from(CODES)), max_size=2))),
        claimed_supplies=tuple(draw(st.lists(supplies, max_size=2))),
        insured=draw(insurance(days)),
    )


populations = st.integers(1, 4).flatmap(lambda n: st.tuples(*(people(key) for key in range(1, n + 1))))


def expected_bits(population: tuple[Person, ...]) -> dict[tuple[int, str, str, str], int]:
    """Quarter bits by person and measure, as the reference answers quarter end by quarter end."""
    bits: Counter[tuple[int, str, str, str]] = Counter()
    for person in population:
        answers = reference.Reference(person, DEFINITIONS)
        for condition, spec in DEFINITIONS.conditions.items():
            for variant in spec["variants"]:
                for index, day in enumerate(END_DAYS):
                    for role in answers.roles(condition, variant, day):
                        bits[person.key, condition, variant, role] += 1 << index
    return dict(bits)


def expected_counts(
    population: tuple[Person, ...], bits: dict[tuple[int, str, str, str], int]
) -> dict[tuple[Any, ...], tuple[int, int]]:
    """``mart_case`` counted person by person."""
    by_key = {person.key: person for person in population}
    cells: dict[tuple[Any, ...], list[int]] = {}
    for (key, condition, variant, role), held in bits.items():
        person = by_key[key]
        ages = DEFINITIONS.conditions[condition]
        minimum, maximum = ages["age_from"], ages.get("age_to", 130)
        for index, day in enumerate(END_DAYS):
            age = reference.age_on(person, day)
            band = (
                -1
                if age is None or age > 130
                else max(start for start in BANDS if start <= age)
                if age >= 0
                else None
            )
            if not held >> index & 1 or band is None or (band >= 0 and not minimum <= (age or 0) <= maximum):
                continue
            cell = cells.setdefault((index, person.place, person.sex, band, condition, variant, role), [0, 0])
            cell[0] += 1
            cell[1] = (cell[1] + person.record_key) % 256
    return {cell: (count, keys) for cell, (count, keys) in cells.items()}


BANDS = (0, 5, 10, 15, 18, 20, 25, 30, 35, 40, 45, 50, 51, 55, 60, 65, 70, 75, 80, 85)


def expected_frame(population: tuple[Person, ...]) -> dict[tuple[Any, ...], list[int]]:
    """``mart_frame`` counted person by person: people, assessed, cases, indeterminate of each cell."""
    cells: dict[tuple[Any, ...], list[int]] = {}
    for person in population:
        answers = reference.Reference(person, DEFINITIONS)
        for index, day in enumerate(END_DAYS):
            record = answers.roles("record", "holder", day)
            held = {pair: answers.roles(*pair, day) for pair in FRAMED}
            for (condition, variant), roles in held.items():
                band = _band(person, day, DEFINITIONS.conditions[condition]["age_from"])
                if "resident" not in record or band is None:
                    continue
                others = any("known" in found for found in held.values())
                level = 2 if "known" in roles else int(others)
                channel = (
                    0 if "assessed" not in roles else 2 if answers.is_examined(condition, variant, day) else 1
                )
                flags = ("insured" in record, level, "record_holder" in record, channel)
                cell = cells.setdefault((index, person.sex, band, condition, variant, *flags), [0] * 4)
                for place, is_in in enumerate(
                    (True, *(r in roles for r in ("assessed", "case", "indeterminate")))
                ):
                    cell[place] += is_in
    return cells


def _band(person: Person, day: int, minimum: int) -> int | None:
    """First age of the band that day, -1 unknown; None before birth and below the ages of the definition."""
    age = reference.age_on(person, day)
    if age is None or age > 130:
        return -1
    band = max((start for start in BANDS if start <= age), default=None)
    return None if band is None or band < minimum else band


@settings(THOROUGH, max_examples=examples(60))
@given(populations)
def test_the_frame_counts_every_resident_once_for_each_definition(population: tuple[Person, ...]) -> None:
    with core.evaluate(population, origin=ORIGIN, last=LAST) as con:
        found = core.frame_counts(con)
    assert found == expected_frame(population)


#: Sixteen when measured, a look-back before the first quarter's end: at the age of that end he would be stunted.
MEASURED_BEFORE = Person(
    key=1,
    born=2004 * 12 + 9,
    records=ALWAYS,
    readings=(
        Reading(
            quantity="height", day=END_DAYS[0] - 365, value=63.0, unit="[in_i]", value_standard=160.02,
            is_plausible=True, row=0, origin="exam",
        ),
    ),
)  # fmt: skip


@settings(THOROUGH, max_examples=examples(80))
@example((MEASURED_BEFORE,))
@given(populations)
def test_sql_and_reference_agree_on_every_person_measure_and_cell(population: tuple[Person, ...]) -> None:
    with core.evaluate(population, origin=ORIGIN, last=LAST) as con:
        found, counts = core.measure_quarters(con), core.case_counts(con)
    wanted = expected_bits(population)
    assert found == wanted
    assert counts == expected_counts(population, wanted)


@settings(THOROUGH, max_examples=examples(20))
@given(populations)
def test_case_and_indeterminate_exclude_each_other_and_are_assessed(population: tuple[Person, ...]) -> None:
    with core.evaluate(population, origin=ORIGIN, last=LAST) as con:
        found = core.measure_quarters(con)
    for (key, condition, variant, role), bits in found.items():
        if role in ("case", "indeterminate"):
            assert bits & ~found[key, condition, variant, "assessed"] == 0
            of_insured = DEFINITIONS.conditions[condition]["variants"][variant]["denominator"] == "insured"
            assert bits & ~found[key, "record", "holder", "insured" if of_insured else "record_holder"] == 0
        if role == "case":
            assert bits & found.get((key, condition, variant, "indeterminate"), 0) == 0


@settings(THOROUGH, max_examples=examples(20))
@given(populations)
def test_answers_do_not_depend_on_the_order_of_people(population: tuple[Person, ...]) -> None:
    with (
        core.evaluate(population, origin=ORIGIN, last=LAST) as first,
        core.evaluate(population[::-1], origin=ORIGIN, last=LAST) as second,
    ):
        assert core.case_counts(first) == core.case_counts(second)
