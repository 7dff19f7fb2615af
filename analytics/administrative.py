"""Indicators made of the administrative marts: one count over another, by period, district and part.

What nobody reports is not a nought: where a count or a denominator is missing the row is ``not_measurable``.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import lru_cache
from typing import Any

import polars as pl

from analytics.catalogue import Catalogue
from analytics.cells import fetch, nearest_year
from analytics.disclosure import KEY_COLUMNS, Kind, Reason, State, protect
from analytics.generation import Generation, read_sql
from analytics.noise import Noise
from analytics.plan_indicator import Count, PlanIndicator
from analytics.question import Question, choose, parse_period
from analytics.reference import plan_amounts
from analytics.targets import last_day, quarter_of
from warehouse.errors import UserError

#: Method of a complete count: no interval.
METHOD = "count"
#: Words of a question that an indicator of the plan has fixed for itself.
_FIXED = (
    *("condition", "definition", "estimator", "standard", "ages", "age_bands", "method"),
    *("quantity", "classes"),
)
#: Builds from before these marts hold none of what is counted here.
_MART = "mart_activity"
_KEYS = ("period", "district", "part")
_SCHEMA: dict[str, Any] = {**dict.fromkeys(_KEYS, pl.String), "count": pl.Int64, "key": pl.Int16}


@dataclass(frozen=True)
class Period:
    """A quarter or a month: its name in the answer, its first and last day."""

    name: str
    first_day: date
    last_day: date


@dataclass(frozen=True, kw_only=True)
class _Scope:
    """What one question asks of both counts. Empty tuples of values mean no restriction."""

    generation: Generation
    known: Catalogue
    extract_date: date
    periods: tuple[Period, ...]
    by_district: bool
    by_part: bool
    districts: tuple[str, ...]
    parts: tuple[str, ...]


def check(item: PlanIndicator, question: Question, known: Catalogue) -> None:
    """Refuse what an indicator of the plan cannot be asked for. Raises UserError naming what it can."""
    usual = {field.name: field.default for field in fields(Question)}
    for name in _FIXED:
        value = getattr(question, name)
        if value != usual[name]:
            raise UserError(
                f"{item.id} is counted in one way", field=name, value=str(value), expected="nothing"
            )
    for name in question.by:
        choose(name, item.by, field="by", action=f"{item.id} is not counted by anything else")
    for name, values in question.where:
        choose(name, [part for part in item.by if part not in ("quarter", "month")], field="where")
        allowed = {"district": known.districts, "part": item.parts}.get(name)
        for value in values if allowed else ():
            choose(value, allowed or (), field=name)
    if {"quarter", "month"} <= set(question.by):
        raise UserError("a month lies in one quarter", field="by", value="quarter,month", expected="one")


def counted(
    item: PlanIndicator, question: Question, generation: Generation, known: Catalogue, noise: Noise | None
) -> pl.DataFrame:
    """The rows of an indicator made of counts: the columns of ``by`` and those of every answer but ``estimator``."""
    extract_date = date.fromisoformat(generation.extract_date)
    scope = _Scope(
        generation=generation,
        known=known,
        extract_date=extract_date,
        periods=periods_of(item, question, known, extract_date),
        by_district=bool({"district"} & {*question.by, *dict(question.where)}),
        by_part=bool({"part"} & {*question.by, *dict(question.where)}),
        districts=question.only("district"),
        parts=question.only("part"),
    )
    cells = _cells(item, scope)
    unit = "month" if "month" in question.by else "quarter"
    released = protect(
        cells.rename({"period": unit}), by=question.by, kind=item.kind, exact=question.exact, noise=noise
    )
    return valued(released, item)


def lineage(item: PlanIndicator, generation: Generation) -> dict[str, Any]:
    """The SQL of the counts and what went into it, as every answer says."""
    marts = {f"mart_{count.mart}" for count in (item.top, item.bottom) if count is not None}
    marts |= {"mart_frame"} if "mart_known" in marts else set()
    manifest = generation.manifest
    prints = manifest.get("fingerprints", {})
    counts = {"numerator": item.top, "denominator": item.bottom}
    return {
        "sql": read_sql("indicator_cells"),
        "inputs": {
            "tables": {table: prints[table] for table in sorted(marts & set(prints))},
            "files": [
                {key: file.get(key) for key in ("logical_name", "sha256", "rows")}
                for file in manifest.get("files", [])
            ],
            "parameters": {side: asdict(count) for side, count in counts.items() if count is not None},
            "synthetic": manifest.get("synthetic"),
        },
    }


def valued(released: pl.DataFrame, item: PlanIndicator) -> pl.DataFrame:
    """Values of released counts; a proportion above 1 is kept and flagged. Pure."""
    shown = pl.col("state") == State.SHOWN.value
    rows = released.with_columns(
        pl.when(shown).then(pl.col("numerator") / pl.col("denominator")).alias("value"),
        *(pl.lit(None, pl.Float64).alias(name) for name in ("lower", "upper", "confidence")),
        pl.lit(METHOD).alias("method"),
    )
    over = pl.lit(item.unit == "proportion") & (pl.col("value") > 1)
    flagged = pl.when(over).then(pl.lit(Reason.OVER_100_PERCENT.value)).otherwise(pl.col("reason"))
    return rows.with_columns(flagged.alias("reason"))


def periods_of(
    item: PlanIndicator, question: Question, known: Catalogue, extract_date: date
) -> tuple[Period, ...]:
    """The periods of the answer: quarters, or the months of them; by default the newest complete quarter.

    What is known on the extract date only is by default of the quarter of that day.
    """
    names = [quarter.name for quarter in known.quarters]
    spread = bool({"quarter", "month"} & set(question.by))
    newest = quarter_of(extract_date) if item.timing == "snapshot" else known.newest.name
    if question.period is None:
        first, last = (names[0] if spread else newest), newest
    else:
        first, last = (choose(name, names, field="period") for name in parse_period(question.period))
    if first != last and not spread:
        raise UserError(
            "one row stands for one period",
            field="period",
            value=question.period,
            expected="one quarter, or by quarter or month",
        )
    quarters = [_quarter(name) for name in names if first <= name <= last]
    if "month" not in question.by:
        return tuple(quarters)
    months = (month for quarter in quarters for month in _months(quarter))
    return tuple(month for month in months if month.first_day <= extract_date)


def _quarter(name: str) -> Period:
    end = last_day(name)
    return Period(name, date(end.year, end.month - 2, 1), end)


def _months(quarter: Period) -> Iterable[Period]:
    year, first = quarter.first_day.year, quarter.first_day.month
    for month in range(first, first + 3):
        end = date(year, month, calendar.monthrange(year, month)[1])
        yield Period(f"{year}-{month:02}", date(year, month, 1), end)


def _cells(item: PlanIndicator, scope: _Scope) -> pl.DataFrame:
    """Every cell the answer must have, with both counts; what is not known is withheld as not measurable."""
    assert item.top is not None
    assert item.bottom is not None
    top, bottom = (_count(count, item, scope) for count in (item.top, item.bottom))
    cells = _grid(item, scope, top, bottom)
    for name, found, count in (("numerator", top, item.top), ("denominator", bottom, item.bottom)):
        renamed = found.rename({"count": name, "key": f"{name}_key"})
        cells = cells.join(renamed, on=list(_KEYS), how="left", nulls_equal=True, maintain_order="left")
        if _is_nought_elsewhere(count, scope):
            cells = cells.with_columns(pl.col(name, f"{name}_key").fill_null(0))
    unknown = pl.col("numerator").is_null() | pl.col("denominator").is_null()
    if item.timing == "snapshot":
        today = [p.name for p in scope.periods if p.first_day <= scope.extract_date <= p.last_day]
        unknown |= ~pl.col("period").is_in(today)
    cells = cells.with_columns(
        pl.when(unknown).then(pl.lit(State.NO_DATA.value)).alias("withheld_state"),
        pl.when(unknown).then(pl.lit(Reason.NOT_MEASURABLE.value)).alias("withheld_reason"),
    ).with_columns(pl.col("numerator", "denominator").fill_null(0))
    return cells if item.kind is Kind.HEALTH else cells.drop(KEY_COLUMNS)


def _grid(item: PlanIndicator, scope: _Scope, top: pl.DataFrame, bottom: pl.DataFrame) -> pl.DataFrame:
    """Periods x districts x parts, in the order of the answer."""
    parts: Sequence[str | None] = [None]
    if scope.by_part:
        seen = pl.concat([top["part"], bottom["part"]]).drop_nulls().unique().sort().to_list()
        known = item.parts or tuple(seen)
        parts = [choose(part, known, field="part") for part in scope.parts] or list(known)
    districts: Sequence[str | None] = [None]
    if scope.by_district:
        districts = [code for code in scope.known.districts if code in (scope.districts or (code,))]
    levels = {"period": [period.name for period in scope.periods], "district": districts, "part": parts}
    grid = pl.DataFrame({"_": [0]})
    for name, values in levels.items():
        grid = grid.join(pl.DataFrame({name: values}, schema={name: pl.String}), how="cross")
    return grid.drop("_")


def _count(count: Count, item: PlanIndicator, scope: _Scope) -> pl.DataFrame:
    """One count: period, district, part (null where not asked for), count, key (null: no people of the register)."""
    found = _REFERENCES.get(count.mart, _of_mart)(count, item, scope)
    scaled = (pl.col("count") * count.factor).round().cast(pl.Int64)
    return found.with_columns(scaled).select(pl.col(name).cast(kind) for name, kind in _SCHEMA.items())


def _of_mart(count: Count, item: PlanIndicator, scope: _Scope) -> pl.DataFrame:
    """What a mart counts; nothing where nobody reports it."""
    if not _is_reported(count, scope):
        return pl.DataFrame(schema=_SCHEMA)
    found = fetch(scope.generation, "indicator_cells", parameters(count, item, scope))
    return found.with_columns(pl.col(count.take).alias("count"), pl.col("amount_key").alias("key"))


def _is_reported(count: Count, scope: _Scope) -> bool:
    known_by = count.known_by or count.items
    return bool({(count.mart, name) for name in known_by} & reported(scope.generation))


def _is_nought_elsewhere(count: Count, scope: _Scope) -> bool:
    """Whether a cell the mart lacks is nought: the thing is reported, but not there. A plan not told is not nought."""
    return count.mart not in _REFERENCES and count.take != "planned" and _is_reported(count, scope)


def parameters(count: Count, item: PlanIndicator, scope: _Scope) -> dict[str, Any]:
    """Parameters of ``indicator_cells``."""
    timing = count.timing or item.timing
    parts = [part for part in scope.parts or count.parts if not count.parts or part in count.parts]
    return {
        "mart": count.mart,
        "items": list(count.items),
        "any_part": not (scope.parts or count.parts),
        "parts": parts,
        "timing": "stock" if timing == "snapshot" else timing,
        "extract_date": scope.extract_date.isoformat(),
        "period": [period.name for period in scope.periods],
        "first_day": [period.first_day for period in scope.periods],
        "last_day": [period.last_day for period in scope.periods],
        "by_district": scope.by_district,
        "any_district": not scope.districts,
        "districts": list(scope.districts),
        "by_part": scope.by_part,
    }


@lru_cache(maxsize=8)
def reported(generation: Generation) -> frozenset[tuple[str, str]]:
    """(mart, item) of everything the build holds anything of; nothing for a build from before these marts."""
    if _MART not in generation.manifest.get("fingerprints", {}):
        return frozenset()
    return frozenset(generation.frame(read_sql("indicator_items")).iter_rows())


@lru_cache(maxsize=8)
def _steps(generation: Generation) -> frozenset[str]:
    return frozenset(generation.frame(read_sql("catalogue_step"))["step"])


def withhold_unmeasured(rows: pl.DataFrame, item: PlanIndicator, generation: Generation) -> pl.DataFrame:
    """Rows without their numbers where nothing the indicator ``needs`` was delivered: a nought would be a lie."""
    if not item.needs or set(item.needs) & _steps(generation):
        return rows
    numbers = ("numerator", "denominator", "value", "lower", "upper")
    return rows.with_columns(
        *(pl.lit(None, rows.schema[name]).alias(name) for name in numbers),
        pl.lit(State.NO_DATA.value).alias("state"),
        pl.lit(Reason.NOT_MEASURABLE.value).alias("reason"),
    )


def _population(count: Count, item: PlanIndicator, scope: _Scope) -> pl.DataFrame:
    asked = {
        "by_district": scope.by_district,
        "any_district": not scope.districts,
        "districts": list(scope.districts),
    }
    people = fetch(scope.generation, "population_total", asked)
    years = tuple(scope.known.population_years)
    spread = [(period.name, nearest_year(quarter_of(period.last_day), years)) for period in scope.periods]
    frame = pl.DataFrame(spread, schema={"period": pl.String, "year": people.schema["year"]}, orient="row")
    return _without_part(
        frame.join(people, on="year", how="inner").with_columns(pl.col("people").alias("count"))
    )


def _places(count: Count, item: PlanIndicator, scope: _Scope) -> pl.DataFrame:
    """Wards or districts there are: of each district, or of the city."""
    homes = list(scope.known.wards.values()) if "wards" in count.items else list(scope.known.districts)
    counts = {code: homes.count(code) for code in scope.known.districts}
    found = list(counts.items()) if scope.by_district else [(None, len(homes))]
    rows = [(period.name, code, number) for period in scope.periods for code, number in found]
    schema = {"period": pl.String, "district": pl.String, "count": pl.Int64}
    return _without_part(pl.DataFrame(rows, schema=schema, orient="row"))


def _amounts(count: Count, item: PlanIndicator, scope: _Scope) -> pl.DataFrame:
    """Amounts the plan itself names, of the city."""
    named = [amount for amount in plan_amounts() if amount.item in count.items]
    found = (
        [(amount.part, amount.amount) for amount in named]
        if scope.by_part
        else [(None, sum(amount.amount for amount in named))]
    )
    rows = [(period.name, None, part, amount, None) for period in scope.periods for part, amount in found]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _estimate(count: Count, item: PlanIndicator, scope: _Scope) -> pl.DataFrame:
    """Whole months from the newest quarter with an estimate that may be shown to the extract date; ``one`` is 1."""
    value: int | None = 1
    if "months_since" in count.items:
        value = _months_since(scope)
    rows = [(period.name, None, None, value, None) for period in scope.periods]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row").drop_nulls("count")


def _months_since(scope: _Scope) -> int | None:
    if not scope.generation.has_estimates:
        return None
    index = scope.generation.estimates(read_sql("estimate_quarter")).item()
    ends = [last_day(quarter.name) for quarter in scope.known.quarters if quarter.index == index]
    if not ends:
        return None
    day = scope.extract_date
    full = (day.year - ends[0].year) * 12 + day.month - ends[0].month
    is_whole = day.day >= ends[0].day or day.day == calendar.monthrange(day.year, day.month)[1]
    return max(full - (not is_whole), 0)


def _without_part(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.lit(None, pl.String).alias("part"), pl.lit(None, pl.Int16).alias("key"))


#: Counts that no mart of events gives.
_REFERENCES: Mapping[str, Callable[[Count, PlanIndicator, _Scope], pl.DataFrame]] = {
    "population": _population,
    "place": _places,
    "amount": _amounts,
    "estimate": _estimate,
}
