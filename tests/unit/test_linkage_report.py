"""What is told of linkage: shares that add up, and of the ill no counts and no small groups."""

from __future__ import annotations

import polars as pl

from analytics.linkage import linked

CELLS = pl.DataFrame(
    {
        "dimension": ["all", "all", "sex", "sex"],
        "group_name": [None, None, "1", "2"],
        "is_register": [False, True, False, False],
        "refs": [100, 1000, 40, 60],
        "linked": [90, 8, 36, 54],
        "by_number": [80, 2, 30, 50],
        "wrong_thousandths": [1500, 20, 500, 1000],
        "missed_thousandths": [2500, 0, 2000, 500],
    }
)
NAMES = {1: "hypertension", 2: "diabetes", 3: "stroke"}


def told(measures: list[tuple[int, int, int]]) -> dict[str, dict[str, object]]:
    frame = pl.DataFrame(measures, schema=["measure_id", "refs", "linked"], orient="row")
    rows = linked(CELLS, frame, NAMES).filter(pl.col("dimension") == "condition").to_dicts()
    return {str(row["group_name"]): row for row in rows}


def test_groups_have_their_shares_and_what_is_expected_to_be_wrong() -> None:
    rows = linked(
        CELLS, pl.DataFrame(schema={"measure_id": pl.Int64, "refs": pl.Int64, "linked": pl.Int64}), NAMES
    )
    assert rows["linked_share"].to_list() == [0.9, 0.008, 0.9, 0.9]
    assert rows["expected_wrong"].to_list() == [1.5, 0.02, 0.5, 1.0]
    assert rows["expected_missed"].to_list() == [2.5, 0.0, 2.0, 0.5]
    assert set(rows["state"]) == {"shown"}


def test_of_the_ill_there_are_shares_in_whole_percent_of_groups_that_may_be_shown() -> None:
    found = told([(1, 333, 299), (2, 20, 18), (3, 100, 98), (9, 500, 400)])
    assert set(found) == {"hypertension", "diabetes", "stroke"}
    assert found["hypertension"]["linked_share"] == 0.9
    # Too few people; and two of them, who alone are not linked.
    for name in ("diabetes", "stroke"):
        assert (found[name]["state"], found[name]["linked_share"]) == ("suppressed", None)
    assert all(row["refs"] is None and row["linked"] is None for row in found.values())
