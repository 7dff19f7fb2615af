"""How many people with a record have several conditions at once, and which go together.

Conditions are those of the build's list (diagnoses ever recorded), so this is what records tell, not what people have:
who is never seen has no diagnosis. Cells of the lattice are unit x sex x broad age.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from analytics.ages import AgeBand
from analytics.catalogue import Quarter
from analytics.disclosure import Kind, State, protect
from analytics.generation import Generation, noise_of, read_sql
from analytics.rates import with_interval
from analytics.report import Report, build_of, dimensions, need, quarter_of

BY = ("district", "sex", "age_band")
#: Adults: below, most of the conditions are not defined.
FIRST_AGE = 18
SEVERAL = 2
_COMBINATION = "combination"
_COUNTS = ("numerator", "denominator", "numerator_key", "denominator_key")


def shares(
    generation: Generation,
    *,
    by: str = "",
    period: str | None = None,
    least: int = SEVERAL,
    confidence: float = 0.95,
) -> Report:
    """Share of adult record holders with at least ``least`` of the conditions, by district, sex and broad age."""
    generation = generation.frozen
    names, quarter = dimensions(by, BY), quarter_of(generation, period)
    cells = _cells(generation, names, quarter)
    counted = _counted(cells, names, pl.col("conditions") >= least)
    rows = _released(counted, names, generation, confidence)
    title = f"{least} or more conditions at once, record holders of {FIRST_AGE} and over, {quarter.name}"
    about = _about(generation, quarter)
    return Report(title, rows.sort(*names) if names else rows, about, (_listed(generation),))


def combinations(
    generation: Generation,
    *,
    by: str = "",
    period: str | None = None,
    least: int = SEVERAL,
    confidence: float = 0.95,
) -> Report:
    """Combinations of at least ``least`` conditions, the most frequent first: exactly these and no other listed.

    Those too rare to be shown are left out and counted in the notes.
    """
    generation = generation.frozen
    names, quarter = dimensions(by, BY), quarter_of(generation, period)
    cells = _cells(generation, names, quarter)
    kinds = cells.filter(pl.col("conditions") >= least)["combination"].unique().sort()
    parts = [
        _counted(cells, names, pl.col("combination") == kind).with_columns(
            pl.lit(kind, pl.Int64).alias(_COMBINATION)
        )
        for kind in kinds
    ]
    none = _counted(cells, names, pl.lit(False)).clear().with_columns(pl.lit(0, pl.Int64).alias(_COMBINATION))
    rows = _released(pl.concat([none, *parts]), [*names, _COMBINATION], generation, confidence)
    shown = rows.filter(pl.col("state") == State.SHOWN.value)
    ranked = shown.sort(*names, "numerator", _COMBINATION, descending=[*[False] * len(names), True, False])
    notes = (
        _listed(generation),
        f"{rows.height - shown.height} rows of combinations are too rare to be shown",
    )
    title = f"conditions that go together, record holders of {FIRST_AGE} and over, {quarter.name}"
    return Report(title, _in_words(ranked, _conditions(generation)), _about(generation, quarter), notes)


def _in_words(rows: pl.DataFrame, conditions: Sequence[tuple[int, str, str]]) -> pl.DataFrame:
    """Sums of bits as ``diabetes + hypertension``."""
    kinds = rows[_COMBINATION].to_list()
    words = [" + ".join(name for bit, name, _ in conditions if kind & bit) for kind in kinds]
    return rows.with_columns(pl.Series(_COMBINATION, words, dtype=pl.String))


def _cells(generation: Generation, by: Sequence[str], quarter: Quarter) -> pl.DataFrame:
    need(generation, "mart_multimorbidity")
    asked = {
        "quarter_index": quarter.index,
        "first_age": FIRST_AGE,
        "by_district": "district" in by,
        "by_sex": "sex" in by,
    }
    return generation.frame(read_sql("multimorbidity_cells"), asked)


def _counted(cells: pl.DataFrame, by: Sequence[str], which: pl.Expr) -> pl.DataFrame:
    """Lattice cells with the people of ``which`` over everybody; keys are sums modulo 256."""
    lattice = [name for name in ("district", "sex", "age_from") if name == "age_from" or name in by]
    summed = cells.group_by(lattice, maintain_order=True).agg(
        pl.col("people").filter(which).sum().alias("numerator"),
        pl.col("people").sum().alias("denominator"),
        (pl.col("people_key").cast(pl.Int64).filter(which).sum() % 256).alias("numerator_key"),
        (pl.col("people_key").cast(pl.Int64).sum() % 256).alias("denominator_key"),
    )
    return summed.with_columns(age_band(summed["age_from"]))


def age_band(starts: pl.Series) -> pl.Series:
    """Names of broad ages from their first ages; the next one present ends a band."""
    edges = sorted(set(starts.to_list()))
    ends = dict(zip(edges, [*(edge - 1 for edge in edges[1:]), None], strict=True))
    return pl.Series("age_band", [AgeBand(start, ends[start]).label for start in starts], dtype=pl.String)


def _released(
    counted: pl.DataFrame, by: Sequence[str], generation: Generation, confidence: float
) -> pl.DataFrame:
    released = protect(counted.select(*by, *_COUNTS), by=by, kind=Kind.HEALTH, noise=noise_of(generation))
    rows = with_interval(released, confidence=confidence)
    wanted = (
        "numerator",
        "denominator",
        "value",
        "lower",
        "upper",
        "confidence",
        "method",
        "state",
        "reason",
    )
    return rows.select(*by, *wanted)


def _conditions(generation: Generation) -> list[tuple[int, str, str]]:
    """Bit, condition and definition of each condition of the combinations."""
    return list(generation.frame(read_sql("combination")).iter_rows())


def _listed(generation: Generation) -> str:
    return "conditions: " + ", ".join(f"{name}/{variant}" for _, name, variant in _conditions(generation))


def _about(generation: Generation, quarter: Quarter) -> dict[str, Any]:
    return {
        "conditions": [{"id": name, "variant": variant} for _, name, variant in _conditions(generation)],
        "period": quarter.name,
        "build": build_of(generation),
    }
