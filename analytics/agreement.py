"""How far two definitions of a condition agree about the same people.

Agreement of two yes/no judgements ``a`` (both yes), ``b`` and ``c`` (only one), ``d`` (both no): Cohen's kappa (Educ
Psychol Meas 1960;20:37-46), and the positive and negative agreement that must stand beside it, because kappa falls with
rarity alone (Cicchetti & Feinstein, J Clin Epidemiol 1990;43:551-558).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from analytics.disclosure import State, withheld
from analytics.generation import Generation, noise_of, read_sql
from analytics.multimorbidity import age_band
from analytics.question import choose
from analytics.report import Report, build_of, dimensions, need, quarter_of

BY = ("district", "sex", "age_band")
MEASURES = ("observed", "positive", "negative", "kappa")
_NO, _YES = 2, 3
#: Both yes, only the first, only the other, both no.
CELLS = {"a": (_YES, _YES), "b": (_YES, _NO), "c": (_NO, _YES), "d": (_NO, _NO)}
_PAIR = ("definition", "other")


def measures_of(a: float, b: float, c: float, d: float) -> dict[str, float | None]:
    """:data:`MEASURES` of one two-by-two table; None where a measure has nothing to be a share of."""
    n = a + b + c + d
    if n == 0:
        return dict.fromkeys(MEASURES)
    observed = (a + d) / n
    expected = ((a + b) * (a + c) + (c + d) * (b + d)) / n**2
    return {
        "observed": observed,
        "positive": 2 * a / (2 * a + b + c) if a + b + c else None,
        "negative": 2 * d / (2 * d + b + c) if b + c + d else None,
        "kappa": (observed - expected) / (1 - expected) if expected < 1 else None,
    }


def agreement(generation: Generation, *, condition: str, by: str = "", period: str | None = None) -> Report:
    """Agreement of the pairs of definitions the build compares, among people tested by both.

    Rows: definition, other, ``by``, people, cases (of the first), other_cases, :data:`MEASURES`, state, reason. A row
    is withheld where fewer than 30 were tested or one of the four groups has fewer than five people; a group that is
    empty in the whole city is one the definitions exclude, and no small count.
    """
    generation = generation.frozen
    need(generation, "mart_agreement")
    names, quarter = dimensions(by, BY), quarter_of(generation, period)
    compared = generation.frame(read_sql("agreement_condition"))["condition"].to_list()
    asked = {
        "condition": choose(condition, compared, field="condition"),
        "quarter_index": quarter.index,
        "by_district": "district" in names,
        "by_sex": "sex" in names,
    }
    found = generation.frame(read_sql("agreement_cells"), asked)
    shown = noise_of(generation).protect(found, [("people", "people_key")])
    shown = shown.with_columns(age_band(shown["age_from"]))
    title = f"agreement of definitions of {condition}, people tested by both, {quarter.name}"
    about: dict[str, Any] = {"condition": condition, "period": quarter.name, "build": build_of(generation)}
    return Report(title, _rows(shown, names), about, shares=("observed", "positive", "negative"))


def _rows(cells: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Rows from protected cells; what may not be shown loses its numbers before a measure is made of them."""
    never = _tables(cells, [])
    rows = []
    for key, group in _tables(cells, by).items():
        excluded = {name for name, people in never[key[:2]].items() if people == 0}
        reason = withheld(people for name, people in group.items() if name not in excluded)
        numbers: dict[str, Any] = dict.fromkeys(("people", "cases", "other_cases", *MEASURES))
        if reason is None:
            a, b, c, d = (group[name] for name in CELLS)
            numbers = {
                "people": a + b + c + d,
                "cases": a + b,
                "other_cases": a + c,
                **measures_of(a, b, c, d),
            }
        state = State.SHOWN if reason is None else State.SUPPRESSED
        rows.append((*key, *numbers.values(), state.value, reason and reason.value))
    schema: dict[str, Any] = dict.fromkeys([*_PAIR, *by], pl.String)
    schema |= dict.fromkeys(("people", "cases", "other_cases"), pl.Int64)
    schema |= dict.fromkeys(MEASURES, pl.Float64) | dict.fromkeys(("state", "reason"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row").sort(*_PAIR, *by)


def _tables(cells: pl.DataFrame, by: Sequence[str]) -> dict[tuple[Any, ...], dict[str, int]]:
    """The four groups of each row."""
    summed = cells.group_by(*_PAIR, *by).agg(
        pl.col("people").filter((pl.col("state") == one) & (pl.col("other_state") == other)).sum().alias(name)
        for name, (one, other) in CELLS.items()
    )
    names = list(CELLS)
    return {row[:-4]: dict(zip(names, row[-4:], strict=True)) for row in summed.iter_rows()}
