"""Where the estimators stand on the three scenarios of the synthetic city: error, coverage, definitions, cleaning.

    python -m benchmarks.scenarios --people 200000 --seed 1

Of each scenario the city is drawn, built and fitted as `hssk build --truth` does it and scored; then built once more
together with an examination of everybody, in a home of its own, for what the definitions get wrong. Writes
``benchmarks/report/scenarios.json`` and ``scenarios.md``; never judges.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from analytics.accuracy import accuracy
from analytics.cleaning import cleaning
from analytics.generation import Generation, close_all
from analytics.score import against_truth, scored
from benchmarks.build import REPORT, throwaway
from warehouse.synthetic.city import EXTRACTS, SCENARIOS, synthesize
from warehouse.synthetic.writer import CHECK, DEFECTS, TRUTH_COUNTS

CONDITIONS = ("hypertension", "diabetes", "bmi")
Rows = list[dict[str, Any]]


def measure(scenario: str, people: int, seed: int, folder: Path) -> dict[str, Rows]:
    """Scores of the newest quarter by level, accuracy of definitions of everybody, recall of cleaning."""
    city = folder / "city"
    synthesize(city, population=people, seed=seed, scenario=scenario, examine_all=True)
    build(folder / "home", [city / EXTRACTS], ["--truth", str(city / TRUTH_COUNTS)])
    build(folder / "apart", [city / EXTRACTS, city / CHECK], ["--no-fit"])
    generation, apart = Generation.open(folder / "home"), Generation.open(folder / "apart")
    answers = against_truth(generation).filter(pl.col("condition").is_in(CONDITIONS))
    newest = answers.filter(pl.col("quarter") == answers["quarter"].max())
    of_definitions = [
        accuracy(apart, condition=name).rows.with_columns(condition=pl.lit(name)) for name in CONDITIONS
    ]
    found = {
        "scores": scored(newest, ["level"]),
        "accuracy": pl.concat(of_definitions),
        "cleaning": cleaning(generation, city / DEFECTS).rows,
    }
    close_all()
    return {name: frame.with_columns(scenario=pl.lit(scenario)).to_dicts() for name, frame in found.items()}


def build(home: Path, extracts: Sequence[Path], options: Sequence[str]) -> None:
    """``hssk build`` as a process of its own, with throwaway keys."""
    command = [sys.executable, "-m", "hssk", "build", *options, *map(str, extracts)]
    subprocess.run(command, check=True, env=throwaway(home), stdout=subprocess.DEVNULL)


def lines(found: Mapping[str, Rows]) -> Iterator[str]:
    """The report as Markdown: points and per cent."""
    yield "| scenario | definition | level | estimator | shown | bias | error | worst | intervals that hold it |"
    yield "|---|---|---|---|---:|---:|---:|---:|---:|"
    for row in found["scores"]:
        numbers = " | ".join(_percent(row[name]) for name in ("bias", "error", "worst", "covered"))
        shown = f"{row['shown']}/{row['answers']}"
        name = f"{row['condition']}/{row['definition']}"
        yield f"| {row['scenario']} | {name} | {row['level']} | {row['estimator']} | {shown} | {numbers} |"
    yield ""
    yield "| scenario | definition | ages | examined | sensitivity | specificity | PPV | NPV |"
    yield "|---|---|---|---:|---:|---:|---:|---:|"
    for row in found["accuracy"]:
        names = ("sensitivity", "specificity", "positive_predictive_value", "negative_predictive_value")
        numbers = " | ".join(_percent(row[name]) for name in names)
        name = f"{row['condition']}/{row['definition']}"
        yield f"| {row['scenario']} | {name} | {row['age_band']} | {row['people']} | {numbers} |"
    yield ""
    yield "| scenario | rule of cleaning | planted | found | recall |"
    yield "|---|---|---:|---:|---:|"
    for row in found["cleaning"]:
        yield f"| {row['scenario']} | {row['rule']} | {row['planted']} | {row['found']} | {_percent(row['recall'])} |"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Score the estimators on every scenario.")
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scenario", choices=SCENARIOS, action="append")
    options = parser.parse_args()
    found: dict[str, Rows] = {"scores": [], "accuracy": [], "cleaning": []}
    for scenario in options.scenario or SCENARIOS:
        with tempfile.TemporaryDirectory() as folder:
            for name, rows in measure(scenario, options.people, options.seed, Path(folder)).items():
                found[name] += rows
    REPORT.mkdir(parents=True, exist_ok=True)
    (REPORT / "scenarios.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (REPORT / "scenarios.md").write_text("\n".join(lines(found)) + "\n", encoding="utf-8")
    print("\n".join(lines(found)))


if __name__ == "__main__":
    main()
