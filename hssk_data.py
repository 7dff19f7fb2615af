"""Commands on what is loaded: ``hssk retract``, ``hssk forget``, ``hssk quality``. No logic of their own."""

from __future__ import annotations

import sys
from datetime import date, datetime
from typing import Annotated

import typer

from analytics import arrivals, report
from analytics import quality as qualities
from analytics.generation import Generation
from analytics.question import choose
from hssk_options import AsOf, Home, NumbersForm, Output, QueryForm
from hssk_output import now, out, progress
from warehouse import build as builder
from warehouse import database, withheld
from warehouse.identity import load_keys
from warehouse.intake import refuse_to_hide
from warehouse.lock import build_lock
from warehouse.settings import Settings, load_settings

data = typer.Typer()
#: Parts of the report on quality; without a name those that are short.
PARTS = {
    "checks": qualities.checks,
    "effects": qualities.effects,
    "arrivals": arrivals.arrivals,
    "refusals": arrivals.refusals,
    "digits": qualities.digits,
    "completeness": qualities.completeness,
    "coverage": qualities.coverage,
}
USUAL = tuple(name for name in PARTS if name not in ("effects", "completeness"))


@data.command(epilog='Example: hssk retract city/measurement_2024-11 --reason "sent by mistake"')
def retract(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="Logical names, as `hssk build` prints them.")
    ],
    reason: Annotated[str, typer.Option(help="Why; told by every build that meets the file again.")],
    home: Home = None,
) -> None:
    """Take files back that should not have been loaded, and publish a generation without their rows.

    The same content is not loaded again, whatever its name; a corrected file is.
    """
    settings, at = load_settings(home), now()
    with build_lock(settings.home, at), database.open_warehouse(settings) as connection:
        known = dict(database.rows(connection, "select logical_name, sha256 from meta_file"))
        found = withheld.retract(settings.home, known, names, reason=reason, on=at.date())
        refuse_to_hide(connection, found)
        withheld.write(settings.home, found)
    _publish(settings, at)


@data.command(epilog="Example: hssk forget P123456")
def forget(
    refs: Annotated[
        list[str],
        typer.Argument(metavar="REF...", help="The sender's references; - reads lines of standard input."),
    ],
    home: Home = None,
) -> None:
    """Erase people: from the store, the sealed identifiers and every generation from now on; a tombstone stays.

    The tombstone is a pseudonym: rows of the person are refused whoever sends them again, also by a full rebuild.
    """
    settings, at = load_settings(home), now()
    keys = load_keys(settings)
    wanted = sys.stdin.read().splitlines() if refs == ["-"] else refs
    with build_lock(settings.home, at), database.open_warehouse(settings) as connection:
        withheld.refuse_strangers(connection, keys, wanted)
        withheld.write(settings.home, withheld.forget(settings.home, keys, wanted, on=at.date()))
    _publish(settings, at)


@data.command(epilog="Example: hssk quality checks --format csv --output checks.csv")
def quality(
    part: Annotated[
        str | None, typer.Argument(help=f"One of {', '.join(PARTS)}; default the short ones.")
    ] = None,
    as_of: AsOf = None,
    form: NumbersForm = QueryForm.table,
    output: Output = None,
    home: Home = None,
) -> None:
    """Tell how good the data are: checks with their effects, what arrived and was refused, digits, coverage."""
    names = USUAL if part is None else (choose(part, list(PARTS), field="part"),)
    generation = Generation.open(load_settings(home).home, build=as_of)
    found = {name: PARTS[name](generation) for name in names}
    if part is None:
        one = "Name a part, like: hssk quality checks"
        report.write_all(found, form.value, output=output, console=out, action=one)
    else:
        report.write(found[part], form.value, output=output, console=out)


def _publish(settings: Settings, at: datetime) -> None:
    # scipy takes longer to import than most commands take to run.
    from models.fit import into  # noqa: PLC0415

    day = date.fromisoformat(Generation.open(settings.home).extract_date)
    with progress() as step:
        built = builder.build(settings, [], now=at, as_of=day, estimate=into, progress=step)
    for note in built.notes:
        out.print(f"note: {note}")
    out.print(f"published as {built.build_id}")
