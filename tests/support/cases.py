"""People worked out by hand: every edge of every look-back and threshold.

Each case is a name, a person, a variant and the measures that must hold on 2023-12-31.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.support.people import Person, Reading

END = date(2023, 12, 31)
DAY = (END - date(1970, 1, 1)).days
ADULT = END.year * 12 + END.month - 1 - 18 * 12
ASSESSED, CASE, OPEN = "assessed", "case", "indeterminate"


def pressure(ago: int, *pairs: tuple[float, float]) -> list[dict[str, Any]]:
    """Readings of one day, ``ago`` days before the end, five minutes apart."""
    return [
        value(quantity, reading, ago, minute=5 * turn, encounter=ago)
        for turn, pair in enumerate(pairs)
        for quantity, reading in zip(("systolic", "diastolic"), pair, strict=True)
    ]


def value(quantity: str, reading: float, ago: int, unit: str = "", **more: Any) -> dict[str, Any]:
    low, high = LIMITS[quantity]
    units = {
        "systolic": "mm[Hg]",
        "diastolic": "mm[Hg]",
        "weight": "kg",
        "height": "cm",
        "hba1c": "%",
        "creatinine": "umol/L",
    }
    factor, offset = {"mg/dL": (1 / 18.016, 0.0), "mmol/mol": (1 / 10.93, 23.5 / 10.93)}.get(unit, (1.0, 0.0))
    standard = reading * factor + offset
    return {
        "quantity": quantity,
        "day": DAY - ago,
        "value": float(reading),
        "unit": unit or units[quantity],
        "value_standard": standard,
        "is_plausible": low <= standard <= high,
        **more,
    }


LIMITS = {
    "systolic": (60, 300),
    "diastolic": (30, 200),
    "weight": (1, 270),
    "height": (40, 230),
    "creatinine": (10, 2000),
    "hba1c": (3, 20),
    "fasting_glucose": (1, 60),
    "random_glucose": (1, 60),
}


def who(*readings: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A man of fifty with an open record, unless said otherwise."""
    return {"records": ((DAY - 4000, None),), "readings": readings, **more}


def told(*days_ago: int, code: str = "I10") -> tuple[tuple[int, str], ...]:
    return tuple((DAY - ago, code) for ago in days_ago)


def supply(until_ago: int, atc: str, length: int = 30) -> tuple[tuple[int, int, str], ...]:
    return ((DAY - until_ago - length + 1, DAY - until_ago, atc),)


HIGH, LOW = (150.0, 80.0), (120.0, 70.0)
TALL = value("height", 160, 10)
HTN, DM, BMI = "hypertension/", "diabetes/", "bmi/who_overweight_25plus"


def _more() -> list[tuple[str, dict[str, Any], str, set[str]]]:
    """Newer rules: the latest two days, pregnancy, kidneys, growth, the cascade, first events."""
    insured = {"insured": ((DAY - 3000, None),), "records": ()}
    claims = {**insured, "claimed_diagnoses": told(700), "claimed_supplies": supply(100, "C09AA05")}
    woman, girl = {"sex": 2}, {"sex": 2, "born": END.year * 12 + END.month - 1 - 36}
    twice, first = HTN + "latest_two", HTN + "newly_known"
    kidney, cascade = "chronic_kidney_disease/recommended", HTN + "cascade"
    low = value("creatinine", 200, 10)
    return [
        (
            "latest two raised",
            who(*pressure(5, HIGH), *pressure(370, HIGH), *pressure(400, LOW)),
            twice,
            {ASSESSED, CASE},
        ),
        ("latest two too far apart", who(*pressure(5, HIGH), *pressure(371, HIGH)), twice, {ASSESSED, OPEN}),
        (
            "two raised with a normal day between",
            who(*pressure(5, HIGH), *pressure(50, LOW), *pressure(90, HIGH)),
            twice,
            {ASSESSED, OPEN},
        ),
        (
            "raised in pregnancy",
            who(*pressure(5, HIGH), pregnant_until=DAY + 9, **woman),
            HTN + "measured_once",
            set(),
        ),
        (
            "a man's pregnancy is a slip",
            who(*pressure(5, HIGH), pregnant_until=DAY),
            HTN + "measured_once",
            {ASSESSED, CASE},
        ),
        (
            "85 days after delivery",
            who(*pressure(5, HIGH), diagnoses=told(90, code="Z370"), **woman),
            HTN + "measured_once",
            {ASSESSED, CASE},
        ),
        (
            "84 days after delivery",
            who(*pressure(6, HIGH), diagnoses=told(90, code="Z370"), **woman),
            HTN + "measured_once",
            set(),
        ),
        ("weight of a pregnancy", who(value("weight", 90, 9), TALL, pregnant_until=DAY, **woman), BMI, set()),
        ("filtration low once", who(low), kidney, {ASSESSED, OPEN}),
        ("low twice, 89 days apart", who(low, value("creatinine", 200, 99)), kidney, {ASSESSED, OPEN}),
        ("low twice, 90 days apart", who(low, value("creatinine", 200, 100)), kidney, {ASSESSED, CASE}),
        ("sex unknown, no filtration", who(low, sex=0), kidney, set()),
        (
            "a girl of three, z 2.01 or above",
            who(value("weight", 17.5, 0), value("height", 92, 0), **girl),
            "growth_under_5/overweight",
            {ASSESSED, CASE},
        ),
        (
            "weight and height of two days",
            who(value("weight", 17.5, 1), value("height", 92, 0), **girl),
            "growth_under_5/overweight",
            set(),
        ),
        ("known, treated, no record", who(**claims), cascade, {ASSESSED, CASE, "treated"}),
        (
            "supply 181 days ago",
            who(**{**claims, "claimed_supplies": supply(181, "C09AA05")}),
            cascade,
            {ASSESSED, CASE},
        ),
        (
            "dialysis is excluded",
            who(**{**claims, "claimed_diagnoses": told(700, 5, code="N185")}),
            cascade,
            set(),
        ),
        (
            "treated and controlled",
            who(*pressure(365, LOW), **{**claims, "records": ((DAY - 9, None),)}),
            cascade,
            {ASSESSED, CASE, "treated", "control_tested", "controlled"},
        ),
        (
            "treated, latest raised",
            who(*pressure(365, LOW), *pressure(3, HIGH), **{**claims, "records": ((DAY - 9, None),)}),
            cascade,
            {ASSESSED, CASE, "treated", "control_tested"},
        ),
        (
            "first code within a year",
            who(**{**insured, "claimed_diagnoses": told(365, 3)}),
            first,
            {ASSESSED, CASE},
        ),
        ("first code before a year", who(**{**insured, "claimed_diagnoses": told(366, 3)}), first, set()),
        ("never a code", who(**insured), first, {ASSESSED}),
        ("insured for 17 months", who(insured=((DAY - 520, None),)), first, set()),
        ("E10 twice", who(diagnoses=told(5, 9, code="E10")), DM + "type_1", {ASSESSED, CASE}),
        (
            "E10 twice and E11",
            who(diagnoses=(*told(5, 9, code="E10"), *told(3, code="E119"))),
            DM + "type_1",
            {ASSESSED},
        ),
    ]


CASES: list[tuple[str, dict[str, Any], str, set[str]]] = [
    ("nothing known", who(), HTN + "recommended", set()),
    ("nothing known, diagnosis asked", who(), HTN + "diagnosis", {ASSESSED}),
    ("140 is raised", who(*pressure(5, (140, 70))), HTN + "measured_once", {ASSESSED, CASE}),
    ("139.9 is not", who(*pressure(5, (139.9, 70))), HTN + "measured_once", {ASSESSED}),
    ("90 is raised", who(*pressure(5, (120, 90))), HTN + "measured_once", {ASSESSED, CASE}),
    ("89.9 is not", who(*pressure(5, (120, 89.9))), HTN + "measured_once", {ASSESSED}),
    (
        "the first of three is left out",
        who(*pressure(5, (190, 80), (139, 80), (141, 80))),
        HTN + "measured_once",
        {ASSESSED, CASE},
    ),
    (
        "mean of the rest just below",
        who(*pressure(5, (190, 80), (139, 80), (140.9, 80))),
        HTN + "measured_once",
        {ASSESSED},
    ),
    (
        "diastolic 0 takes its systolic along",
        who(*pressure(5, (190, 0), (120, 70))),
        HTN + "measured_once",
        {ASSESSED},
    ),
    (
        "a systolic too many: by order of rows",
        who(
            *(
                value(q, v, 5, encounter=1)
                for q, v in (("systolic", 150), ("systolic", 120), ("diastolic", 80))
            )
        ),
        HTN + "measured_once",
        {ASSESSED, CASE},
    ),
    (
        "times apart, one visit: by order of rows",
        who(
            value("systolic", 150, 5, minute=1, encounter=1), value("diastolic", 80, 5, minute=2, encounter=1)
        ),
        HTN + "measured_once",
        {ASSESSED, CASE},
    ),
    (
        "times apart, no visit: not paired",
        who(value("systolic", 150, 5, minute=1), value("diastolic", 80, 5, minute=2)),
        HTN + "measured_once",
        set(),
    ),
    (
        "one panel, times apart",
        who(value("systolic", 150, 5, minute=1, panel=7), value("diastolic", 80, 5, minute=2, panel=7)),
        HTN + "measured_once",
        {ASSESSED, CASE},
    ),
    (
        "rows not in order of time",
        who(
            *(r | {"minute": 9} for r in pressure(5, (120, 70))),
            *(r | {"minute": 0} for r in pressure(5, (190, 80))),
        ),
        HTN + "measured_once",
        {ASSESSED},
    ),
    ("only diastolic 0", who(*pressure(5, (190, 0))), HTN + "measured_once", set()),
    ("systolic not above diastolic", who(*pressure(5, (95, 95))), HTN + "measured_once", set()),
    ("730 days ago counts", who(*pressure(730, HIGH)), HTN + "measured_once", {ASSESSED, CASE}),
    ("731 days ago does not", who(*pressure(731, HIGH)), HTN + "measured_once", set()),
    ("tomorrow does not", who(*pressure(-1, HIGH)), HTN + "measured_once", set()),
    ("today counts", who(*pressure(0, HIGH)), HTN + "measured_once", {ASSESSED, CASE}),
    (
        "today's low one supersedes",
        who(*pressure(400, HIGH), *pressure(0, LOW)),
        HTN + "measured_once",
        {ASSESSED},
    ),
    ("the latest day decides", who(*pressure(5, LOW), *pressure(9, HIGH)), HTN + "measured_once", {ASSESSED}),
    ("one raised day is open", who(*pressure(5, HIGH)), HTN + "measured_twice", {ASSESSED, OPEN}),
    (
        "an old raised day, low since",
        who(*pressure(50, HIGH), *pressure(5, LOW)),
        HTN + "measured_twice",
        {ASSESSED},
    ),
    (
        "two days in a row",
        who(*pressure(5, HIGH), *pressure(6, HIGH)),
        HTN + "measured_twice",
        {ASSESSED, CASE},
    ),
    ("twice on one day is one day", who(*pressure(5, HIGH, HIGH)), HTN + "measured_twice", {ASSESSED, OPEN}),
    (
        "365 days apart",
        who(*pressure(5, HIGH), *pressure(370, HIGH)),
        HTN + "measured_twice",
        {ASSESSED, CASE},
    ),
    (
        "366 days apart",
        who(*pressure(5, HIGH), *pressure(371, HIGH)),
        HTN + "measured_twice",
        {ASSESSED, OPEN},
    ),
    (
        "low between does not undo",
        who(*pressure(5, LOW), *pressure(20, HIGH), *pressure(90, HIGH)),
        HTN + "measured_twice",
        {ASSESSED, CASE},
    ),
    (
        "the earlier at 730",
        who(*pressure(500, HIGH), *pressure(730, HIGH)),
        HTN + "measured_twice",
        {ASSESSED, CASE},
    ),
    (
        "the earlier at 731",
        who(*pressure(500, HIGH), *pressure(731, HIGH)),
        HTN + "measured_twice",
        {ASSESSED, OPEN},
    ),
    (
        "told long ago, low now",
        who(*pressure(5, LOW), diagnoses=told(3000)),
        HTN + "recommended",
        {ASSESSED, CASE},
    ),
    ("told, never measured", who(diagnoses=told(3000)), HTN + "recommended", set()),
    ("I14 is no code of WHO", who(diagnoses=told(10, code="I14")), HTN + "diagnosis", {ASSESSED}),
    ("I119 begins with I11", who(diagnoses=told(10, code="I119")), HTN + "diagnosis", {ASSESSED, CASE}),
    ("O10 is pregnancy", who(diagnoses=told(10, code="O100")), HTN + "diagnosis", {ASSESSED}),
    ("supply ended 365 days ago", who(supplies=supply(365, "C09AA05")), HTN + "drug", {ASSESSED, CASE}),
    ("supply ended 366 days ago", who(supplies=supply(366, "C09AA05")), HTN + "drug", {ASSESSED}),
    ("supply begins tomorrow", who(supplies=supply(-30, "C09AA05")), HTN + "drug", {ASSESSED}),
    ("on a drug, never measured", who(supplies=supply(5, "C09AA05")), HTN + "survey", {ASSESSED, CASE}),
    (
        "furosemide in a survey",
        who(*pressure(5, LOW), supplies=supply(5, "C03CA01")),
        HTN + "survey",
        {ASSESSED, CASE},
    ),
    (
        "furosemide alone",
        who(*pressure(5, LOW), supplies=supply(5, "C03CA01")),
        HTN + "recommended",
        {ASSESSED},
    ),
    (
        "spironolactone alone",
        who(*pressure(5, LOW), supplies=supply(5, "C03DA01")),
        HTN + "recommended",
        {ASSESSED},
    ),
    (
        "thiazide",
        who(*pressure(5, LOW), supplies=supply(5, "C03AA03")),
        HTN + "recommended",
        {ASSESSED, CASE},
    ),
    (
        "propranolol and one raised day",
        who(*pressure(5, HIGH), supplies=supply(5, "C07AA05")),
        HTN + "recommended",
        {ASSESSED, OPEN},
    ),
    (
        "126 mg/dL and 48 mmol/mol",
        who(value("fasting_glucose", 126, 5, "mg/dL"), value("hba1c", 48, 5, "mmol/mol")),
        DM + "measured",
        {ASSESSED, CASE},
    ),
    (
        "125.9 mg/dL, HbA1c 6.5",
        who(value("fasting_glucose", 125.9, 5, "mg/dL"), value("hba1c", 6.5, 5)),
        DM + "measured",
        {ASSESSED, OPEN},
    ),
    (
        "6.994 mmol/L is below 7.0",
        who(value("fasting_glucose", 6.994, 5, "mmol/L")),
        DM + "measured",
        {ASSESSED},
    ),
    (
        "47.5 mmol/mol is below 48",
        who(value("hba1c", 47.5, 5, "mmol/mol")),
        DM + "hba1c_or_diagnosis",
        {ASSESSED},
    ),
    (
        "two days of glucose",
        who(*(value("fasting_glucose", 7, ago, "mmol/L") for ago in (0, 730))),
        DM + "measured",
        {ASSESSED, CASE},
    ),
    (
        "the second a day too old",
        who(*(value("fasting_glucose", 7, ago, "mmol/L") for ago in (0, 731))),
        DM + "measured",
        {ASSESSED, OPEN},
    ),
    ("random glucose assesses nobody", who(value("random_glucose", 25, 5, "mmol/L")), DM + "measured", set()),
    ("implausible HbA1c", who(value("hba1c", 21, 5)), DM + "measured", set()),
    (
        "told twice",
        who(value("hba1c", 5, 5), diagnoses=told(9, 2000, code="E119")),
        DM + "recommended",
        {ASSESSED, CASE},
    ),
    ("told once", who(value("hba1c", 5, 5), diagnoses=told(9, code="E119")), DM + "recommended", {ASSESSED}),
    (
        "told twice on one day",
        who(value("hba1c", 5, 5), diagnoses=told(9, 9, code="E119")),
        DM + "recommended",
        {ASSESSED},
    ),
    (
        "told once, metformin",
        who(value("hba1c", 5, 5), diagnoses=told(9, code="E11"), supplies=supply(5, "A10BA02")),
        DM + "recommended",
        {ASSESSED, CASE},
    ),
    (
        "told once, one high",
        who(value("hba1c", 7, 5), diagnoses=told(9, code="E11")),
        DM + "recommended",
        {ASSESSED, CASE},
    ),
    (
        "metformin alone",
        who(value("hba1c", 5, 5), supplies=supply(5, "A10BA02")),
        DM + "recommended",
        {ASSESSED},
    ),
    (
        "SGLT2 inhibitor alone",
        who(value("hba1c", 5, 5), supplies=supply(5, "A10BK01")),
        DM + "recommended",
        {ASSESSED},
    ),
    (
        "metformin with SGLT2 inhibitor",
        who(value("hba1c", 5, 5), supplies=supply(5, "A10BD20")),
        DM + "recommended",
        {ASSESSED},
    ),
    (
        "insulin",
        who(value("hba1c", 5, 5), supplies=supply(5, "A10AB01")),
        DM + "recommended",
        {ASSESSED, CASE},
    ),
    ("told in pregnancy", who(diagnoses=told(9, code="O244")), DM + "diagnosis", {ASSESSED}),
    ("64 kg at 160 cm is 25", who(value("weight", 64, 9), TALL), BMI, {ASSESSED, CASE}),
    ("63.9 kg is not", who(value("weight", 63.9, 9), TALL), BMI, {ASSESSED}),
    ("weight 730 days old", who(value("weight", 64, 730), TALL), BMI, {ASSESSED, CASE}),
    ("weight 731 days old", who(value("weight", 64, 731), TALL), BMI, set()),
    ("height 1826 days old", who(value("weight", 64, 9), value("height", 160, 1826)), BMI, {ASSESSED, CASE}),
    ("height 1827 days old", who(value("weight", 64, 9), value("height", 160, 1827)), BMI, set()),
    ("today's weight supersedes", who(value("weight", 64, 9), value("weight", 60, 0), TALL), BMI, {ASSESSED}),
    (
        "the later of a day",
        who(value("weight", 64, 9, minute=5), value("weight", 60, 9, minute=9), TALL),
        BMI,
        {ASSESSED},
    ),
    (
        "the larger of a minute",
        who(value("weight", 64, 9), value("weight", 60, 9), TALL),
        BMI,
        {ASSESSED, CASE},
    ),
    (
        "implausible leaves the one before",
        who(value("weight", 64, 9), value("weight", 271, 0), TALL),
        BMI,
        {ASSESSED, CASE},
    ),
    ("implausible index", who(value("weight", 250, 9), value("height", 130, 9)), BMI, set()),
    ("closed today", who(diagnoses=told(9), records=((DAY - 9, DAY),)), HTN + "diagnosis", set()),
    (
        "closed tomorrow",
        who(diagnoses=told(9), records=((DAY - 9, DAY + 1),)),
        HTN + "diagnosis",
        {ASSESSED, CASE},
    ),
    ("created today", who(diagnoses=told(9), records=((DAY, None),)), HTN + "diagnosis", {ASSESSED, CASE}),
    ("created tomorrow", who(diagnoses=told(9), records=((DAY + 1, None),)), HTN + "diagnosis", set()),
    ("left today", who(diagnoses=told(9), resident_until=DAY), HTN + "diagnosis", set()),
    ("leaves tomorrow", who(diagnoses=told(9), resident_until=DAY + 1), HTN + "diagnosis", {ASSESSED, CASE}),
    ("came today", who(resident_from=DAY), "record/holder", {"record_holder", "resident"}),
    ("no record", who(records=()), "record/holder", {"resident"}),
    *_more(),
    ("known from a record only", who(is_registered=False), "record/holder", {"record_holder"}),
]


def person(key: int) -> Person:
    """The person of a case; every second one was measured at a health examination, which changes no measure."""
    spec, origin = CASES[key][1], "exam" if key % 2 else None
    readings = tuple(
        Reading(row=row, origin=origin, **reading) for row, reading in enumerate(spec["readings"])
    )
    return Person(key=key, **{**spec, "readings": readings})
