"""The Dash application: page frame, routes, headers, and what happens when a callback fails."""

from __future__ import annotations

import logging
import secrets

import dash
import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, clientside_callback, dcc, html, set_props
from dash.development.base_component import Component
from flask import Flask, Response, current_app, request

from dashboard import access, exports, geometry, http, ids, pages, theme
from dashboard.components import cards
from dashboard.data import source
from dashboard.selection.base import language_of
from dashboard.words import LANGUAGE, words
from warehouse.errors import UserError
from warehouse.settings import Settings

log = logging.getLogger(__name__)
INDEX = """<!DOCTYPE html>
<html lang="{language}">
<head>
{%metas%}
<meta name="color-scheme" content="light dark">
<title>{%title%}</title>
<link rel="icon" type="image/svg+xml" href="/assets/icons/mark.svg">
{%css%}
<script src="/assets/early/theme.js"></script>
</head>
<body>
<svg width="0" height="0" aria-hidden="true" class="patterns"><defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect width="6" height="6" class="hatch-ground"/><rect width="2" height="6" class="hatch-line"/></pattern></defs></svg>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""


class AtlasDash(Dash):
    """Dash whose index page carries the language of its query, and the title of its page."""

    def interpolate_index(self, **parts: str) -> str:  # type: ignore[override]
        language = language_of(request.args, current_app.config[LANGUAGE])
        parts["title"] = pages.title(request.path, words(language))
        page: str = super().interpolate_index(**parts)  # type: ignore[no-untyped-call]
        return page.replace("{language}", language, 1)


def create_app(settings: Settings) -> Dash:
    """The application over ``settings.home``. Opens no store, so it may be made before a server forks.

    Callbacks are registered at module level and belong to the first application of a process.
    """
    app = AtlasDash(
        "dashboard",
        title=words(settings.language)("product"),
        update_title="",
        assets_folder="assets",
        assets_ignore=r".*\.(md|txt)$|theme\.js",
        index_string=INDEX,
        serve_locally=True,
        compress=True,
        suppress_callback_exceptions=True,
        on_error=tell_fault,
    )
    app.enable_dev_tools(debug=False)
    app.layout = layout
    _configure(app, settings)
    return app


def layout() -> Component:
    """The root of every page; the page itself follows by its path."""
    root: Component = dmc.MantineProvider(
        [
            dcc.Location(id=ids.ADDRESS, refresh=False),
            dcc.Store(id=ids.THEME),
            html.Div(id=ids.PAGE),
        ],
        id=ids.ROOT,
        theme=theme.mantine(),
        forceColorScheme="light",
    )
    return root


clientside_callback(
    ClientsideFunction("atlas", "theme_of"), Output(ids.ROOT, "forceColorScheme"), Input(ids.THEME, "data")
)


def tell_fault(error: Exception) -> object:
    """A failed callback leaves the page as it is and says so; details of our own bugs go to the log alone."""
    text = words(_language_of_callback())
    if isinstance(error, UserError):
        message = str(error)
    else:
        reference = secrets.token_hex(3)
        log.error("fault %s in a callback", reference, exc_info=error)
        message = text("fault.unexpected", reference=reference)
    set_props(ids.FAULT, {"children": cards.fault(text("fault.title"), message)})
    return dash.no_update


def _language_of_callback() -> str:
    """The language of the page a callback came from, as far as its address tells."""
    _, _, query = (request.referrer or "").partition("lang=")
    return language_of({"lang": query[:2]}, current_app.config[LANGUAGE])


def _configure(app: Dash, settings: Settings) -> None:
    server = app.server
    server.config.update(
        {
            **http.COMPRESSION,
            source.HOME: settings.home,
            geometry.HOME: settings.home,
            LANGUAGE: settings.language,
            access.VIEWER: access.Viewer(),
        }
    )
    server.register_blueprint(geometry.blueprint)
    server.register_blueprint(exports.blueprint)
    server.add_url_rule("/healthz", "healthz", lambda: _plain("ok", 200))
    server.add_url_rule("/readyz", "readyz", ready)
    http.protect(server, app.csp_hashes)


def ready() -> Response:
    """200 when a generation can be read, 503 until then; the page itself is served in both cases."""
    return _plain("ready", 200) if source.has_build() else _plain("no build has been published", 503)


def _plain(text: str, status: int) -> Response:
    return Response(text + "\n", status, mimetype="text/plain", headers={"Cache-Control": "no-store"})


def wsgi(settings: Settings) -> Flask:
    """The WSGI application, ready to be forked.

    Dash learns which script files it serves while it writes its first index page. A worker that is asked for a
    script before it has written one would answer 500, so the first page is written here, once, for all of them.
    """
    server: Flask = create_app(settings).server
    server.test_client().get(pages.HOME)
    return server
