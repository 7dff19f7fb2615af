"""Data quality: what arrived, what was refused, what the checks found and what that does to published numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dash import Input, Output, callback

from dashboard import twins
from dashboard.access import current_viewer
from dashboard.components import (
    cards,
    opening,
    quality_layout,
    quality_linkage,
    quality_linkage_sheets,
    quality_parts,
    quality_sheets,
)
from dashboard.components.chart_card import texts
from dashboard.components.sheets import About
from dashboard.data import quality as data
from dashboard.figures import digits, shares
from dashboard.selection.quality import PRESSURES, SECTIONS, QualitySelection
from dashboard.theme import Palette
from dashboard.words import Words, words

PATH, PAGE, NAME, ICON = "/quality", quality_layout.PAGE, "page.quality", "check"
layout, of = quality_layout.layout, quality_layout.of
Store = Mapping[str, str]
#: What a card holds, its title and its subtitle.
Filled = tuple[tuple[Any, ...], str, str]
_read = twins.reader(data.read_selection)


twins.register_plain(PAGE, data.open_page, lambda opened, text: {})


@callback(
    Output(of("headline"), "children"),
    Output(of("lead"), "children"),
    Output(of("caution"), "children"),
    Output(of("sources"), "children"),
    Input(of("selection"), "data"),
    prevent_initial_call=True,
)
def tell(store: Store) -> tuple[Any, ...]:
    """The finding in a sentence."""
    selection, text, _ = _read(store)
    checks = data.checks(selection, current_viewer())
    return (
        quality_parts.headline(data.arrivals(selection), checks, text),
        quality_parts.lead(checks, text),
        [cards.notice(text("quality.caution"))],
        [opening.permanent(selection, text)],
    )


def _fills(name: str, *outputs: Output) -> Callable[[Callable[..., Filled]], Callable[..., Filled]]:
    """Register what a card holds: a function of the selection, the words and the colours."""

    def register(fill: Callable[[QualitySelection, Words, Palette], Filled]) -> Callable[..., Filled]:
        @callback(
            *outputs,
            *texts(of(name), "title", "subtitle", "summary", "source"),
            Input(of("selection"), "data"),
            prevent_initial_call=True,
        )
        def show(store: Store) -> tuple[Any, ...]:
            selection, text, palette = _read(store)
            body, title, subtitle = fill(selection, text, palette)
            return (*body, title, subtitle, title, opening.source_line(data.build(selection), text))

        return fill

    return register


@_fills("arrivals", Output(of("arrivals-body"), "children"))
def fill_arrivals(selection: QualitySelection, text: Words, _: Palette) -> Filled:
    """What arrived."""
    rows = data.arrivals(selection)
    body = quality_parts.arrivals(rows, text)
    return (body,), quality_parts.arrivals_title(rows, text), text("quality.arrivals_text")


@_fills("refusals", Output(of("refusals-body"), "children"))
def fill_refusals(selection: QualitySelection, text: Words, _: Palette) -> Filled:
    """Why rows were refused."""
    rows = data.refusals(selection)
    body = quality_parts.refusals(rows, text)
    return (body,), quality_parts.refusals_title(rows, text), text("quality.refusals_text")


@_fills("checks", Output(of("checks-body"), "children"))
def fill_checks(selection: QualitySelection, text: Words, _: Palette) -> Filled:
    """What the checks found, and what the people touched do to a number."""
    rows = data.checks(selection, current_viewer())
    body = quality_parts.checks(rows, text)
    return (body,), quality_parts.checks_title(rows, text), text("quality.checks_text")


@_fills("digits", *(Output(of(f"digits-{name}"), "figure") for name in PRESSURES))
def fill_digits(selection: QualitySelection, text: Words, palette: Palette) -> Filled:
    """Pressures that end in nought, both in the order of the systolic ones."""
    rows = data.digits(selection, current_viewer())
    order, top = quality_parts.order_of(rows), quality_parts.top_of(rows)
    figures = tuple(
        digits.digits(quality_parts.pressure(rows, name), order, text, palette, top=top) for name in PRESSURES
    )
    return figures, quality_parts.digits_title(rows, text), text("quality.digits_text")


@_fills("completeness", Output(of("completeness-graph"), "figure"), Output(of("completeness-frame"), "style"))
def fill_completeness(selection: QualitySelection, text: Words, palette: Palette) -> Filled:
    """Sections of the record by district."""
    lines = data.completeness(selection, current_viewer())
    # The style sheet makes the figure as high as it has lines.
    body = shares.shares(lines, SECTIONS, text, palette), {"--lines": max(len(lines), 4)}
    return body, quality_parts.completeness_title(lines, text), text("quality.completeness_text")


@_fills("coverage", Output(of("coverage-body"), "children"))
def fill_coverage(selection: QualitySelection, text: Words, _: Palette) -> Filled:
    """Where more people have a record than live there, and what the data say of it."""
    rows, register = data.coverage(selection, current_viewer()), data.register(selection)
    body = quality_parts.coverage(rows, register, text)
    subtitle = text("quality.coverage_text", quarter=text.quarter(register.quarter))
    return (body,), quality_parts.coverage_title(rows, text), subtitle


@_fills("linkage", Output(of("linkage-body"), "children"))
def fill_linkage(selection: QualitySelection, text: Words, _: Palette) -> Filled:
    """Who is one person under several references, and how wrong that may be."""
    rows, run = data.linkage(selection, current_viewer()), data.linkage_run(selection)
    body = quality_linkage.linkage(rows, run, text)
    return (body,), quality_linkage.linkage_title(rows, run, text), text("quality.linkage_text")


@_fills("numbers", Output(of("numbers-body"), "children"))
def fill_numbers(selection: QualitySelection, text: Words, _: Palette) -> Filled:
    """What is wrong with the numbers people are known by."""
    rows, lent = data.numbers(selection), data.numbers_lent(selection)
    body = quality_linkage.numbers(rows, lent, text)
    return (body,), quality_linkage.numbers_title(rows, lent, text), text("quality.numbers_text")


def _about(selection: QualitySelection) -> About:
    return About(data.build(selection), (), words(selection.language))


twins.register(
    PAGE,
    data.read_selection,
    {
        "arrivals": lambda chosen, _: quality_sheets.arrivals(data.arrivals(chosen), _about(chosen)),
        "refusals": lambda chosen, _: quality_sheets.refusals(data.refusals(chosen), _about(chosen)),
        "checks": lambda chosen, who: quality_sheets.checks(data.checks(chosen, who), _about(chosen)),
        "digits": lambda chosen, who: quality_sheets.digits(data.digits(chosen, who), _about(chosen)),
        "completeness": lambda chosen, who: quality_sheets.completeness(
            data.completeness(chosen, who), _about(chosen)
        ),
        "coverage": lambda chosen, who: quality_sheets.coverage(
            data.coverage(chosen, who), data.register(chosen), _about(chosen)
        ),
        "linkage": lambda chosen, who: quality_linkage_sheets.linkage(
            data.linkage(chosen, who), data.linkage_run(chosen), _about(chosen)
        ),
        "numbers": lambda chosen, _: quality_linkage_sheets.numbers(
            data.numbers(chosen), data.numbers_lent(chosen), _about(chosen)
        ),
    },
)
