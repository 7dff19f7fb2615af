"""Commands that answer with a table of their own: why a number changed, who has several conditions, which definitions
agree, what surveys and examinations say, and how near the estimates of a synthetic city come to its truth.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analytics import accuracy as accuracies
from analytics import agreement as agreements
from analytics import benchmark, explained_change, multimorbidity, report
from analytics import cleaning as cleaned
from analytics import score as scores
from analytics.generation import Generation
from hssk_options import AsOf, By, Condition, Home, NumbersForm, Output, Period, QueryForm
from hssk_output import out
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
    as_of: AsOf = None,
    form: NumbersForm = QueryForm.table,
    output: Output = None,
    home: Home = None,
) -> None:
    """Judge the estimates of a synthetic city by its truth: bias, error, coverage of every estimator."""
    generation = _open(home, as_of)
    found = (
        cleaned.cleaning(generation, defects)
        if defects
        else scores.score(generation, condition=condition, by=by)
    )
    report.write(found, form.value, output=output, console=out)


def _open(home: Home, build: AsOf) -> Generation:
    return Generation.open(load_settings(home).home, build=build)
