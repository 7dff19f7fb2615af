"""Estimates as they leave: of 500 residents or more, to a tenth of a point."""

from __future__ import annotations

import polars as pl
import pytest

from analytics.frame import SMALLEST_POPULATION, released

ROWS = pl.DataFrame(
    {
        "district": ["760", "761"],
        "value": [0.33349, 0.4],
        "lower": [0.30001, 0.3],
        "upper": [0.36049, 0.5],
        "effective_n": [300.0, 40.0],
        "assessed_share": [0.5, 0.5],
        "refusal": [None, None],
    },
    schema_overrides={"refusal": pl.String},
)


@pytest.mark.parametrize("people", [SMALLEST_POPULATION - 1, SMALLEST_POPULATION])
def test_few_residents_get_no_estimate_of_their_own(people: int) -> None:
    marked = pl.DataFrame(
        {
            "district": ["760", "761", "761"],
            "population": [9000, people, 9000],
            "is_asked": [True, True, False],
        }
    )
    first, second = released(ROWS, marked, ["district"]).to_dicts()
    assert [first[name] for name in ("value", "lower", "upper")] == [0.333, 0.3, 0.36]
    assert first["refusal"] is None
    if people < SMALLEST_POPULATION:
        assert [second[name] for name in ("value", "lower", "upper", "effective_n")] == [None] * 4
        assert second["refusal"] == "small_population"
    else:
        assert (second["value"], second["refusal"]) == (0.4, None)


def test_the_city_is_one_row() -> None:
    marked = pl.DataFrame({"district": ["760", "761"], "population": [300, 300], "is_asked": [True, True]})
    (row,) = released(ROWS.head(1).drop("district"), marked, []).to_dicts()
    assert row["value"] == 0.333
