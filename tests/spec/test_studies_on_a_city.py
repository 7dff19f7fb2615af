"""A small city through the real build, twice: combinations, agreements and changes say what its counts say."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from analytics import agreement, explained_change, multimorbidity
from analytics.catalogue import catalogue
from analytics.generation import Generation
from analytics.persistence import persistence
from analytics.two_part import PRIORS
from hssk import app
from tests.support.home import environment, run_build
from warehouse.errors import UserError
from warehouse.synthetic.city import EXTRACTS, synthesize

QUARTER, EARLIER = "2024Q3", "2023Q3"


@pytest.fixture(scope="module")
def home(synthetic_city: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city of 20,000 as the extracts of October and of December show it."""
    folder = tmp_path_factory.mktemp("city")
    synthesize(folder / "october", population=20_000, seed=3, as_of=date(2024, 10, 31))
    for city in (folder / "october", synthetic_city / "city"):
        run_build(folder / "home", city / EXTRACTS)
    return folder / "home"


@pytest.fixture(scope="module")
def both(home: Path) -> tuple[Generation, Generation]:
    older, newer = sorted(path.name for path in (home / "builds").iterdir() if path.is_dir())
    return Generation.open(home, older), Generation.open(home, newer)


def test_the_parts_of_every_change_add_up(both: tuple[Generation, Generation]) -> None:
    older, newer = both
    for condition in ("hypertension", "diabetes", "bmi"):
        name = "who_overweight_25plus" if condition == "bmi" else None
        for by in ("", "district"):
            report = explained_change.change(
                newer, condition=condition, definition=name, first=EARLIER, last=QUARTER, by=by, older=older
            )
            rows = report.rows.filter(pl.col("state") == "shown")
            units = rows.partition_by("district") if by else [rows]
            # Of a few dozen people with diabetes a district, no age group may be told.
            assert units or (condition, by) == ("diabetes", "district")
            for unit in units:
                parts = dict(unit.select("part", "value").iter_rows())
                assert sum(parts.values()) - parts["after"] == pytest.approx(parts["after"], abs=1e-12)


def test_who_is_tested_both_times_changes_little_and_newcomers_much(
    both: tuple[Generation, Generation],
) -> None:
    """The ill enrol first in this city, so later people pull the share down: the change is who came, not disease."""
    found = explained_change.change(
        both[1], condition="hypertension", definition=None, first=EARLIER, last=QUARTER
    )
    parts = dict(found.rows.select("part", "value").iter_rows())
    assert parts["came_and_went"] < -0.05 < parts["same_people"]
    assert abs(parts["composition"]) < 0.05


def test_several_conditions_are_at_most_one_or_more(both: tuple[Generation, Generation]) -> None:
    counts = [multimorbidity.shares(both[1], period=QUARTER, least=least).rows for least in (1, 2, 3)]
    people = [frame["numerator"].item() for frame in counts]
    assert people == sorted(people, reverse=True)
    assert len({frame["denominator"].item() for frame in counts}) == 1
    by_age = multimorbidity.shares(both[1], period=QUARTER, by="age_band").rows
    assert by_age["numerator"].sum() == people[1]


def test_combinations_are_ranked_and_rare_ones_left_out(both: tuple[Generation, Generation]) -> None:
    report = multimorbidity.combinations(both[1], period=QUARTER)
    assert report.rows["numerator"].is_sorted(descending=True)
    assert report.rows["numerator"].min() >= 5
    assert all(" + " in name for name in report.rows["combination"])
    assert (
        report.rows["numerator"].sum()
        <= multimorbidity.shares(both[1], period=QUARTER).rows["numerator"].item()
    )


def test_definitions_that_hold_one_another_agree_more(both: tuple[Generation, Generation]) -> None:
    rows = agreement.agreement(both[1], condition="hypertension", period=QUARTER).rows
    kappa = dict(rows.select("other", "kappa").iter_rows())
    assert kappa["latest_two"] > kappa["diagnosis"] > kappa["measured_once"] > 0


def test_a_condition_that_is_not_compared_says_which_are(both: tuple[Generation, Generation]) -> None:
    with pytest.raises(UserError, match="hypertension"):
        agreement.agreement(both[1], condition="stroke")


def test_repeats_of_the_city_move_the_prior(both: tuple[Generation, Generation]) -> None:
    known = catalogue(both[1])
    (variant,) = (item for item in known.variants_of("hypertension") if item.variant == "recommended")
    quarter = next(item for item in known.quarters if item.name == QUARTER)
    alpha, beta = persistence(both[1], variant, quarter)
    assert alpha + beta == pytest.approx(sum(PRIORS.persistence))
    assert alpha != pytest.approx(PRIORS.persistence[0])
    assert 0.4 < alpha / (alpha + beta) < 0.8
    (diabetes,) = (item for item in known.variants_of("diabetes") if item.variant == "recommended")
    assert persistence(both[1], diabetes, quarter) == PRIORS.persistence


@pytest.mark.parametrize(
    "words",
    [
        ["change", "--condition", "hypertension", "--from", EARLIER, "--to", QUARTER],
        ["multimorbidity", "--by", "sex"],
        ["multimorbidity", "--ranked"],
        ["agreement", "--condition", "diabetes", "--by", "age_band"],
    ],
)
def test_the_command_line_gives_the_same_rows_in_every_form(home: Path, words: list[str]) -> None:
    def run(form: str) -> str:
        done = CliRunner().invoke(app, [*words, "--format", form, "--home", str(home)], env=environment(home))
        assert done.exit_code == 0, done.output
        return done.output

    rows = json.loads(run("json"))
    assert rows["build"]["id"]
    assert len(rows["rows"]) == len(run("csv").strip().splitlines()) - 1
    assert "_key" not in run("csv").splitlines()[0]
    assert "build" in run("table")
