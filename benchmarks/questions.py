"""Milliseconds of the questions behind the pages, asked of a built home in this process.

Asked again, a question finds its cells kept by the process, as on a server most do; asked first, it reads the marts.
The goal of the design (95 % under 30 ms) is to be held against both.

python -m benchmarks.questions HOME
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analytics.catalogue import catalogue
from analytics.generation import Generation, close_all
from analytics.query import Question, answer, parse

#: Filled in with the quarters of the build.
ALL_QUARTERS = "{first}..{last}"
#: What pages ask of every definition: the map, its table, a trend of the city and of one district, ages by sex.
SHAPES: tuple[dict[str, Any], ...] = (
    {"by": "district"},
    {"by": "district,sex"},
    {"by": "quarter", "period": ALL_QUARTERS},
    {"by": "quarter", "period": ALL_QUARTERS, "where": ["district=760"]},
    {"by": "age_band,sex"},
    {"by": "district", "estimator": "standardised"},
)
TIMES = 5


@dataclass(frozen=True)
class Questions:
    """Of ``asked`` different questions: median and 95th percentile when asked again, and of the first time."""

    asked: int
    p50: float
    p95: float
    first_p95: float


def ask(home: Path) -> Questions:
    """Ask every question of every definition of the current generation, five times each."""
    generation = Generation.open(home)
    known = catalogue(generation.frozen)
    bounds = {"first": known.quarters[0].name, "last": known.quarters[-1].name}
    questions = [
        parse(
            measure="prevalence",
            condition=item.condition,
            definition=item.variant,
            **{**shape, "period": shape.get("period", "{last}").format(**bounds)},
        )
        for item in known.variants
        for shape in SHAPES
    ]
    first, again = [], []
    for question in questions:
        first.append(_milliseconds(question, generation))
        again += [_milliseconds(question, generation) for _ in range(TIMES)]
    close_all()
    p50, p95 = np.quantile(again, [0.5, 0.95])
    return Questions(len(questions), float(p50), float(p95), float(np.quantile(first, 0.95)))


def _milliseconds(question: Question, generation: Generation) -> float:
    started = time.perf_counter()
    answer(question, generation)
    return (time.perf_counter() - started) * 1000


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure the questions behind the pages.")
    parser.add_argument("home", type=Path)
    print(ask(parser.parse_args().home))


if __name__ == "__main__":
    main()
