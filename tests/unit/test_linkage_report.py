"""What is told of linkage and of numbers: sums, groups that differ, of the ill no counts and no small groups."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest

from analytics.linkage import linked
from analytics.numbers import faults

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
ILL = ("measure_id", "refs", "linked", "wrong_thousandths", "missed_thousandths")
NOBODY_ILL = pl.DataFrame(schema=dict.fromkeys(ILL, pl.Int64))


def told(measures: list[tuple[int, int, int]]) -> dict[str, dict[str, object]]:
    """Conditions; of each 1.5 links are expected to be wrong and 8 to be missed."""
    frame = pl.DataFrame([(*row, 1_500, 8_000) for row in measures], schema=ILL, orient="row")
    rows = linked(CELLS, frame, NAMES).filter(pl.col("dimension") == "condition").to_dicts()
    return {str(row["group_name"]): row for row in rows}


def cells(dimension: str, groups: dict[str | None, tuple[int, int]]) -> pl.DataFrame:
    """References of other senders and how many are linked, the whole beside."""
    whole = {None: tuple(sum(column) for column in zip(*groups.values(), strict=True))}
    rows = [
        (kind, name, False, refs, some, some, 0, 0)
        for kind, found in (("all", whole), (dimension, groups))
        for name, (refs, some) in found.items()
    ]
    return pl.DataFrame(rows, schema=CELLS.schema, orient="row")


def test_groups_have_their_shares_and_what_is_expected_to_be_wrong() -> None:
    rows = linked(CELLS, NOBODY_ILL, NAMES)
    assert rows["group_name"].to_list() == [None, None, "male", "female"]
    assert rows["senders"].to_list() == ["others", "register", "others", "others"]
    assert rows["linked_share"].to_list() == [0.9, 0.008, 0.9, 0.9]
    assert rows["expected_wrong"].to_list() == [1.5, 0.02, 0.5, 1.0]
    assert rows["expected_missed"].to_list() == [2.5, 0.0, 2.0, 0.5]
    assert rows["wrong_share"].to_list() == pytest.approx([1.5 / 90, 0.02 / 8, 0.5 / 36, 1 / 54])
    assert rows["missed_share"].to_list() == pytest.approx([2.5 / 100, 0.0, 2 / 40, 0.5 / 60])
    assert set(rows["state"]) == {"shown"}


def test_bands_of_age_are_four_groups_whose_counts_add_up() -> None:
    bands: dict[str | None, tuple[int, int]] = {
        "0": (40, 30), "15": (60, 50), "18": (50, 40), "35": (50, 40), "40": (70, 70), "60": (30, 20),
        "85": (30, 30), None: (35, 5),
    }  # fmt: skip
    rows = linked(cells("age", bands), NOBODY_ILL, NAMES).filter(pl.col("dimension") == "age")
    found = {name: (refs, some) for name, refs, some in rows.select("group_name", "refs", "linked").rows()}
    assert found == {"0-17": (100, 80), "18-39": (100, 80), "40-59": (70, 70), "60+": (60, 50), None: (35, 5)}


def test_a_group_of_few_references_is_blank_and_the_whole_never_is() -> None:
    groups: dict[str | None, tuple[int, int]] = {"760": (29, 20), "761": (30, 20)}
    rows = linked(cells("district", groups), NOBODY_ILL, NAMES)
    few = rows.filter(pl.col("group_name") == "760").row(0, named=True)
    assert (few["state"], few["reason"], few["refs"]) == ("suppressed", "small_denominator", 29)
    assert all(few[name] is None for name in ("linked", "by_number", "linked_share", "expected_missed"))
    assert rows.filter(pl.col("group_name") == "761")["linked"].to_list() == [20]
    whole = linked(cells("district", {"760": (16, 12)}), NOBODY_ILL, NAMES).row(0, named=True)
    assert (whole["state"], whole["linked_share"]) == ("shown", 0.75)


@pytest.mark.parametrize(
    ("ill", "differs"), [((400, 300), "less"), ((400, 390), "more"), ((400, 360), None), ((25, 5), None)]
)
def test_the_ill_are_linked_less_or_more_only_beyond_chance_and_never_told_of_few(
    ill: tuple[int, int], differs: str | None
) -> None:
    assert told([(1, *ill)])["hypertension"]["differs"] == differs


def test_of_the_ill_there_are_rounded_shares_of_groups_that_may_be_shown() -> None:
    found = told([(1, 333, 299), (2, 20, 18), (3, 100, 98), (9, 500, 400)])
    assert set(found) == {"hypertension", "diabetes", "stroke"}
    shares = ("linked_share", "wrong_share", "missed_share")
    # Five of 333 are 1.5 points: steps of two.
    assert [found["hypertension"][name] for name in shares] == [0.9, 0.0, 0.02]
    # Too few people; and two of them, who alone are not linked.
    for name in ("diabetes", "stroke"):
        assert (found[name]["state"], *(found[name][share] for share in shares)) == (
            "suppressed",
            None,
            None,
            None,
        )
    assert all(row["refs"] is None and row["linked"] is None for row in found.values())


@pytest.mark.parametrize("refs", [30, 40, 100, 1_000, 20_000])
def test_shares_of_the_ill_come_in_steps_of_five_people(refs: int) -> None:
    seen = {
        told([(1, refs, linked)])["hypertension"]["linked_share"] for linked in range(5, refs - 4, refs // 30)
    }
    shares = sorted(share for share in seen if isinstance(share, float))
    assert all(other - one >= 5 / refs - 1e-9 for one, other in pairwise(shares))


def test_faults_are_shares_of_the_numbers_of_their_kind_and_sender() -> None:
    rows = faults(
        pl.DataFrame(
            [
                ("clinic", "phone", "malformed", 1, True, "a", "b", 50, 5),
                ("clinic", "national_id", "sex_differs", 16, False, "c", "d", 200, 0),
            ],
            schema=[
                "source",
                "number",
                "fault",
                "flag",
                "is_unusable",
                "name_vi",
                "name_en",
                "written",
                "found",
            ],
            orient="row",
        )
    )
    assert rows.select("number", "treatment", "share").rows() == [
        ("national_id", "warns", 0.0), ("phone", "unused", 0.1),
    ]  # fmt: skip
