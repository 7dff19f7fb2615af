"""The synthetic city as counts: two hundred cities of a scenario in minutes, proven equal to the whole pipeline.

    python -m benchmarks.count_city --scenario realistic --reference 2000000 --replications 200

A large city is drawn, built and counted once; what it says of every district, sex and age (the shares insured, known,
assessed, found ill or left open, and really ill) are the chances with which counts of small cities are drawn, cell by
cell. Three other cities go through the whole pipeline: their counts must scatter around the chances as drawn counts do,
and their estimates must lie among the drawn ones. Then every drawn city is estimated and held against the truth.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analytics.catalogue import Quarter, Variant, catalogue
from analytics.generation import Generation, close_all, read_sql
from analytics.two_part import PRIORS, learn, summarise
from benchmarks.build import REPORT
from benchmarks.replications import AGES, City, judged, table
from benchmarks.scenarios import build
from warehouse.synthetic.city import EXTRACTS, SCENARIOS, synthesize
from warehouse.synthetic.writer import TRUTH_COUNTS

Floats = NDArray[np.float64]
KEY = ("district", "sex", "age_from")
#: Each part of a cell, and the whole it is a share of.
PARTS = (
    ("insured", "residents"),
    ("known", "insured"),
    ("assessed", "unknown"),
    ("cases", "assessed"),
    ("indeterminate", "assessed"),
)
QUARTER = "2024Q3"
SMALL = 200_000
PROOF_SEEDS = (11, 12, 13)
#: Cells in which less than so many are expected say nothing about the scatter.
_FEWEST_EXPECTED = 3.0
_SEED = 20240930


@dataclass(frozen=True)
class Profile:
    """Cells of a large city: ``counts`` (KEY, residents, insured, known, unknown, assessed, cases, indeterminate, seen,
    ill_seen, true: the share really ill) of ``people`` residents in all.
    """

    counts: pl.DataFrame
    people: int

    def share(self, part: str, whole: str) -> Floats:
        """Share of each cell, at an even chance where the cell is empty."""
        n, x = (self.counts[name].to_numpy().astype(float) for name in (whole, part))
        return np.asarray(np.where(n > 0, x / np.maximum(n, 1.0), 0.5), dtype=np.float64)


def counted(scenario: str, people: int, seed: int, condition: str, folder: Path) -> Profile:
    """A city through the whole pipeline, counted without noise."""
    synthesize(folder / "city", population=people, seed=seed, scenario=scenario)
    build(folder / "home", [folder / "city" / EXTRACTS], ["--no-fit"])
    generation = Generation.open(folder / "home")
    variant, quarter = _asked(generation, condition)
    asked = {"measure_id": variant.measure_id, "quarter_index": quarter.index}
    cells = generation.live.frame(read_sql("frame_cells"), asked)
    seen = generation.live.frame(
        """select p.district_code as district, case f.sex when 1 then 'male' else 'female' end as sex, f.age_from,
               sum(f.assessed)::bigint as seen, sum(f.cases)::bigint as ill_seen
           from mart_frame f join mart_place p using (place_id)
           where f.measure_id = $measure_id and f.quarter_index = $quarter_index group by all""",
        asked,
    )
    close_all()
    truth = _truth(folder / "city" / TRUTH_COUNTS, condition, variant.variant)
    whole = cells.filter(pl.col("age_from") >= variant.age_from).join(truth, on=KEY).join(seen, on=KEY)
    return Profile(whole.with_columns(unknown=pl.col("insured") - pl.col("known")).sort(KEY), people)


def _asked(generation: Generation, condition: str) -> tuple[Variant, Quarter]:
    known = catalogue(generation.frozen)
    framed = [item for item in known.variants_of(condition) if item.measure_id in known.framed]
    variant = next((item for item in framed if item.variant == "recommended"), framed[0])
    return variant, next(item for item in known.quarters if item.name == QUARTER)


def _truth(path: Path, condition: str, variant: str) -> pl.DataFrame:
    """Share really ill by district, sex and age band of the marts."""
    rows = pl.read_parquet(path).filter(
        pl.col("condition") == condition, pl.col("variant") == variant, pl.col("quarter") == QUARTER
    )
    edges = np.array(AGES)
    band = edges[np.searchsorted(edges, rows["age"].to_numpy(), side="right") - 1]
    return (
        rows.with_columns(pl.Series("age_from", band, dtype=pl.Int16))
        .group_by(KEY)
        .agg((pl.col("cases").sum() / pl.col("people").sum()).alias("true"))
    )


def drawn(profile: Profile, people: int, seed: int) -> City:
    """One city of ``people`` residents as counts."""
    rng, counts = np.random.default_rng([_SEED, seed]), profile.counts
    expected = counts["residents"].to_numpy() * people / profile.people
    population = np.round(expected).astype(np.int64)
    residents = rng.poisson(expected)
    insured = rng.binomial(residents, profile.share("insured", "residents"))
    known = rng.binomial(insured, profile.share("known", "insured"))
    assessed = rng.binomial(insured - known, profile.share("assessed", "unknown"))
    cases = rng.binomial(assessed, profile.share("cases", "assessed"))
    left = profile.share("indeterminate", "assessed") / np.maximum(
        1 - profile.share("cases", "assessed"), 1e-9
    )
    open_ = rng.binomial(assessed - cases, np.clip(left, 0, 1))
    seen = rng.binomial(residents, profile.share("seen", "residents"))
    ill_seen = rng.binomial(seen, profile.share("ill_seen", "seen"))
    columns = {
        "population": population, "residents": residents, "insured": insured, "known": known,
        "assessed": assessed, "cases": cases, "indeterminate": open_,
    }  # fmt: skip
    key = counts.select(KEY)
    cells = key.with_columns(
        pl.lit(QUARTER).alias("quarter"),
        *(pl.Series(name, values) for name, values in columns.items()),
        pl.lit(value=True).alias("is_asked"),
    )
    crude = key.with_columns(
        pl.Series("population", population), pl.Series("denominator", seen), pl.Series("numerator", ill_seen)
    )
    return City(cells, crude, _of_districts(counts["true"].to_numpy(), population, key))


def _of_districts(share: Floats, population: NDArray[np.int64], key: pl.DataFrame) -> Floats:
    """Share of every district, districts in the order of their codes."""
    frame = key.with_columns(pl.Series("people", population), pl.Series("ill", population * share))
    sums = frame.group_by("district").agg(pl.col("ill", "people").sum()).sort("district")
    return (sums["ill"] / sums["people"]).to_numpy()


def scatter(profile: Profile, city: Profile) -> dict[str, float]:
    """Pearson's chi square over the cells of each part, by its degrees of freedom: 1 where they scatter as drawn ones.

    A cell's chance is itself known from so many people of the large city only, which the variance allows for.
    """
    both = city.counts.join(profile.counts, on=KEY, suffix="_of")
    found = {}
    for part, whole in PARTS:
        n, x = (both[name].to_numpy().astype(float) for name in (whole, part))
        of, chance = (
            both[f"{whole}_of"].to_numpy().astype(float),
            both[f"{part}_of"].to_numpy() / np.maximum(both[f"{whole}_of"].to_numpy(), 1),
        )
        variance = n * chance * (1 - chance) * (1 + n / np.maximum(of, 1))
        enough = (n * chance >= _FEWEST_EXPECTED) & (n * (1 - chance) >= _FEWEST_EXPECTED)
        found[part] = float(np.mean((x - n * chance)[enough] ** 2 / variance[enough]))
    return found


def corrected(cells: pl.DataFrame) -> float:
    """The corrected estimate of the city."""
    ordered = cells.sort("quarter", *KEY)
    row = summarise(learn(ordered, PRIORS), ordered, ["quarter"], confidence=0.95)
    return float(row["value"].item())


def proof(profile: Profile, cities: Iterable[Profile], replications: int) -> list[dict[str, Any]]:
    """Each city of the pipeline: the scatter of its counts, and how far its estimate lies from drawn ones."""
    values = np.array([corrected(drawn(profile, SMALL, seed).cells) for seed in range(replications)])
    rows = []
    for city in cities:
        own = corrected(_as_cells(profile, city))
        rows.append(
            {
                **scatter(profile, city),
                "estimate": own,
                "drawn": float(values.mean()),
                "deviations": float((own - values.mean()) / values.std(ddof=1)),
            }
        )
    return rows


def _as_cells(profile: Profile, city: Profile) -> pl.DataFrame:
    """Counts of the pipeline as the estimator gets them, on the same reference population."""
    population = (profile.counts["residents"] * SMALL / profile.people).round().cast(pl.Int64)
    people = profile.counts.select(KEY).with_columns(population.alias("population"))
    names = ("residents", "insured", "known", "assessed", "cases", "indeterminate")
    return (
        people.join(city.counts.select(*KEY, *names), on=KEY, how="left")
        .with_columns(
            pl.col(names).fill_null(0), pl.lit(QUARTER).alias("quarter"), pl.lit(value=True).alias("is_asked")
        )
        .sort(KEY)
    )


def replicate(profile: Profile, seed: int) -> list[dict[str, Any]]:
    """Error and coverage of every rung in one drawn city."""
    return judged(drawn(profile, SMALL, seed))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Two hundred cities as counts, proven equal to the pipeline."
    )
    parser.add_argument("--scenario", choices=SCENARIOS, default="realistic")
    parser.add_argument("--condition", default="hypertension")
    parser.add_argument("--reference", type=int, default=2_000_000)
    parser.add_argument("--replications", type=int, default=200)
    options = parser.parse_args()
    count = partial(counted, options.scenario, condition=options.condition)
    with tempfile.TemporaryDirectory() as folder:
        profile = count(options.reference, 1, folder=Path(folder) / "reference")
        cities = [count(SMALL, seed, folder=Path(folder) / str(seed)) for seed in PROOF_SEEDS]
    proven = proof(profile, cities, options.replications)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        rows = [
            row
            for found in pool.map(partial(replicate, profile), range(options.replications))
            for row in found
        ]
    found = table(rows, by=())
    REPORT.mkdir(parents=True, exist_ok=True)
    path = REPORT / f"count-city-{options.scenario}-{options.condition}.json"
    path.write_text(
        json.dumps({"proof": proven, "replications": found.to_dicts()}, indent=1) + "\n", encoding="utf-8"
    )
    with pl.Config(tbl_rows=-1, tbl_cols=-1):
        print(pl.DataFrame(proven))
        print(found)


if __name__ == "__main__":
    main()
