"""The models page in words and tables: how far each rung may be relied on, its fits, what definitions get wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard.components import cards
from dashboard.components.attributes import aria
from dashboard.figures import phrases
from dashboard.selection.models import ModelsSelection, Subject
from dashboard.selection.ncd import ESTIMATORS
from dashboard.words import Words

Row = Mapping[str, Any]
_BLANK = "–"
_CITY = "city"
#: A rung that has a number in fewer districts is not called the nearest.
_FEWEST_DISTRICTS = 5


def points(share: float | None, words: Words) -> str:
    """A difference of shares in points, or a dash."""
    return _BLANK if share is None else words.decimal(100 * share)


def conditions(named: Mapping[str, str], selection: ModelsSelection, words: Words) -> Component:
    """The conditions as links; the chosen one is marked."""
    links = [
        html.A(
            name,
            href=f"/models{selection.as_query(condition=key)}",
            className="chip chip-on" if key == selection.condition else "chip",
            **(aria(current="true") if key == selection.condition else {}),
        )
        for key, name in named.items()
    ]
    return html.Nav(links, className="chips", **aria(label=words("models.conditions")))


def headline(newest: pl.DataFrame, fits: pl.DataFrame, subject: Subject, words: Words) -> str:
    """The finding: which rung comes nearest and how far off it is; of real records, how the fits did."""
    if newest.is_empty():
        good = sum(not row["faults"] for row in fits.to_dicts())
        key = "models.headline_fits" if fits.height else "models.headline_nothing"
        return words(key, condition=subject.condition, good=good, all=fits.height)
    rows = [
        row for row in newest.to_dicts() if row["level"] == "district" and row["shown"] >= _FEWEST_DISTRICTS
    ]
    if not rows:
        return words("models.headline_blank", condition=subject.condition)
    best = min(rows, key=lambda row: float(row["error"]))
    return words(
        "models.headline",
        condition=subject.condition,
        estimator=words(f"estimator.{best['estimator']}"),
        error=points(best["error"], words),
    )


def reliance(scores: pl.DataFrame, answers: pl.DataFrame, words: Words) -> Component:
    """One line a rung: the verdict, what it says of the city beside the truth, and how the districts came out."""
    by_rung = {row["estimator"]: row for row in scores.to_dicts() if row["level"] == "district"}
    city = {row["estimator"]: row for row in answers.to_dicts() if row["district"] == _CITY}
    lines = [
        html.Li(
            [
                html.H3(words(f"estimator.{name}")),
                html.P(_verdict(by_rung[name], words)),
                html.P([_of_city(city.get(name), words), " ", _of_districts(by_rung[name], words)]),
            ]
        )
        for name in ESTIMATORS
        if name in by_rung
    ]
    return html.Ul(lines, className="reliance")


def _verdict(row: Row, words: Words) -> list[Component]:
    level = row["trust"]
    return cards.verdict(level, words(f"models.trust_{level}"), words(f"models.why_{row['trust_reason']}"))


def _of_city(row: Row | None, words: Words) -> str:
    """The city's estimate beside the truth."""
    if row is None or not phrases.is_shown(row):
        return words("models.city_blank")
    gap = row["value"] - row["true"]
    return words(
        "models.city_high" if gap >= 0 else "models.city_low",
        value=phrases.value(row, words),
        interval=phrases.interval(row, words),
        truth=words.percent(row["true"]),
        gap=points(abs(gap), words),
    )


def _of_districts(row: Row, words: Words) -> str:
    if not row["shown"]:
        return ""
    return words(
        "models.districts",
        shown=row["shown"],
        all=row["answers"],
        error=points(row["error"], words),
        worst=points(row["worst"], words),
        covered=words.percent(row["covered"], 0),
    )


def by_time(scores: pl.DataFrame, column: str, labels: Mapping[str, str], words: Words) -> Component:
    """Districts by phase or by coverage: mean error in points; under it intervals that hold the truth, and answers."""
    found = {(row[column], row["estimator"]): row for row in scores.to_dicts() if row["level"] == "district"}
    keys = [key for key in labels if any(key == place for place, _ in found)]
    heads = [html.Th(words("models.estimate_axis"), scope="col")]
    heads += [html.Th(labels[key], scope="col") for key in keys]
    rows = [
        html.Tr(
            [
                html.Th(words(f"estimator.{name}"), scope="row"),
                *(html.Td(_cell(found.get((key, name)), words)) for key in keys),
            ]
        )
        for name in ESTIMATORS
    ]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="figures")
    return cards.table_frame(table, words(f"models.by_{column}"))


def _cell(row: Row | None, words: Words) -> list[Component] | str:
    if row is None or not row["shown"]:
        return _BLANK
    quiet = words("models.cell", covered=words.percent(row["covered"], 0), shown=words.integer(row["shown"]))
    return [html.Strong(points(row["error"], words)), html.Span(quiet, className="subtitle")]


def fits(rows: pl.DataFrame, words: Words) -> Component:
    """What the checks of each fit found, newest quarter first."""
    names = ("quarter", "assessed", "dispersion", "covered", "spread", "points", "checks")
    heads = [
        html.Th(words(f"models.fit_{name}"), scope="col", className="cell-text" if name == "checks" else "")
        for name in names
    ]
    body = [_fit(row, words) for row in rows.to_dicts()]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(body)], className="figures")
    return cards.table_frame(table, words("models.fits"))


def _fit(row: Row, words: Words) -> Component:
    faults = ", ".join(words(f"models.fault_{fault}") for fault in row["faults"])
    return html.Tr(
        [
            html.Th(words.quarter(row["quarter"]), scope="row"),
            html.Td(words.integer(row["assessed"])),
            html.Td(words.decimal(row["dispersion"], 2)),
            html.Td(words.percent(row["covered"], 0)),
            html.Td(words.decimal(row["sigma_district"], 2)),
            html.Td(words.decimal(row["effective_points"])),
            html.Td(faults or words("models.passed"), className="cell-text"),
        ]
    )


def accuracy(rows: pl.DataFrame, words: Words) -> Component:
    """Sensitivity and specificity by age, each with its limits, or why they are withheld."""
    heads = [html.Th(words(f"models.accuracy_{name}"), scope="col") for name in ("age", "people", "ill")]
    heads += [html.Th(words(f"models.{name}"), scope="col") for name in _SHOWN]
    body = [_examined(row, words) for row in rows.to_dicts()]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(body)], className="figures")
    return cards.table_frame(table, words("models.accuracy"))


_SHOWN = ("sensitivity", "specificity")


def _examined(row: Row, words: Words) -> Component:
    age = words("models.all_ages") if row["age_band"] == "all" else words.ages(row["age_band"])
    if not phrases.is_shown(row):
        why = html.Td(phrases.reason(row, words), colSpan=4, className="cell-text")
        return html.Tr([html.Th(age, scope="row"), why])
    shares = [_with_limits(row, name, words) for name in _SHOWN]
    counts = [html.Td(words.integer(row[name])) for name in ("people", "ill")]
    return html.Tr([html.Th(age, scope="row"), *counts, *(html.Td(text) for text in shares)])


def _with_limits(row: Row, name: str, words: Words) -> str:
    if row[name] is None:
        return _BLANK
    limits = words.interval(row[f"{name}_lower"], row[f"{name}_upper"])
    return words("hover.value", value=words.percent(row[name]), interval=limits)


def about(definition: str, selection: ModelsSelection, words: Words) -> Component:
    """Where the five ways of estimating are told in full. ``definition``: condition/variant."""
    href = f"/methods?lang={words.language}&build={selection.build}&about={definition}"
    told: list[str | Component] = [
        words("models.about_text"),
        " ",
        html.A(words("models.about_link"), href=href),
    ]
    return cards.card([html.H2(words("models.about_title")), html.P(told)])


def titled(name: str, words: Words, body: Sequence[Component], **values: object) -> Component:
    """A card with its title and the sentence under it."""
    heading = cards.heading(words(f"models.{name}_title", **values), words(f"models.{name}_text", **values))
    return cards.card([heading, *body], name="models-card", id=f"models-{name}")
