"""The frame around every page: header, navigation, banner, notices, main part."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from dashboard import ids, theme
from dashboard.components.attributes import aria, data
from dashboard.words import LANGUAGES, Words

MARK = "/assets/icons/mark.svg"


@dataclass(frozen=True)
class Link:
    """An entry of the navigation: a path, the key of its name, its icon."""

    path: str
    name: str
    icon: str


def frame(
    words: Words,
    *,
    path: str,
    page: str,
    query: Mapping[str, str],
    links: Sequence[Link],
    content: Sequence[Component],
) -> Component:
    """A whole page. ``path`` and ``page`` (its name) are the current one's, ``query`` what its language links carry."""
    return html.Div(
        [
            html.A(words("shell.skip"), href=f"#{ids.CONTENT}", className="skip"),
            _header(words, path, query),
            _navigation(words, path, links),
            html.Main(
                [
                    html.Div(id=ids.BANNER),
                    html.Div(id=ids.NOTICES, role="status", **aria(live="polite")),
                    html.Div(id=ids.FAULT, role="alert"),
                    html.Div(list(content), id=ids.CONTENT, className="content", tabIndex=-1),
                ],
                className="main",
            ),
        ],
        className="shell",
        **data(page=page, light=json.dumps(theme.in_light())),
    )


def _header(words: Words, path: str, query: Mapping[str, str]) -> Component:
    product = html.Div([html.Strong(words("product")), html.Span(words("place"))], className="product-name")
    switch = html.Button(
        html.Span(className="icon icon-theme", **aria(hidden="true")),
        type="button",
        className="theme-switch",
        title=words("shell.theme"),
        **data(**{"theme-switch": "true"}),
        **aria(label=words("shell.theme")),
    )
    return html.Header(
        [
            html.Img(src=MARK, alt="", className="mark"),
            product,
            html.Div(id=ids.STAMP, className="stamp"),
            switch,
            _languages(words, path, query),
        ],
        className="header",
    )


def _languages(words: Words, path: str, query: Mapping[str, str]) -> Component:
    """Two links, not a switch: changing the language opens the page anew. The browser keeps their query in step."""

    def link(language: str) -> Component:
        current = aria(current="true") if language == words.language else {}
        return html.A(
            language.upper(),
            href=f"{path}?{urlencode({**query, 'lang': language})}",
            title=words(f"language.{language}"),
            lang=language,
            **data(language=language),
            **current,
        )

    return html.Nav(
        [link(language) for language in LANGUAGES],
        className="languages",
        **aria(label=words("shell.language")),
    )


def _navigation(words: Words, path: str, links: Sequence[Link]) -> Component:
    def entry(link: Link) -> Component:
        current = aria(current="page") if link.path == path else {}
        icon = html.Span(className=f"icon icon-{link.icon}", **aria(hidden="true"))
        return html.A([icon, words(link.name)], href=f"{link.path}?lang={words.language}", **current)

    return html.Nav(
        [entry(link) for link in links], className="navigation", **aria(label=words("shell.navigation"))
    )
