"""Disclosure control: the one gate between counts of people and everything outside.

``protect`` takes the cells a question touches, sums them to the rows asked for and decides each row's ``state``.
Rows that may not be shown lose every number *before* anything is computed from them, so no estimate, interval,
file format or error can carry them. Cell keys end here. The statistics work on what the gate returns.

Cells of definitions come from the publication lattice (:mod:`analytics.lattice`), protected and with hidden cells
replaced; other cells of health facts get their noise (:mod:`analytics.noise`) here. Only then they are summed, so that
every selection outside the lattice is a sum of protected cells. Thresholds apply to protected counts, and to the part
of a sum that stands on cells which may be shown.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import polars as pl

from analytics.hiding import SMALLEST_COUNT
from analytics.noise import Noise
from warehouse.errors import Defect, UserError

#: Fewer people in the denominator give no proportion.
SMALLEST_DENOMINATOR = 30
KEY_COLUMNS = ("numerator_key", "denominator_key")
#: Cells with noise that a count is a sum of: the variance of an interval needs them.
NOISE_CELLS = ("numerator_cells", "denominator_cells")
#: The part of the counts on cells that may be shown; the rest stands for hidden cells.
SHOWN_PART = ("shown_numerator", "shown_denominator")
AUDIT_LOG = "audit.log"
NUMBERS = ("numerator", "denominator", "value", "lower", "upper")


class State(StrEnum):
    """What a row is. Suppressed, missing and zero are three different things."""

    SHOWN = "shown"
    SUPPRESSED = "suppressed"
    NO_DATA = "no_data"
    NOT_DEFINED = "not_defined"


class Reason(StrEnum):
    """Why a row is not simply shown; the words for people are in the text catalogues."""

    SMALL_COUNT = "small_count"
    SMALL_DENOMINATOR = "small_denominator"
    OTHER_GEOGRAPHY = "other_geography"
    WEEKS_OF_PLACES = "weeks_of_places"
    SMALL_WEEK = "small_week"
    NOBODY_COUNTED = "nobody_counted"
    NOT_MEASURABLE = "not_measurable"
    NOT_COUNTED = "not_counted"
    OUTSIDE_DEFINED_AGES = "outside_defined_ages"
    FEWER_THAN_10_EVENTS = "fewer_than_10_events"
    AGES_WITHOUT_PEOPLE = "ages_without_people"
    AGES_COLLAPSED = "ages_collapsed"
    NOT_CORRECTED = "not_corrected"
    TOO_FEW_ASSESSED = "too_few_assessed"
    SMALL_POPULATION = "small_population"
    NO_ESTIMATES = "no_estimates"
    MODEL_NOT_TRUSTED = "model_not_trusted"
    NO_VALIDATION = "no_validation"
    OVER_100_PERCENT = "over_100_percent"


class Kind(StrEnum):
    """``health``: thresholds apply. ``administrative``: exact counts of records and residents, no health fact."""

    HEALTH = "health"
    ADMINISTRATIVE = "administrative"


def withheld(groups: Iterable[int]) -> Reason | None:
    """Why a table of protected groups, which make its people together, is not shown; None where it is."""
    counts = list(groups)
    if sum(counts) < SMALLEST_DENOMINATOR:
        return Reason.SMALL_DENOMINATOR
    return Reason.SMALL_COUNT if min(counts) < SMALLEST_COUNT else None


def suppressed(rows: pl.DataFrame, is_so: pl.Expr, reason: Reason) -> pl.DataFrame:
    """Mark rows as suppressed for a reason (``withheld_``), unless they are withheld for another already."""
    said = (("withheld_state", State.SUPPRESSED.value), ("withheld_reason", reason.value))
    without = [pl.lit(None, pl.String).alias(name) for name, _ in said if name not in rows.columns]
    return rows.with_columns(without).with_columns(
        pl.coalesce(name, pl.when(is_so).then(pl.lit(word))).alias(name) for name, word in said
    )


def protect(
    cells: pl.DataFrame,
    *,
    by: Sequence[str],
    kind: Kind,
    strata: Sequence[str] = (),
    exact: bool = False,
    noise: Noise | None = None,
) -> pl.DataFrame:
    """Give lattice cells their noise, sum them to ``by`` (x ``strata``), decide states, withhold, drop keys.

    ``cells``: the columns of ``by`` and ``strata``, ``numerator``, ``denominator`` (people), the two key columns for
    health counts, and optionally ``withheld_state``/``withheld_reason`` for rows that are not a number by definition.
    ``noise``: of the build; needed for health counts unless ``exact`` (or cells protected before, whose keys are gone).
    Returns ``by, strata, numerator, denominator, state, reason`` and :data:`NOISE_CELLS`; the state is that of the
    whole ``by`` row, and its strata are null with it. Order of rows: as first met in ``cells``.
    """
    _check_input(cells, kind)
    cells = _with_noise(cells, kind, exact, noise)
    by_columns, grain = list(by), [*by, *strata]
    totals = _summed(cells, by_columns).with_columns(_state(kind, exact).alias("state"))
    totals = totals.with_columns(_reason(kind, exact).alias("reason"))
    rows = _summed(cells, grain).select(*grain, "numerator", "denominator", *NOISE_CELLS)
    if by_columns:
        rows = rows.join(
            totals.select(*by_columns, "state", "reason"), on=by_columns, how="left", nulls_equal=True
        )
    else:
        rows = rows.with_columns(
            pl.lit(totals.item(0, name)).cast(pl.String).alias(name) for name in ("state", "reason")
        )
    hidden = pl.col("state").is_in([State.SUPPRESSED.value, State.NOT_DEFINED.value]) | pl.col(
        "reason"
    ).is_in([Reason.NOT_MEASURABLE.value, Reason.NOT_COUNTED.value]).fill_null(False)
    released = rows.with_columns(
        pl.when(~hidden).then(pl.col(name)).alias(name) for name in ("numerator", "denominator")
    )
    check_released(released)
    return released


def _check_input(cells: pl.DataFrame, kind: Kind) -> None:
    protected_before = set(NOISE_CELLS) <= set(cells.columns)
    keys = set(KEY_COLUMNS) if kind is Kind.HEALTH and not protected_before else set()
    if missing := ({"numerator", "denominator"} | keys) - set(cells.columns):
        raise Defect(f"cells without {', '.join(sorted(missing))} cannot pass the disclosure gate")
    if cells["numerator"].null_count() or cells["denominator"].null_count():
        raise Defect("a count that reaches the disclosure gate is null")
    if cells.select((pl.col("numerator") < 0).any() | (pl.col("denominator") < 0).any()).item():
        raise Defect("a count that reaches the disclosure gate is negative")


def _with_noise(cells: pl.DataFrame, kind: Kind, exact: bool, noise: Noise | None) -> pl.DataFrame:
    """Cells with protected counts and how many cells with noise each count is (0 or 1 here)."""
    if set(NOISE_CELLS) <= set(cells.columns):
        return cells
    if exact or kind is Kind.ADMINISTRATIVE:
        return cells.with_columns(pl.lit(0, pl.Int64).alias(name) for name in NOISE_CELLS)
    if noise is None:
        raise Defect("health counts reached the disclosure gate without the noise of their build")
    counted = [
        (pl.col(name) > 0).cast(pl.Int64).alias(f"{name}_cells") for name in ("numerator", "denominator")
    ]
    pairs = [("numerator", "numerator_key"), ("denominator", "denominator_key")]
    return noise.protect(cells.with_columns(counted), pairs)


def _summed(cells: pl.DataFrame, grain: Sequence[str]) -> pl.DataFrame:
    """Counts summed over the cells of each group; a group is withheld when any of its cells is."""
    withheld = [
        pl.col(name).drop_nulls().first().alias(name)
        if name in cells.columns
        else pl.lit(None, pl.String).alias(name)
        for name in ("withheld_state", "withheld_reason")
    ]
    names = ("numerator", "denominator", *NOISE_CELLS)
    shown = [
        pl.col(part if part in cells.columns else part.removeprefix("shown_"))
        .cast(pl.Int64)
        .sum()
        .alias(part)
        for part in SHOWN_PART
    ]
    sums = [*(pl.col(name).cast(pl.Int64).sum() for name in names), *shown, *withheld]
    summed = cells.group_by(grain, maintain_order=True).agg(sums) if grain else cells.select(sums)
    # Noise may put a numerator above its denominator; a share above one would tell that it did.
    noisy = pl.col("numerator_cells") + pl.col("denominator_cells") > 0
    return summed.with_columns(
        pl.when(noisy)
        .then(pl.min_horizontal("numerator", "denominator"))
        .otherwise("numerator")
        .alias("numerator")
    )


def _small_count() -> pl.Expr:
    return (pl.col("shown_numerator") < SMALLEST_COUNT) | (
        pl.col("shown_denominator") - pl.col("shown_numerator") < SMALLEST_COUNT
    )


def _is_hidden(kind: Kind, exact: bool) -> pl.Expr:
    if exact or kind is Kind.ADMINISTRATIVE:
        return pl.lit(False)
    return (pl.col("shown_denominator") < SMALLEST_DENOMINATOR) | _small_count()


def _state(kind: Kind, exact: bool) -> pl.Expr:
    return (
        pl.when(pl.col("withheld_state").is_not_null())
        .then(pl.col("withheld_state"))
        .when(pl.col("denominator") == 0)
        .then(pl.lit(State.NO_DATA.value))
        .when(_is_hidden(kind, exact))
        .then(pl.lit(State.SUPPRESSED.value))
        .otherwise(pl.lit(State.SHOWN.value))
    )


def _reason(kind: Kind, exact: bool) -> pl.Expr:
    """The reason of ``state``; a small denominator is named first, so the reason tells nothing about the numerator."""
    return (
        pl.when(pl.col("withheld_state").is_not_null())
        .then(pl.col("withheld_reason"))
        .when(pl.col("state") == State.NO_DATA.value)
        .then(pl.lit(Reason.NOBODY_COUNTED.value))
        .when((pl.col("state") == State.SUPPRESSED.value) & (pl.col("denominator") < SMALLEST_DENOMINATOR))
        .then(pl.lit(Reason.SMALL_DENOMINATOR.value))
        .when(pl.col("state") == State.SUPPRESSED.value)
        .then(pl.lit(Reason.SMALL_COUNT.value))
        .otherwise(pl.lit(None, pl.String))
    )


def check_released(frame: pl.DataFrame) -> pl.DataFrame:
    """Assert what may never happen: a key column outside, or a number on a suppressed or undefined row."""
    if leaked := sorted(name for name in frame.columns if name.endswith("_key")):
        raise Defect(f"key columns left the disclosure gate: {', '.join(leaked)}")
    hidden = frame.filter(pl.col("state") == State.SUPPRESSED.value)
    carried = [
        name for name in NUMBERS if name in frame.columns and hidden[name].null_count() < hidden.height
    ]
    if carried:
        raise Defect(f"suppressed rows carry {', '.join(carried)}")
    valued = frame.filter(pl.col("state") != State.SHOWN.value)
    if "value" in frame.columns and valued["value"].null_count() < valued.height:
        raise Defect("a row that is not shown carries a value")
    return frame


@dataclass(frozen=True, kw_only=True)
class ExactAccess:
    """Who asked for exact counts and when; made by the layer that knows the person and the clock."""

    user: str
    at: datetime


def audit_line(access: ExactAccess, question: Mapping[str, Any], build_id: str) -> str:
    """One JSON line that says who saw which exact counts."""
    entry = {
        "at": access.at.isoformat(timespec="seconds"),
        "user": access.user,
        "event": "exact_counts",
        "build": build_id,
        "question": question,
    }
    return json.dumps(entry, ensure_ascii=False, sort_keys=True)


def append_audit(home: Path, line: str) -> None:
    """Append one line to ``home/audit.log`` durably, before the numbers it speaks of are handed out."""
    if "\n" in line:
        raise Defect("an audit entry is one line")
    path = home / AUDIT_LOG
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    except OSError as error:
        raise UserError(
            "the audit log cannot be written, so exact counts are refused",
            file=str(path),
            action="Mend its permissions",
        ) from error
    try:
        os.write(descriptor, (line + "\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
