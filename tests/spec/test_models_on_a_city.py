"""Estimates fitted to a small synthetic city built for real: published with the counts, or without them in the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from analytics import frame
from analytics.benchmark import ESTIMATORS as JUDGED_BY_SURVEYS
from analytics.benchmark import compared
from analytics.catalogue import Quarter, Variant, catalogue
from analytics.cells import fetch
from analytics.changes import previous
from analytics.fits import fits
from analytics.generation import Generation, builds, close_all
from analytics.indicator import CORRECTED, ESTIMATORS
from analytics.query import answer, parse
from analytics.score import CITY, against_truth, score
from models.fit import fit, into
from tests.support.city import city_home
from tests.support.home import NOW, settings
from tests.support.shared import copied
from warehouse.errors import UserError
from warehouse.lock import build_lock
from warehouse.synthetic.writer import TRUTH_COUNTS


@pytest.fixture(scope="module")
def unfitted(synthetic_city: Path, fitted_city: Path) -> Generation:
    """The generation that was there before the models were fitted, in the same home."""
    return Generation.open(fitted_city / "home", Generation.open(synthetic_city / "home").build_id)


@pytest.fixture(scope="module")
def city(fitted_city: Path) -> Generation:
    return Generation.open(fitted_city / "home")


def ask(city: Generation, **words: Any) -> list[dict[str, Any]]:
    words = {"condition": "hypertension", "estimator": "modelled", "period": "2024Q4", **words}
    return answer(parse(measure="prevalence", **words), city).rows.to_dicts()


def test_a_build_without_estimates_says_so(unfitted: Generation) -> None:
    [row] = ask(unfitted)
    assert (row["state"], row["reason"], row["value"]) == ("not_defined", "no_estimates", None)
    assert row["denominator"] > 0


def test_fitting_publishes_a_new_generation_of_the_same_counts(
    unfitted: Generation, city: Generation
) -> None:
    assert city.build_id != unfitted.build_id
    assert (city.folder / "marts.duckdb").samefile(unfitted.folder / "marts.duckdb")
    assert not unfitted.has_estimates
    assert city.manifest["fingerprints"] == unfitted.manifest["fingerprints"]
    assert {item["condition"] for item in city.manifest["estimates"]["fits"]} == {
        "hypertension",
        "diabetes",
        "bmi",
    }


def test_a_build_fitted_anew_has_no_changes_to_tell(city: Generation) -> None:
    assert previous(city) is None


def test_the_city_agrees_with_the_rung_below_where_people_are_many(city: Generation) -> None:
    [modelled] = ask(city)
    [weighted] = ask(city, estimator="weighted")
    assert modelled["value"] == pytest.approx(weighted["value"], abs=0.015)
    for name in ("numerator", "denominator", "state"):
        assert modelled[name] == weighted[name]
    # Neither knows of misclassification: some of the well are found ill, so both lie above the truth.
    assert 0.26 < modelled["value"] < 0.34


def test_corrected_rungs_come_nearer_to_the_truth_than_raw_ones(city: Generation) -> None:
    rows = score(city, condition="hypertension", by="level,quarter").rows.filter(
        pl.col("quarter") == "2024Q4"
    )
    of_city = {row["estimator"]: row for row in rows.filter(pl.col("level") == "city").to_dicts()}
    assert set(of_city) == set(ESTIMATORS)
    assert max(of_city[name]["error"] for name in CORRECTED) < of_city["crude"]["error"]
    assert of_city["misclassification"]["covered"] == 1
    assert of_city["misclassification"]["error"] < of_city["weighted"]["error"] < 0.06
    of_districts = rows.filter(pl.col("level") == "district")
    assert of_districts["answers"].unique().to_list() == [22]
    assert of_districts["shown"].max() <= 22


def test_answers_are_laid_beside_the_truth_as_they_are_given(city: Generation) -> None:
    """Kept when the models were fitted, the same as when asked, and the truth by hand."""
    kept = against_truth(city).filter(
        pl.col("condition") == "hypertension",
        pl.col("definition") == "recommended",
        pl.col("quarter") == "2024Q3",
        pl.col("district") == CITY,
    )
    for row in kept.to_dicts():
        [asked] = ask(city, estimator=row["estimator"], period="2024Q3", ages="18+", standard="city")
        assert row["state"] == asked["state"]
        for name in ("value", "lower", "upper"):
            assert row[name] == pytest.approx(asked[name], rel=1e-12), name
    counts = pl.read_parquet(city.home.parent / "city" / TRUTH_COUNTS).filter(
        pl.col("condition") == "hypertension",
        pl.col("variant") == "recommended",
        pl.col("quarter") == "2024Q3",
    )
    assert kept["true"].unique().to_list() == [counts["cases"].sum() / counts["people"].sum()]
    assert set(kept["phase"]) == {"p3"}


def test_every_fit_is_told_with_its_checks(city: Generation) -> None:
    rows = fits(city)
    assert rows.height == len(city.manifest["estimates"]["fits"])
    of_condition = rows.filter(pl.col("condition") == "hypertension", pl.col("definition") == "recommended")
    assert of_condition["quarter"].to_list() == sorted(of_condition["quarter"], reverse=True)
    assert of_condition["is_converged"].all()


def test_scores_can_be_told_apart_by_coverage(city: Generation) -> None:
    rows = score(city, condition="bmi", by="coverage").rows
    assert set(rows["coverage"].drop_nulls()) <= {"0%-10%", "10%-25%", "25%-50%", "50%+"}
    assert rows["answers"].sum() == score(city, condition="bmi", by="").rows["answers"].sum()


def test_small_districts_borrow_from_their_neighbours(city: Generation) -> None:
    """Shorter intervals and districts nearer to each other than by each district's own counts."""
    modelled, weighted = ask(city, by="district"), ask(city, by="district", estimator="weighted")
    both = [
        (one, other)
        for one, other in zip(modelled, weighted, strict=True)
        if one["state"] == other["state"] == "shown"
    ]
    assert len(both) > 5

    def spread(rows: list[dict[str, Any]]) -> float:
        return max(row["value"] for row in rows) - min(row["value"] for row in rows)

    assert spread([one for one, _ in both]) < spread([other for _, other in both])
    assert sum(one["effective_n"] > other["effective_n"] for one, other in both) > 0.8 * len(both)


def test_what_the_gate_hides_gets_no_estimate(city: Generation) -> None:
    hidden = [row for row in ask(city, by="district,sex", period="2023Q1") if row["state"] == "suppressed"]
    assert hidden
    assert all(row[name] is None for row in hidden for name in ("value", "lower", "upper", "effective_n"))


def test_a_fit_that_failed_its_diagnostics_is_not_shown(city: Generation, tmp_path: Path) -> None:
    copy = tmp_path / "builds" / city.build_id
    copy.mkdir(parents=True)
    for name in ("marts.duckdb", "frozen.duckdb", "manifest.json", "lineage.json", "estimates.duckdb"):
        (copy / name).write_bytes((city.folder / name).read_bytes())
    with duckdb.connect(str(copy / "estimates.duckdb")) as connection:
        connection.execute("update estimate_fit set faults = ['overdispersed']")
    [row] = ask(Generation(tmp_path, city.build_id))
    assert (row["state"], row["reason"], row["value"]) == ("not_defined", "model_not_trusted", None)
    close_all()


def test_a_model_that_breaks_does_not_keep_the_counts_back(tmp_path: Path) -> None:
    def broken(staged: Path, *_: Any) -> dict[str, Any]:
        (staged / "estimates.duckdb").write_bytes(b"half")
        raise ZeroDivisionError("no curvature")

    generation = Generation.open(city_home(tmp_path, estimate=broken))
    assert generation.manifest["estimates"] is None
    assert any("ZeroDivisionError" in note for note in generation.manifest["notes"])
    assert not generation.has_estimates
    assert ask(generation, estimator="crude", period=None)[0]["state"] == "shown"
    close_all()


def test_a_build_fits_as_it_publishes(tmp_path: Path) -> None:
    """One generation, not two; of a city too small to learn from the manifest says that nothing was fitted."""
    home = city_home(tmp_path, estimate=into)
    assert len(builds(home)) == 1
    generation = Generation.open(home)
    assert generation.manifest["estimates"]["fits"] == []
    assert json.loads((generation.folder / "manifest.json").read_text())["build_id"] == generation.build_id
    close_all()


def test_fitting_waits_for_nobody(small_city: Path, tmp_path: Path) -> None:
    home = copied(small_city, tmp_path).home
    with build_lock(home, NOW), pytest.raises(UserError) as refused:
        fit(settings(home), now=NOW)
    assert refused.value.exit_code == 75


def recommended(city: Generation) -> tuple[Variant, Quarter]:
    known = catalogue(city.frozen)
    [variant] = [v for v in known.variants if (v.condition, v.variant) == ("hypertension", "recommended")]
    return variant, known.quarters[-1]


def test_examinations_and_clinics_add_up_to_everybody_assessed(city: Generation) -> None:
    variant, quarter = recommended(city)
    asked = {"measure_id": variant.measure_id, "quarter_index": quarter.index}
    key = ["district", "sex", "age_from"]
    numbers = ["assessed", "cases", "indeterminate"]
    keys = [f"{name}_key" for name in numbers]
    whole = (
        fetch(city.frozen, "frame_cells", asked).filter(pl.col("assessed") > 0).select(*key, *numbers, *keys)
    )
    parts = fetch(city.frozen, "frame_channels", asked)
    assert set(parts["is_clinic"]) == {True, False}
    summed = parts.group_by(key).agg(
        *(pl.col(name).sum() for name in numbers),
        *((pl.col(name).cast(pl.Int64).sum() % 256) for name in keys),
    )
    assert summed.select(whole.columns).sort(key).rows() == whole.sort(key).rows()


def test_a_few_examined_are_no_channel_of_their_own(
    city: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    variant, quarter = recommended(city)
    cells = frame.frame_cells(city.frozen, variant, quarter)
    apart = frame.channel_cells(city.frozen, variant, quarter, cells)
    examined = int(apart.filter(~pl.col("is_clinic"))["assessed"].sum())
    assert apart.height == 2 * cells.height
    share = frame.clinic_share(cells, apart)
    assert share.is_between(0, 1).all()
    assert 0.2 < share.mean() < 0.95

    monkeypatch.setattr(frame, "FEWEST_EXAMINED", examined)
    assert frame.channel_cells(city.frozen, variant, quarter, cells).equals(apart)
    monkeypatch.setattr(frame, "FEWEST_EXAMINED", examined + 1)
    one = frame.channel_cells(city.frozen, variant, quarter, cells)
    assert set(one["is_clinic"]) == {False}
    assert one.height == cells.height
    assert one["assessed"].sum() == apart["assessed"].sum()
    assert frame.clinic_share(cells, one).to_list() == [0] * cells.height


@pytest.mark.parametrize("estimator", JUDGED_BY_SURVEYS)
@pytest.mark.parametrize("condition", ["hypertension", "diabetes"])
def test_a_survey_is_laid_beside_the_estimate_of_its_definition_people_and_quarter(
    city: Generation, condition: str, estimator: str
) -> None:
    rows = compared(city, condition, estimator).filter(pl.col("verdict").is_not_null()).to_dicts()
    assert {row["sex"] for row in rows} == {"both", "male", "female"}
    for row in rows:
        [own] = ask(
            city,
            condition=condition,
            definition=row["definition"].split("/")[1],
            estimator=estimator,
            period="2024Q3",
            ages=row["age_band"],
            where=[] if row["sex"] == "both" else [f"sex={row['sex']}"],
        )
        assert [row[name] for name in ("value", "lower", "upper")] == [
            own[name] for name in ("value", "lower", "upper")
        ]
        assert row["quarter"] == "2024Q3"


@pytest.mark.parametrize("estimator", JUDGED_BY_SURVEYS)
def test_a_study_does_not_judge_the_estimate_its_own_people_taught(city: Generation, estimator: str) -> None:
    """The people surveyed are examined again for the body mass index too, and for no other definition a survey sees."""
    assert set(compared(city, "bmi", estimator)["reason"]) == {"same_people"}
    assert "same_people" not in set(compared(city, "hypertension", estimator)["reason"])
