"""The sheets of linkage and of the numbers of people: the same rows in the table twin, in CSV and in XLSX."""

from __future__ import annotations

from typing import Any

import polars as pl

from dashboard.components import quality_linkage, sheets
from dashboard.components.quality_linkage import Row, Run
from dashboard.components.quality_sheets import card_sheet
from dashboard.components.sheets import About
from dashboard.figures import phrases
from dashboard.sheet import Column, Kind, Sheet
from dashboard.words import Words


def linkage(rows: pl.DataFrame, run: Run, about: About) -> Sheet:
    """One row a group of references: other senders' first, then those of registers of residents."""
    words = about.words
    columns = [
        sheets.text_column("group", words("quality.col_group")),
        sheets.text_column("by", words("quality.col_by")),
        *(sheets.code_column(name) for name in ("dimension", "group_name")),
        sheets.text_column("whose", words("quality.col_senders")),
        sheets.code_column("senders"),
        *(_column(name, Kind.COUNT, words) for name in ("refs", "linked", "by_number")),
        _column("linked_share", Kind.SHARE, words),
        _column("expected_wrong", Kind.NUMBER, words),
        _column("wrong_share", Kind.SHARE, words),
        _column("expected_missed", Kind.NUMBER, words),
        _column("missed_share", Kind.SHARE, words),
        sheets.text_column("way", words("quality.col_differs")),
        sheets.code_column("differs"),
        sheets.text_column("note", words("table.note")),
        sheets.code_column("state"),
    ]
    body = [_group(row, words) for row in rows.to_dicts()]
    title = quality_linkage.linkage_title(rows, run, words)
    return card_sheet("linkage", title, columns, body, about)


def _group(row: Row, words: Words) -> dict[str, Any]:
    return {
        **row,
        "group": quality_linkage.group(row, words),
        "by": words(f"quality.by_{row['dimension']}"),
        "whose": words(f"quality.senders_{row['senders']}"),
        "way": words(f"quality.way_{row['differs']}") if row["differs"] else "",
        "note": "" if phrases.is_shown(row) else words("quality.too_few"),
    }


def numbers(rows: pl.DataFrame, lent: int | None, about: About) -> Sheet:
    """One row a kind of number, fault and source; then numbers that too many have."""
    words = about.words
    columns = [
        sheets.text_column("kind", words("quality.col_number")),
        sheets.code_column("number"),
        sheets.text_column("name", words("quality.col_fault")),
        sheets.code_column("fault"),
        sheets.text_column("source", words("quality.col_source")),
        *(_column(name, Kind.COUNT, words) for name in ("written", "found")),
        Column(name="share", label=words("quality.col_found_share"), kind=Kind.SHARE),
        sheets.text_column("treated", words("quality.col_consequence")),
        sheets.code_column("treatment"),
    ]
    body = [
        {
            **row,
            "kind": words(f"quality.number_{row['number']}"),
            "treated": words(f"quality.number_{row['treatment']}"),
        }
        for row in rows.to_dicts()
    ]
    if lent is not None:
        body.append(
            {
                "kind": words("quality.number_any"),
                "name": words("quality.lent_fault"),
                "fault": "lent",
                "found": lent,
            }
        )
    title = quality_linkage.numbers_title(rows, lent, words)
    return card_sheet("numbers", title, columns, body, about)


def _column(name: str, kind: Kind, words: Words) -> Column:
    return Column(name=name, label=words(f"quality.col_{name}"), kind=kind)
