"""What arrived for a build: files and rows by table and folder, what was refused and why, how new it is. Row counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from analytics.disclosure import State
from analytics.generation import Generation, read_sql
from analytics.report import Report, build_of, need

#: Reasons of refused rows that are named for a table.
MAIN_REASONS = 3
_ARRIVED: dict[str, Any] = {
    **dict.fromkeys(("table_name", "folder"), pl.String),
    **dict.fromkeys(("files", "received", "accepted", "duplicate", "refused"), pl.Int64),
    "refused_share": pl.Float64,
    "reasons": pl.String,
    "newest_date": pl.Date,
    "days_behind": pl.Int64,
    "is_dated_ahead": pl.Boolean,
    **dict.fromkeys(("state", "reason"), pl.String),
}
_RECEIVED: dict[str, Any] = {"table_name": pl.String, "received": pl.Int64}


def arrivals(generation: Generation) -> Report:
    """One row a table and folder (sender): files, rows, what was refused and mainly why, how new it is.

    Columns :data:`_ARRIVED`: ``refused_share`` of the rows received; ``reasons``: column, rule and rows of the most
    frequent :data:`MAIN_REASONS`; ``newest_date`` (null where the table has no dates); ``days_behind`` the extract date
    of the build, null where ``is_dated_ahead``: a date that has not come hides the newest true one.
    """
    manifest = generation.manifest
    need(generation, "mart_quality")
    refused = generation.live.frame(read_sql("quality_refused"))
    rows = arrived(manifest.get("files", ()), refused, date.fromisoformat(generation.extract_date))
    return Report(
        title="What arrived, by table and folder",
        rows=rows,
        about={"build": build_of(generation)},
        notes=("days behind: of tables without a date after the extract date", *manifest.get("notes", ())),
        shares=("refused_share",),
        only_in_files=("folder", "accepted", "duplicate", "refused", "state", "is_dated_ahead"),
    )


def arrived(files: Sequence[Mapping[str, Any]], refused: pl.DataFrame, extract_date: date) -> pl.DataFrame:
    """The rows of :func:`arrivals`. ``files``: of a manifest; ``refused``: file x column x rule, rows. Pure."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for item in files:
        name = str(item["logical_name"])
        folder = name.split("/", maxsplit=1)[0] if "/" in name else ""
        groups.setdefault((str(item.get("table_name") or name), folder), []).append(item)
    why = refused.to_dicts()
    rows = [_arrived(*key, groups[key], why, extract_date) for key in sorted(groups)]
    return pl.DataFrame(rows, schema=_ARRIVED, orient="row")


def refusals(generation: Generation) -> Report:
    """One row a table, column and rule that refused rows: ``rows``, and their ``share`` of the rows of the table."""
    need(generation, "mart_quality")
    received: dict[str, int] = {}
    for item in generation.manifest.get("files", ()):
        table = str(item.get("table_name"))
        received[table] = received.get(table, 0) + int(item.get("received") or 0)
    found = generation.live.frame(read_sql("quality_refused"))
    rows = (
        found.group_by("table_name", "column_name", "rule")
        .agg(pl.col("rows").sum())
        .join(
            pl.DataFrame(
                {"table_name": list(received), "received": list(received.values())}, schema=_RECEIVED
            ),
            on="table_name",
            how="left",
        )
        .with_columns((pl.col("rows") / pl.col("received")).alias("share"), **_shown())
        .sort("rows", "table_name", "column_name", "rule", descending=[True, False, False, False])
        .drop("received")
    )
    return Report(
        title="Why rows were refused",
        rows=rows,
        about={"build": build_of(generation)},
        notes=("share: of the rows of the table as received",),
        shares=("share",),
        only_in_files=("state",),
    )


def _shown() -> dict[str, pl.Expr]:
    """State and reason of rows of exact counts."""
    return {"state": pl.lit(State.SHOWN.value), "reason": pl.lit(None, pl.String)}


def _arrived(
    table: str,
    folder: str,
    items: Sequence[Mapping[str, Any]],
    refused: Sequence[Mapping[str, Any]],
    extract_date: date,
) -> dict[str, Any]:
    names = {(table, item["logical_name"]) for item in items}
    own = [row for row in refused if (row["table_name"], row["logical_name"]) in names]
    sums = {
        name: sum(int(item.get(name) or 0) for item in items)
        for name in ("received", "accepted", "duplicate", "quarantined")
    }
    dates = [date.fromisoformat(item["last_date"]) for item in items if item.get("last_date")]
    newest = max(dates, default=None)
    is_ahead = newest is not None and newest > extract_date
    return {
        "table_name": table,
        "folder": folder,
        "files": len(items),
        **{name: sums[name] for name in ("received", "accepted", "duplicate")},
        "refused": sums["quarantined"],
        "refused_share": sums["quarantined"] / sums["received"] if sums["received"] else None,
        "reasons": _reasons(own),
        "newest_date": newest,
        "days_behind": None if newest is None or is_ahead else (extract_date - newest).days,
        "is_dated_ahead": is_ahead,
        "state": State.SHOWN.value,
        "reason": None,
    }


def _reasons(refused: Sequence[Mapping[str, Any]]) -> str:
    """``sex: value_set (12); birth_date: type (3)``."""
    found: dict[tuple[str, str], int] = {}
    for row in refused:
        key = (row["column_name"] or "", row["rule"] or "")
        found[key] = found.get(key, 0) + int(row["rows"])
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MAIN_REASONS]
    return "; ".join(
        f"{': '.join(part for part in (column, rule) if part)} ({rows})" for (column, rule), rows in ranked
    )
