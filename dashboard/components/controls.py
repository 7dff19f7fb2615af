"""The bar of controls. They start empty or with what the URL says; ``opened`` fills them from the build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard import ids
from dashboard.components.attributes import aria
from dashboard.selection import ESTIMATORS, SEXES, VIEWS
from dashboard.words import Words

Option = dict[str, str]


def bar(words: Words, query: Mapping[str, str]) -> Component:
    """Condition, definition, estimate, sex, quarter, district."""
    return html.Section(
        [
            _select(words, ids.CONDITION, kind="long"),
            _select(words, ids.VARIANT, kind="wide"),
            _switch(words, ids.ESTIMATOR, ESTIMATORS, query),
            _switch(words, ids.SEX, SEXES, query),
            _select(words, ids.PERIOD, kind="long"),
            _district(words),
        ],
        className="card controls",
        **aria(label=words("control.bar")),
    )


def view(words: Words, query: Mapping[str, str]) -> Component:
    """Map or table."""
    return _switch(words, ids.VIEW, VIEWS, query)


def _select(words: Words, name: str, *, kind: str = "") -> Component:
    select: Component = dmc.Select(
        id=name,
        label=words(f"control.{name}"),
        data=[],
        value=None,
        allowDeselect=False,
        checkIconPosition="right",
        className=f"control control-{kind}" if kind else "control",
    )
    return select


def _district(words: Words) -> Component:
    """Searchable without diacritics: the filter is a function of ``assets/atlas.js``."""
    select: Component = dmc.Select(
        id=ids.DISTRICT,
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
    return select


def _switch(words: Words, name: str, values: Sequence[str], query: Mapping[str, str]) -> Component:
    asked = query.get(name)
    label_id = f"{name}-label"
    return html.Div(
        [
            html.Span(words(f"control.{name}"), id=label_id, className="control-label"),
            dmc.SegmentedControl(
                id=name,
                data=[{"value": value, "label": words(f"{name}.{value}")} for value in values],
                value=asked if asked in values else values[0],
                size="sm",
                **aria(labelledby=label_id),
            ),
        ],
        className="control control-switch",
    )


def catalogue(build: str, variants: Mapping[str, Sequence[Option]], language: str) -> dict[str, Any]:
    """What the browser must know to move between conditions without asking: the first variant is the default."""
    return {
        "build": build,
        "variants": {name: list(options) for name, options in variants.items()},
        "lang": language,
    }
