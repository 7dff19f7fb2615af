"""The sheet behind the panels of the models page: every estimate beside its truth."""

from __future__ import annotations

import polars as pl

from dashboard.components import sheets
from dashboard.components.sheets import About
from dashboard.figures import phrases
from dashboard.selection.ncd import ESTIMATORS
from dashboard.sheet import Column, Kind, Sheet


def against(frame: pl.DataFrame, title: str, about: About) -> Sheet:
    """One row an estimator and place, the city first."""
    words = about.words
    columns = [
        sheets.text_column("rung", words("control.estimator")),
        sheets.code_column("estimator"),
        sheets.text_column("place", words("table.district")),
        sheets.code_column("district"),
        Column(name="value", label=words("table.value"), kind=Kind.SHARE),
        Column(name="lower", label=words("table.lower"), kind=Kind.SHARE),
        Column(name="upper", label=words("table.upper"), kind=Kind.SHARE),
        Column(name="true", label=words("models.truth"), kind=Kind.SHARE),
        sheets.text_column("note", words("table.note")),
        sheets.code_column("state"),
    ]
    order = {name: place for place, name in enumerate(ESTIMATORS)}
    ordered = sorted(
        frame.to_dicts(),
        key=lambda row: (order[row["estimator"]], row["district"] != "city", row["district"]),
    )
    rows = [
        {
            **row,
            "rung": words(f"estimator.{row['estimator']}"),
            "place": row["name"],
            "note": "" if phrases.is_shown(row) else words(f"state.{row['state']}"),
        }
        for row in ordered
    ]
    return sheets.sheet(
        "against",
        title,
        words("models.against_text"),
        columns,
        rows,
        filters=about.filters,
        build=about.build,
        words=words,
    )
