"""Tables of cards as files: ``/export/<page>/<card>.<csv|xlsx>`` with the query of the page.

A page registers its sheets; the query is read again by the page's own rules, so an address can ask for nothing the
page would not show.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, current_app, request

from dashboard.access import Viewer, current_viewer
from dashboard.data import source
from dashboard.exports import csv_file, xlsx_file
from dashboard.selection.base import language_of
from dashboard.sheet import Sheet
from dashboard.words import LANGUAGE, words
from warehouse.errors import UserError

blueprint = Blueprint("exports", __name__)
WRITERS: Mapping[str, tuple[Callable[..., bytes], str]] = {
    "csv": (csv_file.write, "text/csv; charset=utf-8"),
    "xlsx": (xlsx_file.write, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


@dataclass(frozen=True)
class Page:
    """How a page reads its query, and the sheet of each of its cards."""

    read: Callable[[Mapping[str, str], Viewer], Any]
    sheets: Mapping[str, Callable[[Any, Viewer], Sheet]]


_pages: dict[str, Page] = {}


def register(page: str, read: Callable[..., Any], sheets: Mapping[str, Callable[..., Sheet]]) -> None:
    """Make the cards of a page available as files."""
    _pages[page] = Page(read, sheets)


@blueprint.get("/export/<page>/<card>.<form>")
def export(page: str, card: str, form: str) -> Response:
    """One sheet as a file; 404 for what no page has, 503 before the first build."""
    if form not in WRITERS or page not in _pages or card not in _pages[page].sheets:
        abort(404)
    if not source.has_build():
        return _told("no build has been published", 503)
    language = language_of(request.args, current_app.config[LANGUAGE])
    viewer = current_viewer()
    try:
        selection = _pages[page].read({**request.args.to_dict(), "lang": language}, viewer)
        sheet = _pages[page].sheets[card](selection, viewer)
    except UserError as error:
        return _told(str(error), 400)
    write, kind = WRITERS[form]
    name = re.sub(r"[^a-z0-9-]+", "-", f"hssk-{page}-{card}-{sheet.build_id}".lower())
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "Cache-Control": "no-store"}
    return Response(write(sheet, words(language)), content_type=kind, headers=headers)


def _told(text: str, status: int) -> Response:
    return Response(text + "\n", status, mimetype="text/plain", headers={"Cache-Control": "no-store"})
