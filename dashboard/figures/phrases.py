"""An estimate in words: the same phrase in the hover, the table, the summary for screen readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.words import Words

Row = Mapping[str, Any]
#: Hover labels: a title and the lines of :func:`hover`. A mark of a place carries the code of the place before them.
HOVER = "<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>"
HOVER_OF_PLACE = "<b>%{customdata[1]}</b><br>%{customdata[2]}<extra></extra>"


def is_shown(row: Row) -> bool:
    """Whether the row carries a number."""
    return str(row["state"]) == "shown"


def value(row: Row, words: Words) -> str:
    """``34,1 %``, or the state in words."""
    return words.percent(row["value"]) if is_shown(row) else words(f"state.{row['state']}")


def interval(row: Row, words: Words) -> str:
    """``33,0–35,2``, or a dash."""
    has_limits = is_shown(row) and row["lower"] is not None
    return words.interval(row["lower"], row["upper"]) if has_limits else "–"


def count(number: int | None, words: Words) -> str:
    """A count, or a dash where it is hidden or there is none."""
    return "–" if number is None else words.integer(number)


def reason(row: Row, words: Words) -> str:
    """Why there is no number, or what to know about it; empty where nothing is to be said."""
    return words(f"reason.{row['reason']}") if row["reason"] else ""


def sentences(lines: Sequence[str]) -> str:
    """Sentences after one another, whether or not they end with a full stop."""
    *first, last = lines
    return ". ".join([*(line.removesuffix(".") for line in first), last])


def apportioned(row: Row, words: Words) -> str:
    """How many of the people of a place were shared out to it; empty where nobody was."""
    share = row.get("apportioned")
    return words("hover.apportioned", share=words.percent(share, 0)) if share else ""


def hover(row: Row, words: Words) -> str:
    """Lines of a hover label: value with its interval if it has one, numerator of denominator; or why there is none."""
    if not is_shown(row):
        return f"{words('state.' + row['state'])}<br>{reason(row, words)}"
    number = value(row, words)
    if row["lower"] is not None:
        number = words("hover.value", value=number, interval=interval(row, words))
    people = words(
        "hover.people", numerator=count(row["numerator"], words), denominator=count(row["denominator"], words)
    )
    return "<br>".join(line for line in (number, people, apportioned(row, words), reason(row, words)) if line)
