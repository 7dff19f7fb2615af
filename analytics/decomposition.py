"""Why a proportion changed between two vintages, in parts that add up exactly to the change.

Order (it matters, and is part of the answer): late or corrected data, a changed definition, a changed boundary, a
changed composition of the people by age and sex, and the rate that is left, split into the people counted both times
and those who came or went. Composition and rate: Kitagawa, J Am Stat Assoc 1955;50:1168-1194.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from warehouse.errors import Defect, UserError

#: Re-runs of the first vintage's number with one thing after the other as the second vintage has it.
STAGES = ("late_data", "definition", "boundary")
PARTS = (*STAGES, "composition", "same_people", "came_and_went")
STATUSES = ("not_in_frame", "untested", "non_case", "case")


def staged(before: float, reruns: Mapping[str, float]) -> dict[str, float]:
    """Change of each stage: its re-run less the number before it. ``reruns`` in the order of :data:`STAGES`."""
    if unknown := set(reruns) - set(STAGES):
        raise Defect(f"not a stage: {', '.join(sorted(unknown))}")
    parts, last = {}, before
    for stage in STAGES:
        parts[stage] = reruns.get(stage, last) - last
        last = reruns.get(stage, last)
    return parts


def composition_and_rate(
    before: pl.DataFrame, after: pl.DataFrame, *, strata: Sequence[str]
) -> dict[str, float]:
    """``composition`` = sum (w1-w0)(p0+p1)/2 and ``rate`` = sum (p1-p0)(w0+w1)/2 over strata.

    Frames: ``strata``, ``numerator``, ``denominator``. A stratum empty at one time takes the other time's proportion:
    all of its change is composition. Raises UserError where nobody is counted at one time.
    """
    joined = before.join(after, on=list(strata), how="full", coalesce=True, suffix="_after").fill_null(0)
    n0, n1 = joined["denominator"].cast(pl.Float64), joined["denominator_after"].cast(pl.Float64)
    if n0.sum() == 0 or n1.sum() == 0:
        raise UserError("nobody is counted at one of the times", expected="people at both")
    frame = joined.select(
        (pl.col("denominator") / n0.sum()).alias("w0"),
        (pl.col("denominator_after") / n1.sum()).alias("w1"),
        (pl.col("numerator") / pl.col("denominator")).alias("p0"),
        (pl.col("numerator_after") / pl.col("denominator_after")).alias("p1"),
    ).with_columns(
        p0=pl.when(pl.col("w0") > 0).then("p0").otherwise("p1"),
        p1=pl.when(pl.col("w1") > 0).then("p1").otherwise("p0"),
    ).filter((pl.col("w0") > 0) | (pl.col("w1") > 0))  # fmt: skip
    w0, w1, p0, p1 = (frame[name].to_numpy() for name in ("w0", "w1", "p0", "p1"))
    return {
        "composition": float(((w1 - w0) * (p0 + p1) / 2).sum()),
        "rate": float(((p1 - p0) * (w0 + w1) / 2).sum()),
    }


def split_rate(rate: float, transitions: pl.DataFrame, *, strata: Sequence[str]) -> dict[str, float]:
    """``came_and_went`` and ``same_people``, which add up to ``rate``.

    ``transitions``: ``strata``, ``before``, ``after`` (statuses), ``people``. The part of people counted as tested both
    times is theirs alone, stratum by stratum with the weights of both times; what is left is of those who came or went
    (moved in or out of the frame or of being tested).
    """
    wrong = set(transitions["before"]) | set(transitions["after"])
    if unknown := wrong - set(STATUSES):
        raise Defect(f"not a status: {', '.join(sorted(unknown))}")
    tested = ["non_case", "case"]
    cells = transitions.group_by(list(strata)).agg(
        _people(pl.col("before").is_in(tested)).alias("n0"),
        _people(pl.col("after").is_in(tested)).alias("n1"),
        _people(pl.col("before").is_in(tested) & pl.col("after").is_in(tested)).alias("both"),
        (
            _people(pl.col("before").is_in(tested) & (pl.col("after") == "case"))
            - _people((pl.col("before") == "case") & pl.col("after").is_in(tested))
        ).alias("turned"),
    )
    totals = cells.select(pl.col("n0", "n1").sum()).row(0)
    if 0 in totals:
        raise UserError("nobody is tested at one of the times", expected="tested people at both")
    weight = (pl.col("n0") / totals[0] + pl.col("n1") / totals[1]) / 2
    size = (pl.col("n0") + pl.col("n1")) / 2
    own = cells.filter(pl.col("both") > 0).select((weight * pl.col("turned") / size).sum()).item()
    return {"same_people": float(own), "came_and_went": rate - float(own)}


def _people(which: pl.Expr) -> pl.Expr:
    return pl.col("people").filter(which).sum().cast(pl.Int64)


def change(
    before: float,
    reruns: Mapping[str, float],
    old: pl.DataFrame,
    new: pl.DataFrame,
    transitions: pl.DataFrame,
    *,
    strata: Sequence[str],
) -> dict[str, float]:
    """All :data:`PARTS` in their order; their sum is the new proportion less ``before``, exactly.

    ``old``: strata of the last re-run (the first vintage with late data, definition and boundary as now), ``new``:
    those of the second vintage.
    """
    parts = staged(before, reruns)
    both = composition_and_rate(old, new, strata=strata)
    split = split_rate(both["rate"], transitions, strata=strata)
    return {**parts, "composition": both["composition"], **split}
