"""Scores of estimates against a known truth: counted by hand, and refused where none is known."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from analytics.generation import Generation, close_all
from analytics.readiness import Level
from analytics.score import score, scored, trust
from warehouse.errors import UserError

COLUMNS = ("estimator", "district", "state", "value", "lower", "upper", "true")
ANSWERS = pl.DataFrame(
    [
        ("weighted", "760", "shown", 0.30, 0.25, 0.35, 0.26),
        ("weighted", "761", "shown", 0.20, 0.18, 0.22, 0.26),
        ("weighted", "764", "suppressed", None, None, None, 0.26),
        ("crude", "760", "shown", 0.50, 0.45, 0.55, 0.26),
    ],
    schema=list(COLUMNS),
    orient="row",
).with_columns(pl.lit("hypertension").alias("condition"), pl.lit("recommended").alias("definition"))


def test_bias_error_and_coverage_are_of_the_answers_shown() -> None:
    crude, weighted = scored(ANSWERS, []).to_dicts()
    assert (crude["estimator"], crude["answers"], crude["covered"]) == ("crude", 1, 0)
    assert (weighted["answers"], weighted["shown"]) == (3, 2)
    assert weighted["bias"] == pytest.approx(-0.01)
    assert weighted["error"] == pytest.approx(0.05)
    assert weighted["worst"] == pytest.approx(0.06)
    assert weighted["covered"] == pytest.approx(0.5)


def test_a_rung_that_shows_nothing_has_no_score() -> None:
    row = scored(ANSWERS.filter(pl.col("state") == "suppressed"), ["district"]).row(0, named=True)
    assert (row["district"], row["answers"], row["shown"]) == ("764", 1, 0)
    assert [row[name] for name in ("bias", "error", "worst", "covered")] == [None] * 4


def test_real_data_has_no_truth_to_be_judged_by(small_city: Path) -> None:
    with pytest.raises(UserError, match="truth is not known"):
        score(Generation.open(small_city / "home"))
    close_all()


@pytest.mark.parametrize(
    ("shown", "error", "covered", "said"),
    [
        (0, None, None, (None, "blank")),
        (22, 0.012, 0.95, (Level.READY, "near")),
        (22, 0.012, 0.85, (Level.CAUTION, "seldom")),
        (22, 0.030, 0.95, (Level.CAUTION, "off")),
        (22, 0.051, 1.00, (Level.NOT_READY, "far")),
        (22, 0.010, 0.70, (Level.NOT_READY, "narrow")),
    ],
)
def test_a_rung_is_trusted_by_its_error_and_by_its_intervals(
    shown: int, error: float | None, covered: float | None, said: tuple[Level | None, str]
) -> None:
    assert trust({"shown": shown, "error": error, "covered": covered}) == said
