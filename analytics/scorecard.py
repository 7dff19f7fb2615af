"""All indicators of the plan at once, for one period and the city or one district: what a leader looks at first."""

from __future__ import annotations

from typing import Any

import polars as pl

from analytics.generation import Generation
from analytics.plan_indicator import PlanIndicator, plan_indicators
from analytics.query import answer
from analytics.question import Question

#: What each line says beside the indicator itself.
NUMBERS = ("numerator", "denominator", "value", "state", "reason", "target", "status")


def scorecard(
    generation: Generation, *, period: str | None = None, district: str | None = None
) -> pl.DataFrame:
    """One row per indicator, in their order: id, names, unit, polarity, row of the plan, :data:`NUMBERS`, due.

    ``period`` is a quarter; None is each indicator's own default, the newest it can be measured for. Indicators of the
    city only are left out where a ``district`` is asked for. Raises UserError as :func:`query.answer` does.
    """
    rows = [
        _row(item, generation, period, district)
        for item in plan_indicators().values()
        if district is None or "district" in item.by
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("id", "name_vi", "name_en", "unit", "polarity", "plan_row"), pl.String),
    **dict.fromkeys(("numerator", "denominator"), pl.Int64),
    "value": pl.Float64,
    **dict.fromkeys(("state", "reason"), pl.String),
    "target": pl.Float64,
    "status": pl.String,
    "due": pl.Date,
}


def _row(
    item: PlanIndicator, generation: Generation, period: str | None, district: str | None
) -> tuple[Any, ...]:
    where = (("district", (district,)),) if district else ()
    [found] = answer(Question(measure=item.id, period=period, where=where), generation).rows.to_dicts()
    told = (item.id, item.name.vi, item.name.en, item.unit, item.polarity.value, item.plan_row)
    return (*told, *(found[name] for name in NUMBERS), item.target.due if item.target else None)
