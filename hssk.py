"""The command line of HSSK Atlas. It holds no logic: it reads options, calls one function, prints the answer."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.syntax import Syntax
from rich.table import Table

from analytics import agreement as agreements
from analytics import explained_change, multimorbidity, render, report
from analytics import query as questions
from analytics.generation import Generation
from warehouse import build as builder
from warehouse import check as checker
from warehouse.casting import TIME_ZONE
from warehouse.contract_page import contract_page
from warehouse.errors import EXIT_DATA, Fault, UserError
from warehouse.extract_files import parse_day
from warehouse.identity import create_key_file
from warehouse.landing import Landed
from warehouse.lineage import explain as explain_table
from warehouse.settings import load_settings

if TYPE_CHECKING:
    from models.fit import FitReport

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False
)
keys_app = typer.Typer(no_args_is_help=True, help="The three secret keys.")
app.add_typer(keys_app, name="keys")
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class Engine(StrEnum):
    """What runs the person SQL of a build."""

    duckdb = "duckdb"
    spark = "spark"


class Form(StrEnum):
    """Forms of an answer."""

    table = "table"
    json = "json"


class ExtractForm(StrEnum):
    """Forms of extract files."""

    parquet = "parquet"
    csv = "csv"


class QueryForm(StrEnum):
    """Forms of a table of numbers."""

    table = "table"
    json = "json"
    csv = "csv"
    parquet = "parquet"


Folders = Annotated[list[Path], typer.Argument(help="Folders of extract files.", metavar="DIR...")]
Home = Annotated[Path | None, typer.Option("--home", help="Data folder; default HSSK_HOME or ./data.")]
Truth = Annotated[
    Path | None,
    typer.Option("--truth", help="truth_counts.parquet of a synthetic city, shown beside its estimates."),
]
Format = Annotated[Form, typer.Option("--format", help="Table for people, JSON for programs.")]
AsOf = Annotated[str | None, typer.Option(help="Build id; default the current one.")]
By = Annotated[str, typer.Option(help="Comma list: district, sex, age_band.")]
Period = Annotated[str | None, typer.Option(help="Quarter like 2024Q4; default the newest.")]
NumbersForm = Annotated[QueryForm, typer.Option("--format")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="File to write, for csv and parquet.")]


@app.command(epilog="Example: hssk build extracts/2024-12 --as-of 2024-12-31")
def build(
    folders: Folders,
    as_of: Annotated[str | None, typer.Option(help="Extract date, like 2024-12-31.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Rebuild the warehouse aside from these folders alone.")
    ] = False,
    no_fit: Annotated[
        bool,
        typer.Option("--no-fit", help="Publish counts without estimates."),
    ] = False,
    engine: Annotated[
        Engine | None, typer.Option(help="What runs the person SQL; spark needs PySpark and Java.")
    ] = None,
    spark_master: Annotated[
        str | None, typer.Option(help="URL of a Spark cluster; default one started on this machine.")
    ] = None,
    truth: Truth = None,
    home: Home = None,
    form: Format = Form.table,
) -> None:
    """Load what is new in the folders and publish a new generation: counts, and estimates fitted to them."""
    # scipy takes longer to import than most commands take to run.
    from models.fit import into  # noqa: PLC0415

    settings = load_settings(home, engine=engine and engine.value, spark_master=spark_master)
    day = parse_day(as_of, field="--as-of") if as_of else None
    with _progress() as step:
        report = builder.build(
            settings,
            folders,
            now=_now(),
            as_of=day,
            full=full,
            estimate=None if no_fit else partial(into, truth=truth),
            progress=step,
        )
    if form is Form.json:
        print(json.dumps(builder.as_json(report), ensure_ascii=False))
        return
    out.print(_files_table(report.landed, f"Build {report.build_id}"))
    for name in report.skipped:
        out.print(f"already loaded: {name}")
    _print_faults(report.refused, "refused")
    _print_faults(report.ignored, "left alone")
    for note in report.notes:
        out.print(f"note: {note}")
    out.print(f"extract date {report.as_of} (from {report.as_of_source}); published as {report.build_id}")


@app.command(epilog="Example: hssk fit --format json")
def fit(
    as_of: AsOf = None,
    truth: Truth = None,
    home: Home = None,
    form: Format = Form.table,
) -> None:
    """Fit the models to a build again and publish a new generation with the same counts; exit 65 when a fit failed."""
    # scipy takes longer to import than most commands take to run.
    from models import fit as fitting  # noqa: PLC0415

    with _progress() as step:
        report = fitting.fit(load_settings(home), now=_now(), build=as_of, truth=truth, progress=step)
    if form is Form.json:
        print(json.dumps(asdict(report), ensure_ascii=False))
    else:
        out.print(_fits_table(report))
        out.print(f"published as {report.build_id} after {report.seconds:.1f} s")
    if any(item.faults for item in report.fits):
        raise typer.Exit(EXIT_DATA)


@app.command(epilog="Example: hssk check extracts/2024-12 --format json")
def check(folders: Folders, form: Format = Form.table) -> None:
    """Say for each file what a build would accept, refuse or leave alone. Writes nothing; exit 65 when not clean."""
    with _progress() as step:
        report = checker.check(load_settings(), folders, now=_now(), progress=step)
    if form is Form.json:
        print(json.dumps(checker.as_json(report), ensure_ascii=False, default=str))
    else:
        out.print(_files_table(report.landed, "What a build would take"))
        for item in report.landed:
            for column, rule, expected, count in item.reasons:
                out.print(
                    f"{item.file_name}: {count} rows refused: {column or 'line'} ({rule}); expected {expected}"
                )
        _print_faults(report.refused, "refused")
        _print_faults(report.ignored, "left alone")
    if not report.is_clean:
        raise typer.Exit(EXIT_DATA)


@app.command(epilog="Example: hssk explain mart_case")
def explain(
    table: Annotated[str, typer.Argument(metavar="MART")], home: Home = None, form: Format = Form.table
) -> None:
    """Show how a table was made: SQL, inputs, rows, seconds, extract files with their hashes."""
    answer = explain_table(load_settings(home).home, table)
    if form is Form.json:
        print(json.dumps(answer, ensure_ascii=False))
        return
    out.print(f"{answer['table']} in build {answer['build']}")
    for item in answer["made_from"]:
        out.print(
            f"\n{item['table']}: {item['rows']:,} rows, {item['seconds']} s, from {', '.join(item['inputs'])}"
        )
        if item["table"] == table:
            out.print(Syntax(item["sql"], "sql", background_color="default"))
    for file in answer["files"]:
        out.print(f"{file['logical_name']}: {file['accepted']:,} rows, sha256 {file['sha256']}")


@app.command(
    epilog="Example: hssk query prevalence --condition hypertension --by district --period 2024Q4 --format json"
)
def query(
    measure: Annotated[
        str,
        typer.Argument(
            help="prevalence, coverage, progress, ladder, completeness, distribution; see --list."
        ),
    ] = "prevalence",
    condition: Annotated[str | None, typer.Option(help="hypertension, diabetes, bmi; see --list.")] = None,
    definition: Annotated[str | None, typer.Option(help="Variant of the case definition.")] = None,
    by: Annotated[str, typer.Option(help="Comma list: district, ward, sex, age_band, quarter.")] = "",
    period: Annotated[str | None, typer.Option(help="Quarter like 2024Q4; default the newest.")] = None,
    estimator: Annotated[
        str, typer.Option(help="crude, standardised, weighted (corrected to all residents) or modelled.")
    ] = "crude",
    standard: Annotated[str | None, typer.Option(help="who_world_2000, vietnam, city or a CSV file.")] = None,
    ages: Annotated[str | None, typer.Option(help="Like 18+ or 18-69.")] = None,
    age_bands: Annotated[str | None, typer.Option(help="Like 18-29,30-39,40+; with --by age_band.")] = None,
    where: Annotated[list[str] | None, typer.Option(help="Like district=760,761; may be repeated.")] = None,
    as_of: AsOf = None,
    confidence: Annotated[float, typer.Option(help="Confidence level of the interval.")] = 0.95,
    method: Annotated[
        str | None, typer.Option(help="wilson, clopper_pearson; standardised: dobson_byar, fay_feuer.")
    ] = None,
    quantity: Annotated[
        str | None, typer.Option(help="Of a distribution: body_mass_index, systolic, diastolic.")
    ] = None,
    classes: Annotated[str | None, typer.Option(help="Cut-offs of a distribution: who, asian.")] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Exact small counts; written to the audit log.")
    ] = False,
    list_all: Annotated[bool, typer.Option("--list", help="What can be asked.")] = False,
    form: NumbersForm = QueryForm.table,
    output: Output = None,
    home: Home = None,
) -> None:
    """Ask for a number: value, interval, numerator, denominator, definition, build and lineage."""
    generation = Generation.open(load_settings(home).home, build=as_of)
    if list_all:
        out.print(render.list_measures(generation))
        return
    question = questions.parse(
        measure=measure, condition=condition, definition=definition, by=by, period=period, estimator=estimator,
        standard=standard, ages=ages, age_bands=age_bands, where=where or [], confidence=confidence, method=method,
        exact=exact, quantity=quantity, classes=classes,
    )  # fmt: skip
    answer = questions.answer(question, generation, asked_at=_now())
    render.write(answer, form.value, output=output, console=out)


@app.command(epilog="Example: hssk change --condition hypertension --from 2023Q3 --to 2024Q3 --by district")
def change(
    condition: Annotated[str, typer.Option(help="hypertension, diabetes, bmi; see hssk query --list.")],
    first: Annotated[str, typer.Option("--from", help="Quarter like 2023Q3.")],
    last: Annotated[str, typer.Option("--to", help="A later quarter.")],
    definition: Annotated[str | None, typer.Option(help="Variant of the case definition.")] = None,
    by: Annotated[str, typer.Option(help="district, or nothing for the city.")] = "",
    from_build: Annotated[str | None, typer.Option(help="Build that counted the first quarter.")] = None,
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
        by=by, older=older,
    )  # fmt: skip
    report.write(found, form.value, output=output, console=out)


@app.command("multimorbidity", epilog="Example: hssk multimorbidity --by district,sex --period 2024Q3")
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
    generation = Generation.open(load_settings(home).home, build=as_of)
    ask = multimorbidity.combinations if ranked else multimorbidity.shares
    found = ask(generation, by=by, period=period, least=least)
    report.write(found, form.value, output=output, console=out)


@app.command(epilog="Example: hssk agreement --condition hypertension --by sex")
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
    generation = Generation.open(load_settings(home).home, build=as_of)
    found = agreements.agreement(generation, condition=condition, by=by, period=period)
    report.write(found, form.value, output=output, console=out)


@app.command(epilog="Example: hssk serve --port 8050")
def serve(
    host: Annotated[
        str, typer.Option(help="Address to bind; only this machine until users are configured.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.")] = 8050,
    workers: Annotated[int | None, typer.Option(help="Server processes; default HSSK_WORKERS or 2.")] = None,
    home: Home = None,
) -> None:
    """Serve the dashboards of the current generation."""
    # Dash takes longer to import than most commands take to run.
    from dashboard.server import serve as serve_dashboard  # noqa: PLC0415

    settings = load_settings(home)
    serve_dashboard(settings, host=host, port=port, workers=workers or settings.workers)


@app.command(epilog="Example: hssk synthesize --population 200000 --seed 1 --out demo")
def synthesize(
    out_folder: Annotated[
        Path, typer.Option("--out", help="New folder for extracts, truth and description.")
    ],
    population: Annotated[int, typer.Option(help="Residents of the city.")] = 200_000,
    seed: Annotated[int, typer.Option(help="Same seed and population, same city.")] = 1,
    as_of: Annotated[str | None, typer.Option(help="See the same city on an earlier day.")] = None,
    file_format: Annotated[
        ExtractForm, typer.Option("--format", help="Form of the files.")
    ] = ExtractForm.parquet,
) -> None:
    """Draw a synthetic city: extract files of every contract, and the truth about it in a file of its own."""
    # scipy takes longer to import than most commands take to run.
    from warehouse.synthetic.city import EXTRACTS  # noqa: PLC0415
    from warehouse.synthetic.city import synthesize as draw_city  # noqa: PLC0415

    day = parse_day(as_of, field="--as-of") if as_of else None
    started = time.perf_counter()
    with _progress() as step:
        rows = draw_city(
            out_folder,
            population=population,
            seed=seed,
            as_of=day,
            file_format=file_format.value,
            progress=step,
        )
    for name, count in rows.items():
        out.print(f"  {name:16} {count:>12,} rows")
    out.print(
        f"{population:,} residents in {time.perf_counter() - started:.1f} s; hssk build {out_folder / EXTRACTS}"
    )


@app.command(epilog="Example: hssk contracts > docs/contracts.md")
def contracts() -> None:
    """Print the contracts of the extract tables as a Markdown page."""
    print(contract_page(), end="")


@keys_app.command("create", epilog="Example: hssk keys create ~/hssk-keys.toml")
def keys_create(file: Annotated[Path, typer.Argument(help="New file, outside the data folder.")]) -> None:
    """Write three new random keys to a file only its owner can read. Never overwrites."""
    create_key_file(file)
    out.print(f"keys written to {file}; set HSSK_KEY_FILE to it, and keep a copy apart from the data")


def _now() -> datetime:
    """Wall time of the city."""
    return datetime.now(ZoneInfo(TIME_ZONE))


@contextmanager
def _progress() -> Iterator[Callable[[str, str], None]]:
    """A spinner with the stage and the table under way; on a pipe it stays silent."""
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=err, transient=True
    )
    with bar:
        task = bar.add_task("start")
        yield lambda stage, what: bar.update(task, description=f"{stage} {what}")


def _files_table(landed: Sequence[Landed], title: str) -> Table:
    table = Table(title=title)
    table.add_column("file")
    table.add_column("table")
    for name in ("received", "accepted", "quarantined", "duplicate"):
        table.add_column(name, justify="right")
    for item in landed:
        counts = (item.received, item.accepted, item.quarantined, item.duplicate)
        table.add_row(item.file_name, item.table, *(f"{count:,}" for count in counts))
    return table


def _fits_table(report: FitReport) -> Table:
    table = Table(title="Fits")
    for name in ("condition", "definition", "quarter"):
        table.add_column(name)
    table.add_column("assessed", justify="right")
    table.add_column("seconds", justify="right")
    table.add_column("shown")
    for item in report.fits:
        shown = "no: " + ", ".join(item.faults) if item.faults else "yes"
        table.add_row(
            item.condition, item.variant, item.quarter, f"{item.assessed:,}", f"{item.seconds:.2f}", shown
        )
    return table


def _print_faults(faults: Sequence[Fault], word: str) -> None:
    for fault in faults:
        out.print(f"{word}: {fault}", markup=False)


def main() -> None:
    """Run the command line; a user's fault is told without a traceback and ends with its exit code."""
    try:
        app()
    except UserError as error:
        err.print("[red]error[/red] ", end="")
        err.print(str(error), markup=False)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
