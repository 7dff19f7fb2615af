"""What the number is: definition, numerator, denominator, interval, standard, source, privacy."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.selection.ncd import NcdSelection, Subject
from dashboard.words import Words


def definition(subject: Subject, selection: NcdSelection, words: Words, *, method: str) -> Component:
    """A list of terms; ``method`` is that of the interval, as the estimate names it."""
    period = words.quarter(selection.period)
    terms = [
        ("name", f"{subject.definition}. {subject.description}"),
        ("numerator", words("definition.numerator_text", name=subject.definition, period=period)),
        ("denominator", words(f"denominator.{subject.denominator}")),
        ("population", words("definition.population_text", period=period)),
        ("interval", words(f"method.{method}")),
        ("privacy", words("definition.privacy_text")),
        ("source", subject.source),
        ("version", subject.version),
    ]
    if selection.estimator == "standardised":
        terms.insert(
            5,
            ("standard", words("definition.standard_text", standard=words(f"standard.{selection.standard}"))),
        )
    if selection.is_corrected:
        terms.insert(4, ("corrected", words("definition.corrected_text")))
    if selection.estimator == "modelled":
        terms.insert(5, ("model", words("definition.model_text")))
    if selection.estimator == "misclassification":
        terms.insert(5, ("validation", words("definition.validation_text")))
    key = f"{selection.condition}/{selection.variant}"
    pairs = [part for name, text in terms for part in (html.Dt(words(f"definition.{name}")), html.Dd(text))]
    return html.Div([html.Dl(pairs, className="terms"), methods_link(words, key)])


def page_terms(words: Words, terms: Sequence[tuple[str, str]], key: str) -> Component:
    """What the numbers of a page are: pairs of a term and its text, and the way on to ``key``."""
    pairs = [part for name, text in terms for part in (html.Dt(name), html.Dd(text))]
    summary = html.Summary(html.H2(words("definition.title")))
    return html.Details([summary, html.Dl(pairs, className="terms"), methods_link(words, key)], open=True)


def methods_link(words: Words, key: str) -> Component:
    """To the same number on the methods page: ``key`` is a definition or a measure."""
    return html.A(words("methods.more"), href=f"/methods?lang={words.language}&about={key}", className="more")
