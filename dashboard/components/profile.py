"""The chosen place in words: its value, its people, and whether it can be told apart from the city."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.components import statements
from dashboard.figures import phrases
from dashboard.selection import Selection
from dashboard.words import Words


def facts(
    place: phrases.Row | None, city: phrases.Row, selection: Selection, words: Words
) -> list[Component]:
    """Without a place: how to choose one. The comparison is neutral: higher is not called worse."""
    period = words.quarter(selection.period)
    if place is None:
        return [html.P(words("profile.subtitle_city", period=period), className="subtitle")]
    big = phrases.value(place, words)
    if not phrases.is_shown(place):
        return [html.P(big, className="big"), html.P(phrases.reason(place, words), className="subtitle")]
    people = words(
        "profile.people",
        numerator=phrases.count(place["numerator"], words),
        denominator=phrases.count(place["denominator"], words),
    )
    position = statements.position(place, city)
    judged = [words(f"profile.{position}", city=phrases.value(city, words))] if position else []
    return [
        html.P(
            [big, html.Span(words("profile.interval", interval=phrases.interval(place, words)))],
            className="big",
        ),
        *(html.P(line) for line in [people, *judged]),
        html.P(words("profile.subtitle", period=period, place=place["name"]), className="subtitle"),
    ]
