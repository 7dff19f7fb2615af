"""Cells of a plan: every row the answer must have, and the counts of the marts that belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import polars as pl

from analytics.ages import MartAges
from analytics.catalogue import Catalogue, Variant
from analytics.disclosure import KEY_COLUMNS, Reason, State, suppressed
from analytics.generation import Generation, read_sql
from analytics.lattice import PROTECTED, lattice, lattice_ages, lattice_parameters
from analytics.plan import SEXES, Plan
from analytics.reference import PHASES, phase_of_group

STRATUM = "age_from"
#: Fetched cells kept by a process; one answer by district and five-year age band is about 20 kB.
KEPT_CELLS = 512
#: A column of the grid, so that an answer without ``by`` still has one row.
_ONE = "_one"
COUNTS = ("numerator", "denominator", *KEY_COLUMNS)


def strata_of(plan: Plan) -> tuple[str, ...]:
    """The columns inside a row of the answer that a standardised value is summed over."""
    return (STRATUM,) if plan.question.estimator == "standardised" else ()


def grain_of(plan: Plan) -> tuple[str, ...]:
    """The columns that tell the cells of an answer apart after filtering."""
    return (*plan.question.by, *strata_of(plan))


def complete(plan: Plan, known: Catalogue, found: pl.DataFrame) -> pl.DataFrame:
    """Cells of every row the answer must have, in the order of the answer.

    A place or band without people gives a zero cell, and ages outside the definition are marked as withheld; what
    belongs to no row (a place unknown: it counts in the city total only) is left out.
    """
    grid, grain = _grid(plan, known, found), grain_of(plan)
    counts = [name for name in dict.fromkeys((*COUNTS, *PROTECTED)) if name in found.columns]
    zeros = grid.with_columns(pl.lit(0, pl.Int64).alias(name) for name in counts).drop(_ONE)
    kept = found.join(grid, on=list(grain), how="semi", nulls_equal=True) if grain else found
    columns = [*grain, *counts]
    return pl.concat(
        [zeros, kept.select(columns).cast(dict.fromkeys(counts, pl.Int64))], how="diagonal_relaxed"
    )


def _lattice_of(plan: Plan, variant: Variant, known: Catalogue) -> tuple[Any, ...]:
    """What tells the lattice of a question apart: measures, level, quarters, cells of ages."""
    level = next((name for name in ("unit", "ward", "district") if plan.uses(name)), "city")
    # A level of few places is computed for all quarters at once, so that every page of a definition finds it ready.
    is_single = level in ("ward", "unit") or plan.question.vintage is not None
    quarters = plan.quarters if is_single else known.quarters
    return (
        (variant.measure_id, variant.denominator_id),
        level,
        tuple(quarter.index for quarter in quarters),
        lattice_ages(known.ages, variant.age_from, variant.age_to),
    )


def protected(plan: Plan, variant: Variant, generation: Generation, known: Catalogue) -> pl.DataFrame:
    """The cells of the publication lattice that a question about a definition is made of, with :data:`PROTECTED`.

    A filter tells cells apart as ``by`` does: it chooses among cells, it never makes a new one.
    """
    found = lattice(generation, *_lattice_of(plan, variant, known))
    chosen = [pl.col("quarter").is_in([quarter.name for quarter in plan.quarters])]
    chosen += [
        pl.col(name).is_in(plan.question.only(name))
        for name in ("district", "ward", "unit")
        if plan.question.only(name)
    ]
    sexes = (plan.question.only("sex") or tuple(SEXES)) if plan.uses("sex") else ("both",)
    strata = [
        (stratum.label, group.band.label, stratum.first)
        for group in plan.ages
        if group.is_defined
        for stratum in group.strata
    ]
    bands = pl.DataFrame(
        strata, schema={"ages": pl.String, "age_band": pl.String, STRATUM: pl.Int16}, orient="row"
    )
    return found.filter(pl.col("sex").is_in(sexes), *chosen).join(bands, on="ages", how="inner")


def _grid(plan: Plan, known: Catalogue, found: pl.DataFrame) -> pl.DataFrame:
    by = plan.question.by
    grid = pl.DataFrame({_ONE: [0]})
    for levels in (
        _quarters(plan, known),
        _weeks(plan, known),
        _places(plan, known),
        _sexes(plan, found),
        _ages(plan),
        _records(plan, known),
    ):
        if levels is not None:
            grid = grid.join(levels, how="cross")
    grid = _without_closed_units(plan, _without_weeks_of_places(plan, grid))
    return grid.select(*by, *strata_of(plan), *_withheld(grid), _ONE).sort(
        _rank(plan, grid), maintain_order=True
    )


def _withheld(grid: pl.DataFrame) -> list[pl.Expr]:
    """State and reason of rows that are no number by definition: of their quarter first, then of their ages."""
    found = []
    for name in ("withheld_state", "withheld_reason"):
        columns = [column for column in (f"quarter_{name}", name) if column in grid.columns]
        if columns:
            found.append(pl.coalesce(columns).alias(name))
    return found


def _without_closed_units(plan: Plan, grid: pl.DataFrame) -> pl.DataFrame:
    """Rows of units whose health numbers are withheld say so; a sum with such a unit in it is withheld as a whole."""
    if not plan.closed_units:
        return grid
    is_closed = pl.col("unit").is_in(plan.closed_units) if "unit" in plan.question.by else pl.lit(True)
    return suppressed(grid, is_closed, Reason.OTHER_GEOGRAPHY)


def _without_weeks_of_places(plan: Plan, grid: pl.DataFrame) -> pl.DataFrame:
    """Weeks of a group of the plan are of the whole city only: by place their differences are single people."""
    if not plan.tells_weeks_of_places:
        return grid
    return suppressed(grid, pl.lit(True), Reason.WEEKS_OF_PLACES)


def _rank(plan: Plan, grid: pl.DataFrame) -> list[pl.Expr]:
    """Order of rows: the columns of ``by`` in their order, each in the order of its own levels."""
    return [
        pl.col(name).replace_strict(
            {v: i for i, v in enumerate(grid[name].unique(maintain_order=True))}, return_dtype=pl.Int32
        )
        for name in grain_of(plan)
    ] or [pl.col(_ONE)]


def _quarters(plan: Plan, known: Catalogue) -> pl.DataFrame | None:
    """The quarters asked for; a frozen one that does not count this version of the definition says so."""
    missing = [
        plan.variant is not None
        and known.counted is not None
        and (quarter.index, plan.variant.measure_id) not in known.counted
        for quarter in plan.quarters
    ]
    if "quarter" not in plan.question.by and not any(missing):
        return None
    rows = [
        (quarter.name, *((State.NO_DATA.value, Reason.NOT_COUNTED.value) if is_missing else (None, None)))
        for quarter, is_missing in zip(plan.quarters, missing, strict=True)
    ]
    schema = dict.fromkeys(("quarter", "quarter_withheld_state", "quarter_withheld_reason"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


def _weeks(plan: Plan, known: Catalogue) -> pl.DataFrame | None:
    """Every week from the city's first record to its last step: a stock stays where nothing was added."""
    if "week" not in plan.question.by:
        return None
    if known.weeks is None:
        return pl.DataFrame(schema={"week": pl.Date})
    return pl.DataFrame({"week": pl.date_range(*known.weeks, "1w", eager=True)})


def _places(plan: Plan, known: Catalogue) -> pl.DataFrame | None:
    """Reference places, with the units, districts and wards the question restricts itself to."""
    question = plan.question
    if "unit" in question.by:
        return pl.DataFrame({"unit": question.only("unit") or known.units}, schema={"unit": pl.String})
    only_districts = question.only("district") or known.districts
    only_wards = question.only("ward") or tuple(known.wards)
    if "ward" in question.by:
        pairs = [(known.wards[ward], ward) for ward in only_wards if known.wards[ward] in only_districts]
        places = pl.DataFrame(pairs, schema={"district": pl.String, "ward": pl.String}, orient="row")
        return places.select(name for name in ("district", "ward") if name in question.by)
    if "district" in question.by:
        homes = {known.wards[ward] for ward in question.only("ward")} or set(only_districts)
        return pl.DataFrame(
            {"district": [code for code in only_districts if code in homes]}, schema={"district": pl.String}
        )
    return None


def _sexes(plan: Plan, found: pl.DataFrame) -> pl.DataFrame | None:
    """Male and female always; unknown where somebody's sex is, so that the rows add up to the total."""
    if "sex" not in plan.question.by:
        return None
    named = plan.question.only("sex")
    seen = set(found["sex"].unique().to_list())
    return pl.DataFrame(
        {"sex": [sex for sex in SEXES if (sex in named if named else sex != "unknown" or sex in seen)]}
    )


def _ages(plan: Plan) -> pl.DataFrame | None:
    if not plan.ages:
        return None
    rows = [
        (
            group.band.label,
            stratum.first,
            None if group.is_defined else State.NOT_DEFINED.value,
            None if group.is_defined else Reason.OUTSIDE_DEFINED_AGES.value,
        )
        for group in plan.ages
        for stratum in group.strata
    ]
    schema = {
        "age_band": pl.String,
        STRATUM: pl.Int16,
        "withheld_state": pl.String,
        "withheld_reason": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _records(plan: Plan, known: Catalogue) -> pl.DataFrame | None:
    levels: pl.DataFrame | None = None
    for name, values in (
        (plan.indicator.part, tuple(section.id for section in plan.sections)),
        ("phase", plan.question.only("phase") or PHASES),
        ("plan_group", plan.question.only("plan_group") or known.plan_groups),
        ("source", plan.question.only("source") or known.sources),
    ):
        if name in plan.question.by:
            column = pl.DataFrame({name: values}, schema={name: pl.String})
            levels = column if levels is None else levels.join(column, how="cross")
    return levels


def age_lists(plan: Plan, ages: MartAges) -> dict[str, list[Any]]:
    """Mart bands wanted, with the band of the answer and the stratum each belongs to: three lists of one length."""
    rows = [
        (start, group.band.label, stratum.first)
        for group in plan.ages
        if group.is_defined
        for stratum in group.strata
        for start in ages.compose(stratum)
    ]
    return {
        name: [row[place] for row in rows] for place, name in enumerate(("age_from", "age_band", "stratum"))
    }


def _filters(plan: Plan, *names: str) -> dict[str, Any]:
    """``by_x, any_x, xs`` for each name; a filter also tells cells apart, so that they stay cells of the lattice."""
    parameters: dict[str, Any] = {}
    for name in names:
        values: list[Any] = list(plan.question.only(name))
        plural = "sexes" if name == "sex" else f"{name}s"
        parameters[f"by_{name}"] = plan.uses(name)
        parameters[f"any_{name}"] = not values
        parameters[plural] = [SEXES[value] for value in values] if name == "sex" else values
    return parameters


def _period(plan: Plan) -> dict[str, Any]:
    return {
        "by_quarter": "quarter" in plan.question.by,
        "quarters": [quarter.index for quarter in plan.quarters],
    }


def parameters_of(plan: Plan, known: Catalogue) -> tuple[str, dict[str, Any]]:
    """Name of the query of a plan and its parameters."""
    if plan.variant is not None and plan.is_protected:
        return "lattice_cells", lattice_parameters(*_lattice_of(plan, plan.variant, known))
    if plan.sections:
        steps = [
            (s.id, step, is_top)
            for s in plan.sections
            for step, is_top in ((s.numerator, True), (s.denominator, False))
        ]
        lists = {name: [row[i] for row in steps] for i, name in enumerate(("part", "step", "is_numerator"))}
        return "record_cells", {
            **_period(plan),
            "by_week": "week" in plan.question.by,
            **lists,
            "plan_group": list(phase_of_group()),
            "phase": list(phase_of_group().values()),
            **_filters(plan, "district", "ward", "unit", "phase", "plan_group", "source"),
        }
    if plan.question.quantity is not None:
        return "distribution_cells", {
            **_period(plan),
            "quantity": plan.question.quantity,
            **{name: values for name, values in age_lists(plan, known.ages).items() if name != "age_band"},
            **_filters(plan, "district", "sex"),
        }
    counted = plan.variant or plan.holder
    ids = {"numerator_id": -1, "denominator_id": -1}
    if counted is not None:
        denominator = (
            counted.denominator_id
            if plan.variant is not None and counted is plan.variant
            else counted.measure_id
        )
        ids = {"numerator_id": counted.measure_id, "denominator_id": denominator}
    return "case_cells", {
        **_period(plan),
        **ids,
        **age_lists(plan, known.ages),
        **_filters(plan, "district", "ward", "unit", "sex"),
    }


def fetch(generation: Generation, name: str, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Run one of the queries of this package, or give again what it gave: a published generation never changes.

    Questions that differ in estimator, standard or confidence only are made from the same cells.
    """
    hashable = tuple(
        (key, tuple(value) if isinstance(value, list) else value) for key, value in parameters.items()
    )
    return _fetched(generation, name, hashable)


@lru_cache(maxsize=KEPT_CELLS)
def _fetched(generation: Generation, name: str, parameters: tuple[tuple[str, Any], ...]) -> pl.DataFrame:
    values = {key: list(value) if isinstance(value, tuple) else value for key, value in parameters}
    return generation.frame(read_sql(name), values)


def named(plan: Plan, found: pl.DataFrame) -> pl.DataFrame:
    """Counts of records with the column of their parts under the name the question gives it."""
    return found.rename({"part": plan.indicator.part}) if "part" in found.columns else found


def population(plan: Plan, generation: Generation, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """People of the reference population by what the plan asks; ``parameters`` are those of its ``case_cells``."""
    name, place = ("unit_population_cells", "unit") if plan.uses("unit") else ("population_cells", "district")
    shared = (
        "age_from",
        "age_band",
        "by_sex",
        "any_sex",
        "sexes",
        f"by_{place}",
        f"any_{place}",
        f"{place}s",
    )
    return fetch(generation, name, {key: parameters[key] for key in shared})


def nearest_year(quarter: str, years: tuple[int, ...]) -> int | None:
    """The year of the reference population nearest to a quarter's; of two the later. None without a population."""
    return min(years, key=lambda year: (abs(year - int(quarter[:4])), -year), default=None)


def with_population(plan: Plan, known: Catalogue, cells: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Cells of record holders with the reference population as denominator.

    ``cells`` are complete cells; a row of the answer whose population is not known is marked ``not_measurable``.
    """
    by = list(plan.question.by)
    years = {
        quarter.name: nearest_year(quarter.name, tuple(known.population_years)) for quarter in plan.quarters
    }
    spread = pl.DataFrame(
        list(years.items()), schema={"quarter": pl.String, "year": people.schema["year"]}, orient="row"
    ).join(people, on="year", how="inner")
    keys = [name for name in by if name in spread.columns]
    totals = (
        spread.group_by(keys).agg(pl.col("people").sum()) if keys else spread.select(pl.col("people").sum())
    )
    held = (
        cells.group_by(by, maintain_order=True).agg(pl.col("numerator").sum())
        if by
        else cells.select(pl.col("numerator").sum())
    )
    joined = held.join(totals, on=keys, how="left") if keys else held.with_columns(totals["people"])
    unknown = pl.col("people").fill_null(0) == 0
    return joined.select(
        *by,
        "numerator",
        pl.col("people").fill_null(0).cast(pl.Int64).alias("denominator"),
        pl.when(unknown).then(pl.lit(State.NO_DATA.value)).alias("withheld_state"),
        pl.when(unknown).then(pl.lit(Reason.NOT_MEASURABLE.value)).alias("withheld_reason"),
    )
