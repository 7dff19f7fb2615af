"""District outlines for the maps: one URL that changes with its content, so a browser keeps it for a year."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

from flask import Blueprint, Response, abort

from dashboard.http import FOREVER

blueprint = Blueprint("geometry", __name__)


@cache
def outlines() -> bytes:
    """GeoJSON of the 22 districts; a feature's id is the district code; exterior rings run clockwise."""
    return resources.files("warehouse.geography").joinpath("district_outlines.geojson").read_bytes()


@cache
def version() -> str:
    """The first twelve hex digits of the content's SHA-256."""
    return hashlib.sha256(outlines()).hexdigest()[:12]


def url() -> str:
    """Where the outlines are served; the version in it is the hash of the content."""
    return f"/geometry/{version()}/districts.json"


@blueprint.get("/geometry/<asked>/districts.json")
def serve(asked: str) -> Response:
    """The outlines, under their current version only."""
    if asked != version():
        abort(404)
    return Response(outlines(), mimetype="application/json", headers={"Cache-Control": FOREVER})
