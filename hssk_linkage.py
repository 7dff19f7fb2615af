"""Commands on linkage: ``hssk explain-link``. No logic of their own."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from hssk_options import Form, Format, Home
from hssk_output import now, out, waterfall_table
from warehouse import database
from warehouse.identity import load_keys
from warehouse.intake import LINKAGE
from warehouse.lock import build_lock
from warehouse.settings import load_settings

if TYPE_CHECKING:
    from warehouse.linking.explaining import Explanation

linkage = typer.Typer()


@linkage.command("explain-link", epilog="Example: hssk explain-link P123456 H-77001")
def explain_link(
    ref: Annotated[str, typer.Argument(metavar="REF", help="A sender's reference of a person.")],
    other: Annotated[str, typer.Argument(metavar="REF", help="Another one.")],
    home: Home = None,
    form: Format = Form.table,
) -> None:
    """Tell why two references are one person or are not: what each comparison says, in bits, values masked."""
    # Splink takes longer to import than most commands take to run.
    from warehouse.linking.explaining import explain  # noqa: PLC0415

    settings = load_settings(home)
    with build_lock(settings.home, now()), database.open_warehouse(settings) as connection:
        found = explain(connection, settings, load_keys(settings), settings.home / LINKAGE, (ref, other))
    if form is Form.json:
        print(json.dumps(asdict(found), ensure_ascii=False))
        return
    out.print(waterfall_table(found, settings.language))
    told = "one person" if found.is_one else "two people"
    if not found.is_one and found.total_bits >= found.threshold_bits:
        out.print(f"held apart, whatever they weigh: {_held_apart(found)}")
    way = "" if found.is_direct or not found.is_one else ", through other references"
    keys = f"; exact keys: {', '.join(found.keys)}" if found.keys else ""
    if any(found.beside):
        out.print(
            f"compared together with {found.beside[0]} and {found.beside[1]} more references of the same number"
        )
    out.print(f"{told}{way}; {found.total_bits:.1f} bits of {found.threshold_bits:.1f} needed{keys}")


def _held_apart(found: Explanation) -> str:
    """Why two whose weight would make them one person are not."""
    if not found.is_compared:
        return "they agree in nothing by which pairs are looked for"
    if found.is_denied:
        return "another given name, a name that is only similar, or numbers that differ"
    return "a guard (numbers of two people, too many references, or as like somebody else)"
