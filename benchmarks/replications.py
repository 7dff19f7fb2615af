"""Error and interval coverage of each estimator on cities whose truth is known, by how far the ill are enrolled first.

    python -m benchmarks.replications --residents 200000 --replications 200

Counts are drawn, not people: 22 districts x sex x ages of the marts, a quarter of the adults assessed, the old and the
known ill far more often than others, and among those not known the odds of being assessed of a case ``odds ratio``
times those of anybody else of the same district, sex and age. Disease is not drawn from the model's family: districts
differ by a wave over the map and one by one, and the slope of age differs between them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit, logit

from analytics.modelled import compose
from analytics.rates import wilson
from analytics.two_part import PRIORS, learn, learn_modelled, summarise
from models.prevalence import fit
from warehouse.geography import District, districts, neighbours

Floats = NDArray[np.float64]
AGES = (18, 20, 25, 30, 35, 40, 45, 50, 51, 55, 60, 65, 70, 75, 80, 85)
SEXES = ("female", "male")
#: Share of the people of each age, roughly the city's.
_AGE_WEIGHT = np.array([3, 9, 11, 12, 12, 11, 9, 1.6, 6, 7, 6, 5, 3, 2, 1.3, 1.1])
COVERAGE = 0.25
RUNGS = ("crude", "standardised", "weighted", "modelled")
#: None: drawn from the prior that the interval carries.
ODDS_RATIOS: tuple[float | None, ...] = (1.0, 1.1, 1.3, None)
_OLD_FIRST = 0.045  # per year of age, on the logit of being assessed
_KNOWN_FIRST = 1.2  # of the known, on the same
_INSURED = 0.9


@dataclass(frozen=True)
class City:
    """Counts of one replication: ``cells`` as the estimators get them, and what they are to find."""

    cells: pl.DataFrame
    crude: pl.DataFrame
    truth: Floats


def draw(residents: int, odds_ratio: float | None, seed: int) -> City:
    """One city; ``crude``: assessed and cases of all record holders, the known among them."""
    rng = np.random.default_rng(seed)
    places = districts()
    size = np.array([place.population_2019 for place in places], dtype=float)
    people = np.einsum("d,s,a->dsa", size / size.sum(), [0.52, 0.48], _AGE_WEIGHT / _AGE_WEIGHT.sum())
    population = rng.poisson(people * residents * 0.75).astype(np.int64)
    hidden, known_share = _disease(places, rng)
    d = float(rng.normal(*PRIORS.selection_city)) if odds_ratio is None else float(np.log(odds_ratio))

    insured = rng.binomial(population, _INSURED)
    known = rng.binomial(insured, known_share)
    unknown = insured - known
    ill = rng.binomial(unknown, hidden)
    others = population - insured
    odds = logit(known_share) + PRIORS.known_uninsured[0]
    ill_others = rng.binomial(others, expit(odds) + (1 - expit(odds)) * hidden)
    reach = _reach(population)
    assessed_ill = rng.binomial(ill, expit(reach + d * (1 - hidden)))
    assessed_well = rng.binomial(unknown - ill, expit(reach - d * hidden))
    assessed_known = rng.binomial(known, expit(reach + _KNOWN_FIRST))

    truth = (known + ill + ill_others).sum(axis=(1, 2)) / population.sum(axis=(1, 2))
    index = _index(places)
    cells = index.with_columns(
        pl.lit("2024Q3").alias("quarter"),
        *(
            pl.Series(name, values.ravel())
            for name, values in (
                ("population", population), ("residents", population), ("insured", insured), ("known", known),
                ("assessed", assessed_ill + assessed_well), ("cases", assessed_ill),
                ("indeterminate", np.zeros_like(population)),
            )
        ),
        pl.lit(True).alias("is_asked"),
    )  # fmt: skip
    crude = index.with_columns(
        pl.Series("population", population.ravel()),
        pl.Series("denominator", (assessed_ill + assessed_well + assessed_known).ravel()),
        pl.Series("numerator", (assessed_ill + assessed_known).ravel()),
    )
    return City(cells, crude, truth)


def _index(places: Iterable[District]) -> pl.DataFrame:
    rows = [(place.code, sex, age) for place in places for sex in SEXES for age in AGES]
    schema = {"district": pl.String, "sex": pl.String, "age_from": pl.Int16}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _disease(places: tuple[District, ...], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Share ill among those not known, and share known, of every district x sex x age."""
    north = np.array([place.latitude for place in places])
    east = np.array([place.longitude for place in places])
    wave = 0.2 * np.sin(8 * (north - 10.8) + rng.uniform(0, 6)) + 0.15 * np.cos(9 * (east - 106.7))
    level = (wave + rng.normal(0, 0.12, len(places)))[:, None, None]
    slope = rng.normal(0, 0.004, len(places))[:, None, None]
    age = np.array(AGES, dtype=float)[None, None, :] - 45
    sex = np.array([-0.15, 0.15])[None, :, None]
    rise = age * (0.045 + slope) - 0.0004 * age**2
    return expit(-1.9 + rise + sex + level), expit(-2.3 + 1.3 * rise + 0.5 * sex + level)


def _reach(population: Floats) -> Floats:
    """Logit of being assessed by age, at a level that reaches COVERAGE of the adults."""
    by_age = _OLD_FIRST * (np.array(AGES, dtype=float) - 45)
    weight = population.sum(axis=(0, 1)) / population.sum()
    levels = np.linspace(-4, 2, 601)
    reached = expit(levels[:, None] + by_age) @ weight
    return np.asarray(levels[np.argmin(np.abs(reached - COVERAGE))] + by_age)


def estimate(city: City) -> dict[str, Floats]:
    """Value, lower, upper of every district by each estimator: rung -> 22 x 3."""
    cells = city.cells.sort("quarter", "district", "sex", "age_from")
    found = fit(cells, neighbours(), persistence=PRIORS.persistence)
    effects = found.layout.names.with_columns(pl.Series("draws", found.draws.T.tolist(), pl.List(pl.Float32)))
    modelled = learn_modelled(cells, PRIORS, compose(cells, effects, runs=found.runs))
    return {
        **_uncorrected(city.crude),
        "weighted": _limits(summarise(learn(cells), cells, ["district"], confidence=0.95)),
        "modelled": _limits(summarise(modelled, cells, ["district"], confidence=0.95)),
    }


def _limits(rows: pl.DataFrame) -> Floats:
    return rows.sort("district").select("value", "lower", "upper").to_numpy()


def _uncorrected(crude: pl.DataFrame) -> dict[str, Floats]:
    """Crude with Wilson's limits; standardised to the district's own ages and sexes, with a normal interval."""
    totals = crude.group_by("district").agg(pl.col("numerator", "denominator").sum()).sort("district")
    raw = [
        [row["numerator"] / row["denominator"], *wilson(row["numerator"], row["denominator"])]
        for row in totals.to_dicts()
    ]
    weight = pl.col("population") / pl.col("population").sum().over("district")
    share = (pl.col("numerator") + 0.5) / (pl.col("denominator") + 1)
    parts = crude.select(
        "district",
        (weight * share).alias("value"),
        (weight**2 * share * (1 - share) / (pl.col("denominator") + 1)).alias("variance"),
    )
    sums = parts.group_by("district").sum().sort("district")
    value, spread = sums["value"].to_numpy(), 1.96 * np.sqrt(sums["variance"].to_numpy())
    return {
        "crude": np.array(raw, dtype=float),
        "standardised": np.column_stack([value, value - spread, value + spread]),
    }


def replicate(job: tuple[int, float | None, int]) -> list[dict[str, Any]]:
    """Errors of every rung in one replication."""
    residents, odds_ratio, seed = job
    named = {"odds_ratio": "drawn" if odds_ratio is None else str(odds_ratio)}
    return [{**named, **row} for row in judged(draw(residents, odds_ratio, seed))]


def judged(city: City) -> list[dict[str, Any]]:
    """Errors of every rung that shows a district, in points and per cent over the districts that have a number."""
    rows = []
    for rung, limits in estimate(city).items():
        shown = ~np.isnan(limits[:, 0])
        if not shown.any():
            continue
        value, lower, upper = limits[shown].T
        truth = city.truth[shown]
        rows.append(
            {
                "rung": rung,
                "bias": float(np.mean(value - truth)) * 100,
                "error": float(np.mean(np.abs(value - truth))) * 100,
                "covered": float(np.mean((lower <= truth) & (truth <= upper))) * 100,
                "width": float(np.mean(upper - lower)) * 100,
                "refused": float(np.mean(~shown)) * 100,
            }
        )
    return rows


def table(rows: Iterable[dict[str, Any]], by: Sequence[str] = ("odds_ratio",)) -> pl.DataFrame:
    """Means over the replications, with the Monte-Carlo error of coverage clustered by replication."""
    order = {rung: place for place, rung in enumerate(RUNGS)}
    return (
        pl.DataFrame(list(rows))
        .group_by(*by, "rung")
        .agg(
            pl.len().alias("replications"),
            pl.col("bias", "error", "covered", "width", "refused").mean().round(2),
            (pl.col("covered").std() / pl.len().sqrt()).round(2).alias("covered_error"),
        )
        .sort(*by, pl.col("rung").replace_strict(order))
    )


def _jobs(residents: int, replications: int) -> Iterator[tuple[int, float | None, int]]:
    for odds_ratio in ODDS_RATIOS:
        for seed in range(replications):
            yield residents, odds_ratio, seed


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Bias, error and interval coverage by estimator.")
    parser.add_argument("--residents", type=int, default=200_000)
    parser.add_argument("--replications", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/report"))
    options = parser.parse_args()
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        jobs = _jobs(options.residents, options.replications)
        rows = [row for found in pool.map(replicate, jobs, chunksize=5) for row in found]
    found = table(rows)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"replications-{options.residents}.json"
    path.write_text(json.dumps(found.to_dicts(), indent=1) + "\n", encoding="utf-8")
    with pl.Config(tbl_rows=-1, tbl_cols=-1):
        print(found)


if __name__ == "__main__":
    main()
