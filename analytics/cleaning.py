"""Of the defects that were put into the rows of a synthetic city on purpose, how many its build noticed.

By counts: a build says how many rows it sent away, repaired or set aside by quantity, how many each check of the data
found, and how many people a register holds more than once, not which. One that is mended without a word (a code without
its point) cannot be judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from analytics.generation import Generation, read_sql
from analytics.report import Report, build_of, need
from warehouse.errors import UserError


@dataclass(frozen=True)
class Rule:
    """Defects that one rule of cleaning is for, and the outcomes (with their quantities) it is told by.

    ``checks``: checks of the data that tell it, each with the planted rows a finding stands for.
    """

    rule: str
    defects: tuple[str, ...]
    outcomes: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    checks: Mapping[str, int] = field(default_factory=dict)


#: A finding of both is a reading, which is two rows: systolic and diastolic.
_OF_READINGS = 2
RULES = (
    Rule("repeated rows are dropped", ("sent_twice",), {"duplicate": None}),
    Rule("units are inferred", ("missing_unit", "height_in_metres"), {"unit_inferred": None}),
    Rule("implausible weights are set aside", ("weight_times_ten",), {"implausible": ("weight",)}),
    Rule("implausible glucose is set aside", ("glucose_in_mg_dl",), {"implausible": ("fasting_glucose",)}),
    Rule(
        "pressures the wrong way round are noticed",
        ("pressures_swapped",),
        checks={"pressure_swapped": _OF_READINGS},
    ),
    Rule("dates that have not come are noticed", ("years_ahead",), checks={"ahead": 1}),
    Rule("copied pressures are noticed", ("copied",), checks={"copied": _OF_READINGS}),
    Rule("people entered twice are one", ("entered_twice",), {"linked": ("people",)}),
)
_SCHEMA = {"rule": pl.String, "planted": pl.Int64, "found": pl.Int64, "recall": pl.Float64}
_NEEDED = {"table", "defect"}
#: Outcome under which the findings of checks stand.
_CHECK = "check"


def cleaning(generation: Generation, defects: Path) -> Report:
    """One row a rule of cleaning: rows planted, rows found, recall (at most 1).

    ``defects``: ``defects.parquet`` of the same city as `hssk synthesize` writes it; only counts of it are read. Raises
    UserError for real data, a build of before linkage, or a file that is no such thing.
    """
    if not generation.manifest["synthetic"]:
        raise UserError(
            "real data has no defects that are known", field="--defects", expected="a synthetic build"
        )
    need(generation, "mart_linkage_run")
    planted = _planted(defects)
    outcomes = generation.frame(read_sql("quality_outcomes"))
    return Report(
        title="Cleaning of the synthetic city against the defects put into it",
        rows=recalls(planted, outcomes),
        about={"build": build_of(generation)},
        notes=(
            "by counts: rows noticed may be others than those planted",
            "people entered twice: none where persons are not linked, few by exact keys alone",
        ),
        shares=("recall",),
    )


def recalls(planted: Mapping[str, int], outcomes: pl.DataFrame) -> pl.DataFrame:
    """The rows of :func:`cleaning`. ``outcomes``: outcome, subject, rows (of checks: check, its id, findings). Pure."""
    rows = []
    for item in RULES:
        wanted = sum(planted.get(name, 0) for name in item.defects)
        found = sum(_found(outcomes, outcome, subjects) for outcome, subjects in item.outcomes.items())
        found += sum(rows * _found(outcomes, _CHECK, (check,)) for check, rows in item.checks.items())
        recall = min(found / wanted, 1.0) if wanted else None
        rows.append((item.rule, wanted, found, recall))
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    return frame.with_columns(pl.lit("shown").alias("state"), pl.lit(None, pl.String).alias("reason"))


def _found(outcomes: pl.DataFrame, outcome: str, subjects: tuple[str, ...] | None) -> int:
    rows = outcomes.filter(pl.col("outcome") == outcome)
    if subjects is not None:
        rows = rows.filter(pl.col("subject").is_in(subjects))
    return int(rows["rows"].sum())


def _planted(path: Path) -> dict[str, int]:
    try:
        told = pl.scan_parquet(path)
        if not set(told.collect_schema().names()) >= _NEEDED:
            raise pl.exceptions.SchemaError("other columns")
        counts = told.group_by("defect").len().collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UserError(
            "not the defects of a synthetic city",
            file=str(path),
            field="--defects",
            expected="defects.parquet as `hssk synthesize` writes it",
        ) from error
    return dict(counts.iter_rows())
