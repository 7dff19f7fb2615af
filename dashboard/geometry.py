"""Outlines for the maps: one URL that changes with its content, so a browser keeps it for a year.

The approximate outlines, or those imported into the home (``hssk boundaries import``), whichever are there at the
moment: a server need not be started again after an import.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, current_app

from dashboard.http import FOREVER
from dashboard.selection.base import GEOGRAPHIES
from dashboard.words import Words
from warehouse.boundaries.store import Outlines, current
from warehouse.geography import Geography

#: Where the application keeps the data folder whose outlines are served.
HOME = "HSSK_OUTLINES_HOME"
blueprint = Blueprint("geometry", __name__)
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Drawing:
    """What a map needs of the outlines of a geography, and never the outlines themselves.

    ``column`` holds the codes of the places in a frame; ``districts`` is where the ring of a chosen district comes
    from; ``bounds``: west, south, east, north of imported outlines, None for the approximate ones.
    """

    url: str
    column: str = "district"
    districts: str = ""
    bounds: Box | None = None


def drawing(geography: Geography) -> Drawing:
    """The outlines of a geography as they are now."""
    about = outlines(geography).about
    bounds = tuple(about["bounds"]) if about else None
    return Drawing(url(geography), geography, url("district"), bounds)


def outlines(geography: Geography) -> Outlines:
    """GeoJSON of a geography; a feature's id is the code of the place; exterior rings run clockwise."""
    return current(Path(current_app.config[HOME]), geography)


def version(geography: Geography) -> str:
    """The first twelve hex digits of the content's SHA-256."""
    return outlines(geography).sha256[:12]


def url(geography: Geography) -> str:
    """Where the outlines are served; the version in it is the hash of the content."""
    return f"/geometry/{version(geography)}/{geography}.json"


def told(geography: Geography, words: Words) -> str:
    """Which outlines a map shows: approximate, or from which file since when."""
    about: Mapping[str, Any] | None = outlines(geography).about
    if about is None:
        return words("map.approximate")
    day = datetime.fromisoformat(about["imported_at"]).date()
    return words("map.imported", file=about["file"], date=words.date(day))


@blueprint.get("/geometry/<asked>/<geography>.json")
def serve(asked: str, geography: str) -> Response:
    """The outlines, under their current version only."""
    found = next((outlines(name) for name in GEOGRAPHIES if name == geography), None)
    if found is None or asked != found.sha256[:12]:
        abort(404)
    return Response(found.content, mimetype="application/json", headers={"Cache-Control": FOREVER})
