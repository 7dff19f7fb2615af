"""Filtration rates and z-scores of the person SQL against published numbers.

Filtration: worked values of CKD-EPI 2021 (1.0 mg/dL at 60 years, 0.8 mg/dL at 50). Growth: Python ``anthro`` 1.1.1
(tables of WHO's R package ``anthro``; day tables, standing height) under five, ``rcpchgrowth`` 4.6.5
(``Measurement(..., reference="who")``) above; both have more decimals and exact days, so two decimals agree to 0.02.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from tests.support import core
from tests.support.people import Person, Reading

END = date(2023, 12, 31)
DAY = (END - date(1970, 1, 1)).days
MONTH = END.year * 12 + END.month - 1
MALE, FEMALE = 1, 2


def reading(row: int, quantity: str, value: float, unit: str, standard: float | None = None) -> Reading:
    return Reading(
        quantity=quantity, day=DAY, value=value, unit=unit, row=row, is_plausible=True,
        value_standard=value if standard is None else standard,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mg_per_dl", "age", "sex", "expected"),
    [(1.0, 60, MALE, 86.16), (1.0, 60, FEMALE, 64.50), (0.8, 50, FEMALE, 89.71)],
)
def test_filtration_rate(mg_per_dl: float, age: int, sex: int, expected: float) -> None:
    one = Person(
        key=1,
        sex=sex,
        born=MONTH - 12 * age,
        readings=(reading(0, "creatinine", mg_per_dl, "mg/dL", mg_per_dl * 88.42),),
    )
    with core.evaluate([one], origin=END, last=END) as con:
        [(found,)] = con.execute("select egfr from core_kidney_function").fetchall()
    assert found == expected


@pytest.mark.parametrize(
    ("sex", "months", "weight", "height", "bmi_z", "height_z"),
    [
        (MALE, 24, 14.5, 85.0, 2.7151, -0.6881),
        (FEMALE, 36, 17.5, 92.0, 3.1973, -0.8026),
        (FEMALE, 48, 9.8, 95.0, -3.9613, -1.7948),
        (MALE, 72, 20 * 1.15**2, 115.0, 2.7055, None),
        (FEMALE, 120, 22 * 1.4**2, 140.0, 1.8652, None),
        (MALE, 180, 20 * 1.5**2, 150.0, None, -2.4296),
        (FEMALE, 216, 16 * 1.6**2, 160.0, -2.2426, None),
    ],
)
def test_growth(
    sex: int, months: int, weight: float, height: float, bmi_z: float | None, height_z: float | None
) -> None:
    one = Person(
        key=1,
        sex=sex,
        born=MONTH - months,
        readings=(reading(0, "weight", weight, "kg"), reading(1, "height", height, "cm")),
    )
    with core.evaluate([one], origin=END, last=END) as con:
        found = dict(con.execute("select indicator, z from core_child_growth").fetchall())
    for name, expected in (("bmi_for_age", bmi_z), ("height_for_age", height_z)):
        if expected is not None:
            assert found[name] == pytest.approx(expected, abs=0.02)


def test_z_beyond_the_flags_of_who_is_an_error_not_a_child() -> None:
    """27 kg at 104 cm and 50 months is a body mass index 5.94 scores above: nobody is assessed by it."""
    one = Person(
        key=1, born=MONTH - 50, readings=(reading(0, "weight", 27, "kg"), reading(1, "height", 104, "cm"))
    )
    with core.evaluate([one], origin=END, last=END) as con:
        found = con.execute("select indicator from core_child_growth").fetchall()
    assert found == [("height_for_age",)]


def test_growth_tables_are_smooth() -> None:
    """A month changes a median by under a fifteenth, but for the first half year: a slipped line would jump."""
    table = pl.read_csv(Path(__file__).parents[2] / "warehouse" / "units" / "growth.csv")
    for (_, _), lines in table.group_by("indicator", "sex"):
        m = lines.sort("age_months")["m"].to_list()
        assert len(m) == 229
        steps = [abs(b / a - 1) for a, b in pairwise(m[6:])]
        assert max(steps) < 1 / 15
