"""Which bin a value stands in, and the mean that protected bins give."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.distribution import means
from tests.support import core
from tests.support.people import Person, Reading

END = date(2024, 12, 31)
DAY = (END - date(1970, 1, 1)).days


def value(
    day: int, number: float, unit: str, standard: float, row: int, quantity: str = "fasting_glucose"
) -> Reading:
    return Reading(
        quantity=quantity,
        day=day,
        value=number,
        unit=unit,
        value_standard=standard,
        is_plausible=True,
        row=row,
    )


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        # The thresholds of mg/dL stand where the definitions put them: 126 is 6.994 mmol/L and no less than 7.0.
        ((value(DAY, 126, "mg/dL", 6.994, 1),), ("fasting_glucose", 70)),
        ((value(DAY, 125, "mg/dL", 6.938, 1),), ("fasting_glucose", 68)),
        ((value(DAY, 100, "mg/dL", 5.551, 1),), ("fasting_glucose", 56)),
        ((value(DAY, 48, "mmol/mol", 6.542, 1, "hba1c"),), ("hba1c", 65)),
        # The latest day counts, of several values of a day their mean.
        (
            (value(DAY - 9, 12.0, "mmol/L", 12.0, 1), value(DAY, 5.0, "mmol/L", 5.0, 2)),
            ("fasting_glucose", 50),
        ),
        ((value(DAY, 5.0, "mmol/L", 5.0, 1), value(DAY, 6.0, "mmol/L", 6.0, 2)), ("fasting_glucose", 54)),
        # Two years and a day ago is over.
        ((value(DAY - 731, 5.0, "mmol/L", 5.0, 1),), None),
    ],
)
def test_the_latest_value_stands_in_one_bin(
    readings: tuple[Reading, ...], expected: tuple[str, int] | None
) -> None:
    one = Person(key=1, records=((DAY - 1000, None),), resident_from=0, readings=readings)
    with core.evaluate([one], origin=END, last=END) as con:
        found = con.execute("select quantity, bin_from, people from mart_distribution").fetchall()
    assert found == ([(*expected, 1)] if expected else [])


def test_values_of_a_pregnancy_are_left_out() -> None:
    one = Person(
        key=1, sex=2, records=((DAY - 1000, None),), resident_from=0, pregnant_until=DAY + 100,
        readings=(value(DAY, 7.5, "mmol/L", 7.5, 1),),
    )  # fmt: skip
    with core.evaluate([one], origin=END, last=END) as con:
        assert con.execute("select * from mart_distribution").fetchall() == []


def bins(people: dict[int, int], cells: int = 0) -> pl.DataFrame:
    rows = [("760", start, count, cells) for start, count in people.items()]
    return pl.DataFrame(rows, schema=["district", "bin_from", "people", "cells"], orient="row")


def test_a_mean_by_hand() -> None:
    """Sixty people of 20.25 and forty of 25.25: mean 22.25, standard deviation 2.4618, over ten."""
    [row] = means(
        bins({200: 60, 250: 40}), ["district"], width_tenths=5, step_tenths=0, confidence=0.95
    ).to_dicts()
    assert row["denominator"] == 100
    assert row["value"] == pytest.approx(22.25)
    assert row["upper"] - row["value"] == pytest.approx(1.959964 * 2.461830 / 10, rel=1e-5)
    assert row["value"] - row["lower"] == pytest.approx(row["upper"] - row["value"])


def test_noise_widens_the_interval_by_what_it_adds() -> None:
    """One noisy cell a bin, variance 1.8 each, 2 and 3 away from the mean: 1.8 (4 + 9) / 100^2 more variance."""
    plain, noisy = (
        means(bins({200: 60, 250: 40}, cells), [], width_tenths=5, step_tenths=0, confidence=0.95).to_dicts()[
            0
        ]
        for cells in (0, 1)
    )
    half = [(row["upper"] - row["lower"]) / 2 / 1.959964 for row in (plain, noisy)]
    assert half[1] ** 2 - half[0] ** 2 == pytest.approx(1.8 * 13 / 100**2, rel=1e-4)


def test_fewer_than_thirty_people_have_no_mean() -> None:
    few = means(
        bins({200: 15, 250: 14}), ["district"], width_tenths=5, step_tenths=0, confidence=0.95
    ).to_dicts()
    assert [(row["state"], row["reason"], row["value"], row["denominator"]) for row in few] == [
        ("suppressed", "small_denominator", None, None)
    ]


@given(st.lists(st.integers(40, 200), min_size=30, max_size=200), st.sampled_from([1, 2, 5]))
def test_a_mean_of_bins_is_the_mean_of_values_to_half_a_bin(tenths: list[int], width: int) -> None:
    """Values written to a tenth; without steps between them a bin of one tenth loses nothing at all."""
    starts, counts = np.unique(np.array(tenths) // width * width, return_counts=True)
    found = means(
        bins(dict(zip(starts.tolist(), counts.tolist(), strict=True))), [], width_tenths=width, step_tenths=1,
        confidence=0.95,
    )  # fmt: skip
    assert found["value"].item() == pytest.approx(np.mean(tenths) / 10, abs=(width - 1) / 20 + 1e-9)
