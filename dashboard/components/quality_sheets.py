"""The sheets of the quality page's cards: the same rows in the table twin, in CSV and in XLSX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from dashboard.components import quality_parts, sheets
from dashboard.components.sheets import About
from dashboard.figures import phrases
from dashboard.selection.quality import PRESSURES, Register
from dashboard.sheet import Column, Kind, Sheet
from dashboard.words import Words


def arrivals(rows: pl.DataFrame, about: About) -> Sheet:
    """One row a table and folder."""
    words = about.words
    columns = [
        sheets.text_column("table", words("quality.col_table")),
        sheets.code_column("table_name"),
        sheets.text_column("folder", words("quality.col_folder")),
        *_counts(words, "files", "received", "accepted", "duplicate", "refused"),
        Column(name="refused_share", label=words("quality.col_share"), kind=Kind.SHARE),
        Column(name="newest_date", label=words("quality.col_newest"), kind=Kind.DATE),
        *_counts(words, "days_behind"),
        sheets.text_column("note", words("table.note")),
    ]
    body = [
        {
            **row,
            "table": words(f"quality.table_{row['table_name']}"),
            "note": words("quality.dated_ahead") if row["is_dated_ahead"] else "",
        }
        for row in rows.to_dicts()
    ]
    return card_sheet("arrivals", quality_parts.arrivals_title(rows, words), columns, body, about)


def refusals(rows: pl.DataFrame, about: About) -> Sheet:
    """One row a table, column and rule."""
    words = about.words
    columns = [
        sheets.text_column("table", words("quality.col_table")),
        sheets.code_column("table_name"),
        sheets.text_column("column_name", words("quality.col_column")),
        sheets.text_column("told", words("quality.col_reason")),
        sheets.code_column("rule"),
        *_counts(words, "rows"),
        Column(name="share", label=words("quality.col_share"), kind=Kind.SHARE),
    ]
    body = [
        {
            **row,
            "table": words(f"quality.table_{row['table_name']}"),
            "told": quality_parts.rule(row["rule"], words),
        }
        for row in rows.to_dicts()
    ]
    return card_sheet("refusals", quality_parts.refusals_title(rows, words), columns, body, about)


def checks(rows: pl.DataFrame, about: About) -> Sheet:
    """One row a check, also those that found nothing."""
    words = about.words
    columns = [
        sheets.text_column("name", words("quality.col_check")),
        *(sheets.code_column(name) for name in ("check_id", "kind", "table_name", "treatment", "basis")),
        sheets.text_column("treated", words("quality.col_treatment")),
        *_counts(words, "findings", "people", "new", "existing", "resolved"),
        sheets.text_column("effect", words("quality.col_effect")),
        sheets.text_column("moved", words("quality.col_moved")),
        sheets.text_column("judged", words("quality.col_basis")),
        Column(name="effect_points", label="effect_points", kind=Kind.NUMBER, is_code=True),
        Column(name="rounded_to", label="rounded_to", kind=Kind.NUMBER, is_code=True),
        sheets.text_column("note", words("table.note")),
        sheets.code_column("state"),
        sheets.text_column("todo", words("quality.col_todo")),
    ]
    body = [
        {
            **row,
            "treated": words(f"quality.treatment_{row['treatment']}"),
            "effect": quality_parts.effect(row, words),
            "judged": words(f"quality.basis_{row['basis']}"),
            "note": quality_parts.why_hidden(row, words),
        }
        for row in rows.to_dicts()
    ]
    return card_sheet("checks", quality_parts.checks_title(rows, words), columns, body, about)


def digits(rows: pl.DataFrame, about: About) -> Sheet:
    """One row a pressure and place, the city first."""
    words = about.words
    columns = [
        sheets.text_column("place", words("table.district")),
        sheets.code_column("district"),
        sheets.text_column("pressure", words("quality.col_pressure")),
        sheets.code_column("quantity"),
        *sheets.estimate_columns(
            words, numerator=words("quality.col_noughts"), denominator=words("quality.col_readings"),
            value=words("table.value"),
        ),
        Column(name="index", label=words("quality.col_index"), kind=Kind.NUMBER),
    ]  # fmt: skip
    body = [
        {
            **sheets.estimate_row(row, words),
            "place": row["name"],
            "district": row["district"],
            "pressure": words(f"quality.{row['quantity']}"),
            "quantity": row["quantity"],
            "index": row["index"],
            "note": "" if phrases.is_shown(row) else words("quality.few_readings"),
        }
        for quantity in PRESSURES
        for row in rows.to_dicts()
        if row["quantity"] == quantity
    ]
    return card_sheet("digits", quality_parts.digits_title(rows, words), columns, body, about)


def completeness(lines: quality_parts.Lines, about: About) -> Sheet:
    """One row a place and section."""
    words = about.words
    columns = [
        sheets.text_column("place", words("table.district")),
        sheets.code_column("district"),
        sheets.text_column("told", words("quality.col_section")),
        sheets.code_column("section"),
        Column(name="value", label=words("table.value"), kind=Kind.SHARE),
        Column(name="numerator", label=words("quality.col_complete"), kind=Kind.COUNT),
        Column(name="denominator", label=words("table.records"), kind=Kind.COUNT),
        sheets.code_column("state"),
    ]
    body = [
        {**row, "place": name, "district": code, "told": words(f"step.{section}"), "section": section}
        for code, name, sections in lines
        for section, row in sections.items()
    ]
    return card_sheet("completeness", quality_parts.completeness_title(lines, words), columns, body, about)


def coverage(rows: pl.DataFrame, register: Register, about: About) -> Sheet:
    """One row a place, the city first."""
    words = about.words
    columns = [
        sheets.text_column("name", words("table.district")),
        sheets.code_column("district"),
        *_counts(words, "official", "registered", "holders"),
        Column(name="register_ratio", label=words("quality.col_register_ratio"), kind=Kind.SHARE),
        Column(name="coverage", label=words("quality.col_coverage"), kind=Kind.SHARE),
        sheets.text_column("told", words("quality.col_causes")),
        sheets.code_column("findings"),
        sheets.code_column("causes"),
        sheets.code_column("state"),
    ]
    body = [{**row, "told": quality_parts.causes(row, register, words)} for row in rows.to_dicts()]
    return card_sheet("coverage", quality_parts.coverage_title(rows, words), columns, body, about)


def _counts(words: Words, *names: str) -> list[Column]:
    return [Column(name=name, label=words(f"quality.col_{name}"), kind=Kind.COUNT) for name in names]


def card_sheet(
    name: str, title: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], about: About
) -> Sheet:
    """The sheet of a card, whose subtitle is its text ``<name>_text``."""
    words = about.words
    return sheets.sheet(
        name,
        title,
        words(f"quality.{name}_text"),
        columns,
        rows,
        filters=about.filters,
        build=about.build,
        words=words,
    )
