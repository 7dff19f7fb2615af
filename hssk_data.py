"""Commands on what is loaded: ``hssk retract``, ``hssk forget``, ``hssk keys``, ``hssk quality``, ``hssk boundaries``.

No logic of their own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from analytics import arrivals, report
from analytics import linkage as linkages
from analytics import numbers as person_numbers
from analytics import quality as qualities
from analytics.generation import Generation
from analytics.question import choose
from hssk_options import (
    Accept,
    AsOf,
    Form,
    Format,
    GeographyName,
    Home,
    KeyName,
    NumbersForm,
    Output,
    QueryForm,
    Reason,
)  # fmt: skip
from hssk_output import now, out, progress
from warehouse import build as builder
from warehouse import database, rotation, withheld
from warehouse.boundaries import store as outlines
from warehouse.identity import KEY_NAMES, create_key_file, load_keys
from warehouse.intake import refuse_other_keys, refuse_to_hide
from warehouse.lock import build_lock
from warehouse.settings import Settings, load_settings
from warehouse.vintages import parse_revision

data = typer.Typer()
boundaries = typer.Typer(
    no_args_is_help=True, help="The outlines of the maps: official ones, or approximate."
)
data.add_typer(boundaries, name="boundaries")
keys_app = typer.Typer(no_args_is_help=True, help="The three secret keys.")
data.add_typer(keys_app, name="keys")
#: Which geography a command is about.
Which = Annotated[
    GeographyName, typer.Option(help="District (22, until June 2025) or unit (102, from July 2025).")
]
#: Parts of the report on quality; without a name those that are short.
PARTS = {
    "checks": qualities.checks,
    "effects": qualities.effects,
    "arrivals": arrivals.arrivals,
    "refusals": arrivals.refusals,
    "digits": qualities.digits,
    "completeness": qualities.completeness,
    "coverage": qualities.coverage,
    "units": qualities.coverage_by_unit,
    "linkage": linkages.linkage,
    "numbers": person_numbers.numbers,
}
LONG = ("effects", "completeness", "units", "linkage", "numbers")
USUAL = tuple(name for name in PARTS if name not in LONG)


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
        withheld.refuse_shorter(connection, withheld.read(settings.home))
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
    only: Annotated[
        bool,
        typer.Option(
            "--only", help="These references alone, not all that linkage holds to be the same people."
        ),
    ] = False,
    home: Home = None,
) -> None:
    """Erase people: from the store, the sealed identifiers and every generation from now on; a tombstone stays.

    All references that linkage holds to be the same people go with those named. The tombstone is a pseudonym: rows of
    the person are refused whoever sends them again, also by a full rebuild.
    """
    settings, at = load_settings(home), now()
    keys = load_keys(settings)
    wanted = sys.stdin.read().splitlines() if refs == ["-"] else refs
    with build_lock(settings.home, at), database.open_warehouse(settings) as connection:
        refuse_other_keys(connection, keys)
        withheld.refuse_shorter(connection, withheld.read(settings.home))
        withheld.refuse_strangers(connection, keys, wanted)
        others = [] if only else withheld.others_of(connection, keys, wanted)
        found = withheld.forget(settings.home, keys, wanted, on=at.date(), others=others)
        withheld.write(settings.home, found)
    out.print(
        f"forgotten: {len(set(wanted))} references given, {len(others)} more of the same people by linkage"
    )
    _publish(settings, at)


@keys_app.command("create", epilog="Example: hssk keys create ~/hssk-keys.toml")
def keys_create(file: Annotated[Path, typer.Argument(help="New file, outside the data folder.")]) -> None:
    """Write three new random keys to a file only its owner can read. Never overwrites."""
    create_key_file(file)
    out.print(f"keys written to {file}; set HSSK_KEY_FILE to it, and keep a copy apart from the data")


@keys_app.command(
    "rotate", epilog="Example: hssk keys rotate ~/hssk-keys-2027.toml extracts/* --withdraw --reason yearly"
)
def keys_rotate(
    file: Annotated[Path, typer.Argument(help="New key file, outside the data folder.")],
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DIR...", help="Folders of all loaded files, for a new pseudonym key."),
    ] = None,
    which: Annotated[list[KeyName] | None, typer.Option(help="Key to replace, may be repeated.")] = None,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Publish all quarters anew, as a new record key asks for.")
    ] = False,
    reason: Reason = None,
    accept: Accept = None,
    home: Home = None,
) -> None:
    """Replace keys: a new key file is written, and everything in the home is brought over to it.

    Until the new store is complete the old keys open everything, then the new ones do. A rotation that was cut short
    is finished by the same command. The old file is left for you to destroy.
    """
    # scipy takes longer to import than most commands take to run.
    from models.fit import into  # noqa: PLC0415

    settings, at = load_settings(home), now()
    chosen = set(which or [KeyName.all])
    names = KEY_NAMES if KeyName.all in chosen else [f"{name.value}_key" for name in chosen]
    request = rotation.Request(
        file=file,
        which=frozenset(names),
        folders=tuple(folders or ()),
        revision=parse_revision("all" if withdraw else None, reason, withdraws=withdraw),
        accept=accept,
        as_of=date.fromisoformat(Generation.open(settings.home).extract_date),
        now=at,
    )
    with progress() as step:
        built = rotation.rotate(settings, request, estimate=into, progress=step)
    out.print(f"replaced: {', '.join(sorted(names))}" + (f"; published as {built.build_id}" if built else ""))
    out.print(f"set HSSK_KEY_FILE to {file}, unset HSSK_*_KEY, and destroy the old keys", markup=False)


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


@boundaries.command("import", epilog="Example: hssk boundaries import districts.gpkg --geography district")
def boundaries_import(
    file: Annotated[Path, typer.Argument(help="GeoJSON, GeoPackage or Shapefile (.shp, or zipped).")],
    geography: Which = GeographyName.district,
    code_column: Annotated[
        str | None, typer.Option(help="Column of the codes; default the one that names most places.")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer of a GeoPackage that has several.")] = None,
    crs: Annotated[
        str | None, typer.Option(help="Coordinate system where the file says none, like EPSG:9210.")
    ] = None,
    home: Home = None,
    form: Format = Form.table,
) -> None:
    """Check official outlines and show them on the maps in place of the approximate ones; all faults at once.

    Counts and models stay as they are: people are counted by codes, and models keep the neighbours they had.
    """
    # GDAL and PROJ take longer to import than most commands take to run.
    from warehouse.boundaries.importing import import_file  # noqa: PLC0415

    about = import_file(
        load_settings(home).home,
        file,
        geography.value,
        now=now(),
        code_column=code_column,
        layer=layer,
        system=crs,
    )
    _tell_outlines(geography, about, form)


@boundaries.command("show", epilog="Example: hssk boundaries show --geography unit --format json")
def boundaries_show(
    geography: Which = GeographyName.district, home: Home = None, form: Format = Form.table
) -> None:
    """Tell which outlines the maps show, and what their import noted."""
    _tell_outlines(geography, outlines.current(load_settings(home).home, geography.value).about, form)


@boundaries.command("reset", epilog="Example: hssk boundaries reset --geography district")
def boundaries_reset(geography: Which = GeographyName.district, home: Home = None) -> None:
    """Go back to the approximate outlines."""
    had = outlines.reset(load_settings(home).home, geography.value)
    out.print(
        "the approximate outlines are shown again" if had else "the approximate outlines were shown already"
    )


def _tell_outlines(geography: GeographyName, about: Mapping[str, Any] | None, form: Form) -> None:
    if form is Form.json:
        print(json.dumps(about, ensure_ascii=False))
        return
    if about is None:
        out.print(f"{geography.value}: the approximate outlines, see warehouse/geography/SOURCES.md")
        return
    out.print(
        f"{geography.value}: {about['places']} outlines from {about['file']} ({about['system']}), imported "
        f"{about['imported_at']}; {about['bytes']:,} bytes, areas within {about['largest_area_change']:.2%}",
        markup=False,
    )
    for note in about["notes"]:
        out.print(f"note: {note}", markup=False)


def _publish(settings: Settings, at: datetime) -> None:
    # scipy takes longer to import than most commands take to run.
    from models.fit import into  # noqa: PLC0415

    day = date.fromisoformat(Generation.open(settings.home).extract_date)
    with progress() as step:
        built = builder.build(settings, [], now=at, as_of=day, estimate=into, progress=step)
    for note in built.notes:
        out.print(f"note: {note}")
    out.print(f"published as {built.build_id}")
