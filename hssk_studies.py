"""Commands that answer with a table of their own: why a number changed, who has several conditions, which definitions
agree, what surveys and examinations say, how near the estimates of a synthetic city come to its truth, and its linkage.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from analytics import accuracy as accuracies
from analytics import agreement as agreements
from analytics import benchmark, explained_change, multimorbidity, report
from analytics import cleaning as cleaned
from analytics import score as scores
from analytics.generation import Generation
from hssk_options import AsOf, By, Condition, Home, NumbersForm, Output, Period, QueryForm
from hssk_output import now, out
from warehouse import database
from warehouse.identity import load_keys
from warehouse.lock import build_lock
from warehouse.settings import load_settings

studies = typer.Typer()
OneCondition = Annotated[str, typer.Option(help="hypertension, diabetes, bmi; see hssk query --list.")]


@studies.command(
    epilog="Example: hssk change --condition hypertension --from 2023Q3 --to 2024Q3 --by district"
)
def change(
    condition: OneCondition,
    first: Annotated[str, typer.Option("--from", help="Quarter like 2023Q3.")],
    last: Annotated[str, typer.Option("--to", help="A later quarter.")],
    definition: Annotated[str | None, typer.Option(help="Variant of the case definition.")] = None,
    by: Annotated[str, typer.Option(help="district, or nothing for the city.")] = "",
    from_build: Annotated[str | None, typer.Option(help="Build that published the first quarter.")] = None,
    from_vintage: Annotated[
        int | None, typer.Option(help="Vintage of the first quarter, 1 the first.")
    ] = None,
    as_of: AsOf = None,
    form: NumbersForm = QueryForm.table,
    output: Output = None,
    home: Home = None,
) -> None:
    """Say why a share changed: late data, definition, boundary, composition, the same people, who came or went."""
    folder = load_settings(home).home
    older = Generation.open(folder, build=from_build) if from_build else None
    found = explained_change.change(
        Generation.open(folder, build=as_of), condition=condition, definition=definition, first=first, last=last,
        by=by, older=older, vintage=from_vintage,
    )  # fmt: skip
    report.write(found, form.value, output=output, console=out)


@studies.command("multimorbidity", epilog="Example: hssk multimorbidity --by district,sex --period 2024Q3")
def several_conditions(
    by: By = "",
    period: Period = None,
    least: Annotated[int, typer.Option(min=1, help="Conditions at least.")] = multimorbidity.SEVERAL,
    ranked: Annotated[bool, typer.Option("--ranked", help="Combinations, the most frequent first.")] = False,
    as_of: AsOf = None,
    form: NumbersForm = QueryForm.table,
    output: Output = None,
    home: Home = None,
) -> None:
    """Count people with several conditions at once among adults with a record."""
    generation = _open(home, as_of)
    ask = multimorbidity.combinations if ranked else multimorbidity.shares
    found = ask(generation, by=by, period=period, least=least)
    report.write(found, form.value, output=output, console=out)


@studies.command(epilog="Example: hssk agreement --condition hypertension --by sex")
def agreement(
    condition: Annotated[str, typer.Option(help="hypertension, diabetes; see hssk query --list.")],
    by: By = "",
    period: Period = None,
    as_of: AsOf = None,
    form: NumbersForm = QueryForm.table,
    output: Output = None,
    home: Home = None,
) -> None:
    """Compare two definitions of a condition in the same people: agreement by case and non-case, and kappa."""
    generation = _open(home, as_of)
    found = agreements.agreement(generation, condition=condition, by=by, period=period)
    report.write(found, form.value, output=output, console=out)


@studies.command(epilog="Example: hssk surveys --condition hypertension --format json")
def surveys(
    condition: OneCondition,
    estimator: Annotated[str, typer.Option(help="weighted or modelled.")] = benchmark.ESTIMATORS[0],
    as_of: AsOf = None,
    form: NumbersForm = QueryForm.table,
    output: Output = None,
    home: Home = None,
) -> None:
    """Lay published survey results beside the estimates of the same people: difference, margin, verdict."""
    generation = _open(home, as_of)
    found = benchmark.against_surveys(generation, condition=condition, estimator=estimator)
    report.write(found, form.value, output=output, console=out)


@studies.command(epilog="Example: hssk accuracy --condition hypertension --period 2024Q3")
def accuracy(
    condition: OneCondition,
    period: Period = None,
    as_of: AsOf = None,
    form: NumbersForm = QueryForm.table,
    output: Output = None,
    home: Home = None,
) -> None:
    """Tell what definitions get wrong, from people examined again: sensitivity, specificity, predictive values."""
    generation = _open(home, as_of)
    found = accuracies.accuracy(generation, condition=condition, period=period)
    report.write(found, form.value, output=output, console=out)


@studies.command(epilog="Example: hssk score --condition hypertension --by level,coverage")
def score(
    condition: Condition = None,
    by: Annotated[str, typer.Option(help="Comma list: quarter, phase, district, level, coverage.")] = "level",
    defects: Annotated[
        Path | None,
        typer.Option(help="defects.parquet of the city: judge the cleaning of its rows instead."),
    ] = None,
    references: Annotated[
        Path | None,
        typer.Option(
            help="references.parquet of the city: judge its linkage instead, by groups if truth.parquet is beside."
        ),
    ] = None,
    as_of: AsOf = None,
    form: NumbersForm = QueryForm.table,
    output: Output = None,
    home: Home = None,
) -> None:
    """Judge the estimates of a synthetic city by its truth: bias, error, coverage of every estimator."""
    if references:
        told = _linkage(home, references)
        report.write_all(told, form.value, output=output, console=out, action="Ask for a table or json")
        return
    generation = _open(home, as_of)
    found = (
        cleaned.cleaning(generation, defects)
        if defects
        else scores.score(generation, condition=condition, by=by)
    )
    report.write(found, form.value, output=output, console=out)


def _open(home: Home, build: AsOf) -> Generation:
    return Generation.open(load_settings(home).home, build=build)


def _linkage(home: Home, references: Path) -> Mapping[str, report.Report]:
    """What linkage found and missed: by groups, by what was changed in rows, and at every threshold."""
    # Splink takes longer to import than most commands take to run.
    from warehouse.linking.score import score as judge  # noqa: PLC0415

    settings = load_settings(home)
    keys = load_keys(settings)
    with build_lock(settings.home, now()), database.open_warehouse(settings) as people:
        found = judge(people, keys, references)
    notes = {
        "groups": ("a pair is two references; true: of one person; found: linked; right: both",),
        "changes": ("pairs with the register; a row may have several changes",),
        "curve": (
            f"linked from {found.threshold_bits:g} bits on; nothing: exact keys alone",
            "without the guards that take groups apart",
        ),
    }
    return {name: _told(name, getattr(found, name), told) for name, told in notes.items()}


def _told(name: str, frame: pl.DataFrame, notes: tuple[str, ...]) -> report.Report:
    rows = frame.with_columns(pl.lit("shown").alias("state"), pl.lit(None, pl.String).alias("reason"))
    title = f"Linkage of the synthetic city against its truth: {name}"
    shares = ("precision", "recall", "f")
    return report.Report(
        title=title, rows=rows, about={}, notes=notes, shares=shares, only_in_files=("state",)
    )
