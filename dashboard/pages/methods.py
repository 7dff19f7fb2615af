"""Methods: what each number is, where it comes from, what it cannot say; generated from the files that made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import Input, Output, callback, html
from dash.development.base_component import Component

from dashboard import ids, twins
from dashboard.components import cards, methods_parts, opening
from dashboard.data import methods as data
from dashboard.words import Words

PATH, PAGE, NAME, ICON = "/methods", "methods", "page.methods", "info"

Store = Mapping[str, str]
_read = twins.reader(data.read_selection)


def of(name: str) -> str:
    """The id of something of this page."""
    return ids.of(PAGE, name)


def layout(text: Words, query: Mapping[str, str]) -> list[Component]:
    """The skeleton. It asks nothing."""
    return [
        *opening.skeleton(text, PAGE, query),
        html.Div(cards.card(cards.waiting(8)), id=of("parts"), className="methods"),
        html.Footer(id=of("sources"), className="sources"),
    ]


twins.register_plain(PAGE, data.open_page, lambda _, text: {"about": {"": text("methods.everything")}})


@callback(
    Output(of("headline"), "children"),
    Output(of("lead"), "children"),
    Output(of("caution"), "children"),
    Output(of("parts"), "children"),
    Output(of("sources"), "children"),
    Input(of("selection"), "data"),
    prevent_initial_call=True,
)
def tell(store: Store) -> tuple[Any, ...]:
    """Everything of the build, the thing asked about first."""
    selection, text, _ = _read(store)
    build = data.build(selection)
    return (
        text("methods.headline"),
        text("methods.lead", build=build.build_id, extract_date=text.date(build.extract_date)),
        [cards.notice(text("methods.caution"))],
        methods_parts.page(data.methods(selection), selection, text),
        [opening.permanent(selection, text)],
    )
