"""The command line of HSSK Atlas. It holds no logic: it reads options, calls one function, prints the answer."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.syntax import Syntax

from analytics import query as questions
from analytics import render
from analytics.generation import Generation
from analytics.indicator_page import indicator_page
from analytics.scorecard import scorecard
from hssk_data import data
from hssk_linkage import linkage
from hssk_options import (
    Accept,
    AgeBands,
    Ages,
    AsOf,
    Classes,
    Condition,
    Confidence,
    Definition,
    Engine,
    Estimator,
    Exact,
    ExamineAll,
    ExtractForm,
    FhirShare,
    Folders,
    Form,
    Format,
    Home,
    Method,
    NumbersForm,
    Output,
    Quantity,
    QueryForm,
    Reason,
    Revise,
    Scenario,
    Standard,
    Truth,
    Vintage,
    Where,
    Withdraw,
    XmlShare,
)
from hssk_output import err, files_table, fits_table, now, out, print_faults, progress, releases_table
from hssk_studies import studies
from warehouse import build as builder
from warehouse import check as checker
from warehouse.contract_page import contract_page
from warehouse.errors import EXIT_DATA, UserError
from warehouse.extract_files import parse_day
from warehouse.lineage import explain as explain_table
from warehouse.releases import read as read_releases
from warehouse.releases import verify as verify_releases
from warehouse.settings import load_settings
from warehouse.vintages import parse_revision

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False
)
app.add_typer(studies)
app.add_typer(data)
app.add_typer(linkage)


@app.command(epilog="Example: hssk build extracts/2024-12 --as-of 2024-12-31")
def build(
    folders: Folders,
    as_of: Annotated[str | None, typer.Option(help="Extract date, like 2024-12-31.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Rebuild the warehouse aside from these folders alone.")
    ] = False,
    accept: Accept = None,
    revise: Revise = None,
    reason: Reason = None,
    withdraw: Withdraw = False,
    no_fit: Annotated[bool, typer.Option("--no-fit", help="Publish counts without estimates.")] = False,
    engine: Annotated[
        Engine | None, typer.Option(help="What compares people and counts; spark needs PySpark and Java.")
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
    with progress() as step:
        report = builder.build(
            settings,
            folders,
            now=now(),
            as_of=day,
            full=full,
            accept=accept,
            revision=parse_revision(revise, reason, withdraws=withdraw),
            estimate=None if no_fit else partial(into, truth=truth),
            progress=step,
        )
    if form is Form.json:
        print(json.dumps(builder.as_json(report), ensure_ascii=False))
        return
    out.print(files_table(report.landed, f"Build {report.build_id}"))
    for name in report.skipped:
        out.print(f"already loaded: {name}")
    print_faults(report.refused, "refused")
    print_faults(report.ignored, "left alone")
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

    with progress() as step:
        report = fitting.fit(load_settings(home), now=now(), build=as_of, truth=truth, progress=step)
    if form is Form.json:
        print(json.dumps(asdict(report), ensure_ascii=False))
    else:
        out.print(fits_table(report))
        out.print(f"published as {report.build_id} after {report.seconds:.1f} s")
    if any(item.faults for item in report.fits):
        raise typer.Exit(EXIT_DATA)


@app.command(epilog="Example: hssk releases --verify")
def releases(
    verify: Annotated[
        bool, typer.Option("--verify", help="Count the published quarters again; exit 65 when one differs.")
    ] = False,
    home: Home = None,
    form: Format = Form.table,
) -> None:
    """Show which quarters were published when, by which build, and why."""
    folder = load_settings(home).home
    entries, faults = read_releases(folder), verify_releases(folder) if verify else []
    if form is Form.json:
        told = {"releases": entries, "faults": [str(fault) for fault in faults] if verify else None}
        print(json.dumps(told, ensure_ascii=False))
    else:
        out.print(releases_table(entries))
        print_faults(faults, "wrong")
        if verify and not faults:
            out.print("every published count is as it was logged")
    if faults:
        raise typer.Exit(EXIT_DATA)


@app.command(epilog="Example: hssk check extracts/2024-12 --format json")
def check(folders: Folders, form: Format = Form.table) -> None:
    """Say for each file what a build would accept, refuse or leave alone. Writes nothing; exit 65 when not clean."""
    with progress() as step:
        report = checker.check(load_settings(), folders, progress=step)
    if form is Form.json:
        print(json.dumps(checker.as_json(report), ensure_ascii=False, default=str))
    else:
        out.print(files_table(report.landed, "What a build would take"))
        for item in report.landed:
            for column, rule, expected, count in item.reasons:
                out.print(
                    f"{item.file_name}: {count} rows refused: {column or 'line'} ({rule}); expected {expected}"
                )
        print_faults(report.refused, "refused")
        print_faults(report.ignored, "left alone")
        for note in report.notes:
            out.print(note, markup=False)
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
    measure: Annotated[str, typer.Argument(help="A measure, or I01 to I30; see --list.")] = "prevalence",
    condition: Condition = None,
    definition: Definition = None,
    by: Annotated[
        str, typer.Option(help="Comma list like district,quarter, or by unit of July 2025; see --list.")
    ] = "",
    period: Annotated[str | None, typer.Option(help="Quarter like 2024Q4; default the newest.")] = None,
    estimator: Estimator = "crude",
    standard: Standard = None,
    ages: Ages = None,
    age_bands: AgeBands = None,
    where: Where = None,
    as_of: AsOf = None,
    confidence: Confidence = 0.95,
    method: Method = None,
    quantity: Quantity = None,
    classes: Classes = None,
    vintage: Vintage = None,
    exact: Exact = False,
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
        exact=exact, quantity=quantity, classes=classes, vintage=vintage,
    )  # fmt: skip
    answer = questions.answer(question, generation, asked_at=now())
    render.write(answer, form.value, output=output, console=out)


@app.command(epilog="Example: hssk indicators --period 2024Q4 --format json")
def indicators(
    period: Annotated[
        str | None, typer.Option(help="Quarter like 2024Q4; default each one's newest.")
    ] = None,
    district: Annotated[str | None, typer.Option(help="District like 760; default the city.")] = None,
    definitions: Annotated[
        bool, typer.Option("--definitions", help="Their definitions as a Markdown page; needs no build.")
    ] = False,
    as_of: Annotated[str | None, typer.Option(help="Build id; default the current one.")] = None,
    home: Home = None,
    form: Format = Form.table,
) -> None:
    """Show all indicators of the plan at once: value, target, reached, not reached or not measurable."""
    if definitions:
        print(indicator_page(), end="")
        return
    generation = Generation.open(load_settings(home).home, build=as_of)
    rows = scorecard(generation, period=period, district=district)
    if form is Form.json:
        print(render.scorecard_json(rows, generation))
    else:
        out.print(render.scorecard_table(rows, f"{district or 'TP.HCM'}, {period or 'newest'}"))


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
    seed: Annotated[int, typer.Option(help="Same seed, population and scenario, same city.")] = 1,
    scenario: Annotated[
        Scenario,
        typer.Option(help="How hard it is to estimate: what is written down differs from what is so."),
    ] = Scenario.realistic,
    as_of: Annotated[
        str | None, typer.Option(help="Seen on this day; 2024-12-31, at most 2025-12-31.")
    ] = None,
    file_format: Annotated[
        ExtractForm, typer.Option("--format", help="Form of the files.")
    ] = ExtractForm.parquet,
    fhir_share: FhirShare = 0.0,
    xml_share: XmlShare = 0.0,
    examine_all: ExamineAll = False,
) -> None:
    """Draw a synthetic city: extract files of every contract, and the truth about it in a file of its own."""
    # scipy takes longer to import than most commands take to run.
    from warehouse.synthetic.city import EXTRACTS  # noqa: PLC0415
    from warehouse.synthetic.city import synthesize as draw_city  # noqa: PLC0415

    day = parse_day(as_of, field="--as-of") if as_of else None
    started = time.perf_counter()
    with progress() as step:
        rows = draw_city(
            out_folder,
            population=population,
            seed=seed,
            scenario=scenario.value,
            as_of=day,
            file_format=file_format.value,
            examine_all=examine_all,
            fhir_share=fhir_share,
            xml_share=xml_share,
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
