"""Controls of pages. They start empty or with what the URL says; opening the page fills them from the build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard import ids
from dashboard.components.attributes import aria
from dashboard.words import Words

Option = dict[str, str]


def bar(words: Words, controls: Sequence[Component]) -> Component:
    """A card with the controls of a page."""
    return html.Section(list(controls), className="card controls", **aria(label=words("control.bar")))


def select(words: Words, page: str, name: str, *, kind: str = "", values: Sequence[str] = ()) -> Component:
    """A list to choose from; ``values`` are fixed choices with texts of their own (``<name>.<value>``)."""
    found: Component = dmc.Select(
        id=ids.of(page, name),
        label=words(f"control.{name}"),
        data=[{"value": value, "label": words(f"{name}.{value}")} for value in values],
        value=values[0] if values else None,
        allowDeselect=False,
        checkIconPosition="right",
        className=f"control control-{kind}" if kind else "control",
    )
    return found


def district(words: Words, page: str) -> Component:
    """Searchable without diacritics: the filter is a function of ``assets/atlas.js``."""
    found: Component = dmc.Select(
        id=ids.of(page, "district"),
        label=words("control.district"),
        placeholder=words("control.district_placeholder"),
        nothingFoundMessage=words("control.district_none"),
        data=[],
        value=None,
        searchable=True,
        clearable=True,
        filter={"function": "withoutDiacritics"},
        clearButtonProps={"aria-label": words("control.whole_city")},
        checkIconPosition="right",
        className="control control-long",
    )
    return found


def switch(
    words: Words,
    page: str,
    name: str,
    values: Sequence[str],
    query: Mapping[str, str],
    *,
    is_small: bool = False,
) -> Component:
    """A row of choices, of which one holds."""
    asked = query.get(name)
    label_id = f"{ids.of(page, name)}-label"
    label = html.Span(
        words(f"control.{name}"), id=label_id, className="for-readers" if is_small else "control-label"
    )
    choice = dmc.SegmentedControl(
        id=ids.of(page, name),
        data=[{"value": value, "label": words(f"{name}.{value}")} for value in values],
        value=asked if asked in values else values[0],
        size="xs" if is_small else "sm",
        **aria(labelledby=label_id),
    )
    return html.Div([label, choice], className="switch-small" if is_small else "control control-switch")


def catalogue(
    page: str,
    build: str,
    language: str,
    values: Mapping[str, str | None],
    dependent: Mapping[str, Any],
    parts: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """What the browser must know to move between choices without asking.

    ``values``: the state the page opened in. ``dependent``: choices that follow another, like the definitions of a
    condition: ``{"variant": {"of": "condition", "options": {...}}}``, the first being the default. ``parts``: what
    each part of the page depends on, which is drawn again only when one of those is another.
    """
    return {
        "page": page,
        "build": build,
        "lang": language,
        "values": dict(values),
        "dependent": dict(dependent),
        "parts": dict(parts),
    }
