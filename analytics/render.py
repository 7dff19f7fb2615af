"""An answer as table, JSON, CSV or Parquet. The JSON shape is stable; suppressed numbers are null in every form."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import polars as pl
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from analytics.catalogue import Quarter, catalogue
from analytics.delivery import FORMATS, deliver
from analytics.generation import Generation
from analytics.indicator import CORRECTED, Indicator, indicators
from analytics.plan_indicator import PlanIndicator, plan_indicators
from analytics.query import RESULT_COLUMNS, Answer
from analytics.question import choose
from analytics.standard import BUNDLED

_WEIGHTED = "counts: record holders; value: all residents, corrected"
_HIDDEN = {"suppressed": "suppressed", "no_data": "no data", "not_defined": "not defined"}


def as_json(answer: Answer) -> dict[str, Any]:
    """The stable shape for machines; every row has its ``by`` names, counts, value, limits, method and state."""
    return {
        "measure": answer.question.measure,
        "rows": answer.rows.with_columns(pl.col(pl.Date).cast(pl.String)).to_dicts(),
        "definition": dict(answer.definition),
        "build": dict(answer.build),
        "lineage": dict(answer.lineage),
    }


def render(answer: Answer, form: str) -> str | bytes:
    """The answer in one of :data:`FORMATS`; Parquet gives bytes, the others text."""
    choose(form, FORMATS, field="format")
    if form == "json":
        return json.dumps(as_json(answer), ensure_ascii=False, indent=1) + "\n"
    if form == "csv":
        return answer.rows.write_csv()
    if form == "parquet":
        return _parquet(answer)
    console = Console(file=io.StringIO(), width=160)
    console.print(as_table(answer))
    return console.file.getvalue() if isinstance(console.file, io.StringIO) else ""


def _parquet(answer: Answer) -> bytes:
    """Rows, with question, definition and build in the file's own metadata."""
    told = {
        "question": answer.question.as_dict(),
        "definition": dict(answer.definition),
        "build": dict(answer.build),
    }
    buffer = io.BytesIO()
    answer.rows.write_parquet(buffer, metadata={"hssk": json.dumps(told, ensure_ascii=False)})
    return buffer.getvalue()


def write(answer: Answer, form: str, *, output: Path | None, console: Console) -> None:
    """Print the answer, or write it to ``output``."""
    deliver(
        form,
        content=lambda asked: _bytes(render(answer, asked)),
        table=lambda: as_table(answer),
        output=output,
        console=console,
    )


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def as_table(answer: Answer) -> Table:
    """One line per row for people; shares in per cent."""
    question = answer.question
    about = " ".join(
        str(part) for part in (question.measure, question.condition, answer.definition["variant"]) if part
    )
    table = Table(title=f"{about} ({question.estimator})", caption=_caption(answer))
    after = [name for name in ("target", "status") if name in answer.rows.columns]
    columns = [name for name in answer.rows.columns if name not in (*RESULT_COLUMNS, "effective_n", *after)]
    for name in columns:
        table.add_column(name.replace("_", " "))
    is_share = answer.definition.get("unit", "proportion") == "proportion"
    value, limits = ("value %", "interval %") if is_share else ("value", "interval")
    for name in ("numerator", "denominator", value, limits, "state", *after):
        table.add_column(name, justify="left" if name in ("state", "status") else "right")
    drawn = _drawn(answer)
    for row in answer.rows.iter_rows(named=True):
        marked = {**row, "unit": f"{row['unit']} *"} if row.get("unit") in drawn else row
        told, judged = _words(marked, columns), _words(row, after)
        table.add_row(*told, *_numbers(row, scale=100 if is_share else 1), *judged)
    return table


def _words(row: dict[str, Any], names: Sequence[str]) -> list[str]:
    """Dimensions as they are; shares that stand beside a value per cent."""
    return [
        "" if row[name] is None else f"{row[name]:.1%}" if name.endswith("_share") else str(row[name])
        for name in names
    ]


def _caption(answer: Answer) -> str:
    question = answer.question
    level = f", {question.confidence:.1%} interval ({answer.rows['method'][0]})" if answer.rows.height else ""
    standard = f", standard {question.standard}" if question.estimator == "standardised" else ""
    told = f"build {answer.build['id']}, extract of {answer.build['extract_date']}{level}{standard}"
    notes = [told, _apportioned(answer), _WEIGHTED if question.estimator in CORRECTED else ""]
    return "\n".join(note for note in notes if note)


def _apportioned(answer: Answer) -> str:
    """How many units hold people of whom only a split ward or the district is known."""
    shares = _drawn(answer)
    if not shares:
        return ""
    mark = "* " if "unit" in answer.question.by else ""
    share = f"{max(shares.values()):.0%}"
    return f"{mark}{len(shares)} units hold people whose unit was drawn, up to {share} of a unit's people"


def _drawn(answer: Answer) -> dict[str, float]:
    """Share of people who were drawn into a unit by the weights of split wards; only units where there are any."""
    shares: dict[str, float] = answer.lineage["inputs"].get("apportioned", {})
    return shares


def _numbers(row: dict[str, Any], *, scale: float = 100) -> list[str]:
    counts = ["" if row[name] is None else f"{row[name]:,}" for name in ("numerator", "denominator")]
    value = "" if row["value"] is None else f"{scale * row['value']:.1f}"
    limits = "" if row["lower"] is None else f"{scale * row['lower']:.1f} - {scale * row['upper']:.1f}"
    state = _HIDDEN.get(row["state"], "")
    reason = (row["reason"] or "").replace("_", " ")
    return [*counts, value, limits, ": ".join(part for part in (state, reason) if part)]


def list_measures(generation: Generation) -> Group:
    """Everything that can be asked of a generation: measures, definitions, periods, standards."""
    known, published = catalogue(generation.live), catalogue(generation.frozen)
    lines = [
        f"periods of records and coverage: {_span(known.quarters)}",
        f"frozen quarters of health facts: {_span(published.quarters)}",
        f"standards: {', '.join(BUNDLED)}, or a CSV file with age_from,weight",
        f"age bands start at: {', '.join(str(start) for start in known.ages.starts)}",
    ]
    return Group(
        _measure_table(list(indicators().values())),
        _plan_table(list(plan_indicators().values())),
        _definition_table(generation),
        Text("\n".join(lines)),
    )


def _span(quarters: Sequence[Quarter]) -> str:
    if not quarters:
        return "none yet"
    vintages = ", ".join(f"{item.name} in vintage {item.vintage}" for item in quarters if item.vintage > 1)
    return f"{quarters[0].name} to {quarters[-1].name}{f' ({vintages})' if vintages else ''}"


def _measure_table(measures: list[Indicator]) -> Table:
    table = Table(title="Measures")
    for name in ("measure", "meaning", "unit", "polarity", "by", "where", "estimators"):
        table.add_column(name)
    for item in measures:
        parts = (", ".join(item.by), ", ".join(item.where), ", ".join(item.estimators))
        meaning = f"{item.name.en}: {item.numerator.en} / {item.denominator.en}"
        table.add_row(item.id, meaning, item.unit, item.polarity.value.replace("_", " "), *parts)
    return table


def _plan_table(items: list[PlanIndicator]) -> Table:
    table = Table(title="Indicators of the plan")
    for name in ("measure", "meaning", "unit", "polarity", "by", "target"):
        table.add_column(name)
    for item in items:
        target = f"{item.target.value:g}" if item.target else ""
        polarity = item.polarity.value.replace("_", " ")
        table.add_row(item.id, item.name.en, item.unit, polarity, ", ".join(item.by), target)
    return table


def scorecard_table(rows: pl.DataFrame, title: str) -> Table:
    """All indicators of the plan for people: one line each, shares in per cent; the counts are in the JSON form."""
    table = Table(title=title)
    for name in ("id", "indicator", "value", "target", "status"):
        justify: Literal["left", "right"] = "right" if name in ("value", "target") else "left"
        table.add_column(name, justify=justify, no_wrap=name != "indicator")
    for row in rows.iter_rows(named=True):
        scale, sign = (100, " %") if row["unit"] == "proportion" else (1, "")
        values = ["" if row[k] is None else f"{scale * row[k]:.1f}{sign}" for k in ("value", "target")]
        status = (row["status"] or row["state"]).replace("_", " ")
        table.add_row(row["id"], f"{row['name_vi']} · {row['name_en']}", *values, status)
    return table


def scorecard_json(rows: pl.DataFrame, generation: Generation) -> str:
    """The same for machines: build and rows."""
    told = {
        "build": {"id": generation.build_id, "extract_date": generation.extract_date},
        "rows": rows.with_columns(pl.col("due").cast(pl.String)).to_dicts(),
    }
    return json.dumps(told, ensure_ascii=False, indent=1)


def _definition_table(generation: Generation) -> Table:
    table = Table(title="Definitions")
    for name in ("condition", "definition", "version", "estimand", "ages", "name"):
        table.add_column(name)
    for item in catalogue(generation.frozen).variants:
        ages = f"{item.age_from}+" if item.age_to is None else f"{item.age_from}-{item.age_to}"
        table.add_row(
            item.condition, item.variant, item.version or "", item.estimand or "", ages, item.name_en or ""
        )
    return table
