"""What pages share beside components: opening, reading their store, the table twins and files of their cards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback
from dash.development.base_component import Component

from dashboard import exports, ids
from dashboard.access import Viewer, current_viewer
from dashboard.components import controls, opening
from dashboard.components.table import table
from dashboard.selection.base import Opened, Selection
from dashboard.sheet import Sheet
from dashboard.theme import Palette, palette
from dashboard.words import Words, words

S = TypeVar("S", bound=Selection)
P = TypeVar("P", bound=Opened)


def register_opening(
    page: str,
    controls: Mapping[str, Output],
    ask: Callable[[Mapping[str, str], Viewer, str], P | None],
    fill: Callable[[P, Words], dict[str, Any]],
) -> None:
    """Register what happens once per load, Back and pasted link: what the query means in the build it asks for.

    ``ask`` gives None where nothing has been published; else ``fill`` gives a value to each of ``controls`` and to the
    frame. Without a build the page says so and its controls stay as they are.
    """

    @callback(
        output={**controls, **opening.FRAME},
        inputs={"query": Input(ids.of(page, "query"), "data")},
        prevent_initial_call="initial_duplicate",
    )
    def open_page(query: Mapping[str, str]) -> dict[str, Any]:
        text = words(query["lang"])
        opened = ask(query, current_viewer(), text.language)
        return opening.closed(text, controls) if opened is None else fill(opened, text)


def register_plain(
    page: str,
    ask: Callable[[Mapping[str, str], Viewer, str], P | None],
    labels: Callable[[P, Words], Mapping[str, Mapping[str, str]]],
) -> None:
    """Register the opening of a page without controls: what it shows follows from its address alone.

    ``labels``: see :func:`dashboard.components.opening.frame`.
    """
    catalogue = Output(ids.of(page, "catalogue"), "data")
    clientside_callback(
        ClientsideFunction("atlas", "select"),
        Output(ids.of(page, "selection"), "data"),
        Input(ids.of(page, "catalogue"), "data"),
        Input(ids.THEME, "data"),
        State(ids.of(page, "selection"), "data"),
        prevent_initial_call=True,
    )

    def fill(opened: Any, text: Words) -> dict[str, Any]:
        chosen, build = opened.selection, opened.build.build_id
        return {
            "catalogue": controls.catalogue(page, build, text.language, chosen.values(), {}, {}),
            **opening.frame(opened, chosen, text, labels=labels(opened, text)),
        }

    register_opening(page, {"catalogue": catalogue}, ask, fill)


def register(
    page: str, read: Callable[..., Any], sheets: Mapping[str, Callable[[Any, Viewer], Sheet]]
) -> None:
    """Register the sheets of a page's cards: as files, and as tables that are asked for only where one is open."""
    exports.register(page, read, sheets)
    for name, sheet in sheets.items():
        _register_table(page, name, read, sheet)


def reader(read: Callable[..., S]) -> Callable[[Mapping[str, str]], tuple[S, Words, Palette]]:
    """What a callback makes of the store: the selection, checked again, its words and its colours."""

    def opened(store: Mapping[str, str]) -> tuple[S, Words, Palette]:
        selection = read(store, current_viewer())
        return selection, words(selection.language), palette(selection.theme)

    return opened


def _register_table(page: str, name: str, read: Callable[..., Any], sheet: Callable[..., Sheet]) -> None:
    card = ids.of(page, name)
    clientside_callback(
        ClientsideFunction("atlas", "ask_table"),
        Output(ids.card(card, "asked"), "data"),
        Input(ids.card(card, "view"), "data"),
        Input(ids.of(page, "selection"), "data"),
        prevent_initial_call=True,
    )

    @callback(
        Output(ids.card(card, "table"), "children"),
        Input(ids.card(card, "asked"), "data"),
        prevent_initial_call=True,
    )
    def fill(store: Mapping[str, str]) -> Component:
        selection = read(store, current_viewer())
        return table(sheet(selection, current_viewer()), words(selection.language))
