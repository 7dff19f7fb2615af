"""The sentences of the page: what the numbers say, and what they do not."""

from __future__ import annotations

import polars as pl

from dashboard.figures import phrases
from dashboard.selection import Selection, Subject
from dashboard.words import Words


def headline(city: phrases.Row, subject: Subject, selection: Selection, words: Words) -> str:
    """The finding as a title, with the definition that makes it true; never a number that is not shown."""
    named = {"condition": subject.condition, "definition": subject.definition}
    if not phrases.is_shown(city):
        return words("ncd.headline_none", **named)
    who = words(f"who.{selection.sex}")
    key = "ncd.headline_holders" if subject.denominator == "record_holders" else "ncd.headline"
    return words(key, one_in=words.one_in(city["value"]), who=who, **named)


def lead(city: phrases.Row, subject: Subject, selection: Selection, words: Words) -> str:
    """Value, interval, numerator, denominator, period of the whole city."""
    period = words.quarter(selection.period)
    if not phrases.is_shown(city):
        why = phrases.reason(city, words)
        return words("ncd.lead_none", state=phrases.value(city, words), period=period, why=why)
    key = "ncd.lead_standardised" if selection.estimator == "standardised" else "ncd.lead"
    return words(
        key,
        value=phrases.value(city, words),
        interval=phrases.interval(city, words),
        numerator=phrases.count(city["numerator"], words),
        denominator=phrases.count(city["denominator"], words),
        who=words(f"who.{selection.sex}"),
        ages=words("ncd.ages", age=subject.age_from),
        period=period,
    )


def cautions(subject: Subject, selection: Selection, words: Words) -> list[str]:
    """What must be known before the number is used."""
    if subject.denominator == "record_holders":
        return [words("ncd.caution_holders")]
    first = words("ncd.caution_standardised" if selection.estimator == "standardised" else "ncd.caution")
    return [first, *([words("ncd.caution_outcome")] if subject.denominator == "outcome_dependent" else [])]


def map_summary(frame: pl.DataFrame, words: Words) -> str:
    """The map in one paragraph, for those who do not see it."""
    shown = frame.filter(pl.col("state") == "shown").sort("value", "district")
    if not shown.height:
        return words("map.summary_none")
    low, high = shown.row(0, named=True), shown.row(-1, named=True)
    return words(
        "map.summary",
        count=shown.height,
        highest=high["name"],
        highest_value=phrases.value(high, words),
        lowest=low["name"],
        lowest_value=phrases.value(low, words),
        hidden=frame.height - shown.height,
    )


def position(row: phrases.Row, city: phrases.Row) -> str | None:
    """higher, lower or similar: where the interval lies to the city's value. None where either is not shown."""
    if not (phrases.is_shown(row) and phrases.is_shown(city)):
        return None
    if row["lower"] > city["value"]:
        return "higher"
    return "lower" if row["upper"] < city["value"] else "similar"


def compare_summary(frame: pl.DataFrame, city: phrases.Row, words: Words) -> str:
    """How many districts can be told apart from the city, and how many cannot."""
    positions = [position(row, city) for row in frame.to_dicts()]
    return words(
        "compare.summary", **{name: positions.count(name) for name in ("higher", "lower", "similar")}
    )


def map_subtitle(subject: Subject, selection: Selection, words: Words) -> str:
    """Unit and denominator of the maps."""
    who = words(f"who.{selection.sex}")
    key = "map.subtitle_holders" if subject.denominator == "record_holders" else "map.subtitle"
    return words(key, who=who, ages=words("ncd.ages", age=subject.age_from))


def compare_subtitle(frame: pl.DataFrame, city: phrases.Row, words: Words) -> str:
    """How to read the dots, then what they say."""
    if not phrases.is_shown(city):
        return words("compare.subtitle_none")
    return (
        words("compare.subtitle", value=phrases.value(city, words))
        + " "
        + compare_summary(frame, city, words)
    )


def caption(subject: Subject, selection: Selection, words: Words) -> str:
    """Everything that was chosen, for a table that may be read apart from the page."""
    return words(
        "table.caption",
        condition=subject.condition,
        definition=subject.definition,
        estimator=words(f"estimator.{selection.estimator}"),
        sex=words(f"sex.{selection.sex}"),
        period=words.quarter(selection.period),
    )
