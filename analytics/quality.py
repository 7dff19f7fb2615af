"""How good the data of a build are: what its checks found and what that does to numbers, digits, sections, coverage.

Counts of rows, of residents and of people with a faulty row are no health facts and exact. The effect of a check on a
prevalence is one: how much of it rests on what the check found. The people touched were judged again without those rows
(``warehouse/shadows.py``); the number as it stands less the number without is the effect. It is told only where the
people touched, and everybody else, are groups that may be shown, and so coarsely that fewer than five people do not
move it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import ceil, log10
from typing import Any

import polars as pl

from analytics.catalogue import Variant, catalogue
from analytics.cells import nearest_year
from analytics.disclosure import SMALLEST_DENOMINATOR, Reason, State, withheld
from analytics.generation import Generation, read_sql
from analytics.hiding import SMALLEST_COUNT
from analytics.query import answer
from analytics.question import DEFAULT_DEFINITION, Question
from analytics.rates import with_interval
from analytics.report import Report, build_of, need
from warehouse.geography import units

CITY, UNKNOWN = "city", ""
#: The mart of the people touched; a build without it is older than this report.
EFFECT = "mart_check_effect"
#: Basis of a check whose findings no number of the city reads (:mod:`warehouse.quality_checks`).
UNREAD = "unread"
#: Effects are rounded to this many points at least.
FINEST_POINTS = 0.01
#: How far register and official count may differ.
FAR = 0.10
#: Shares of the register from which a second sender, or people without a district, are named.
MENTIONED = 0.01
#: Without preference, readings that end in nought.
EXPECTED_ZEROS = 0.1
OVER_100, DIFFERS = "over_100", "register_differs"
FINDINGS = (OVER_100, DIFFERS)
#: What the data say about a place whose register does not go with the official count.
CAUSES = (
    "register_larger",
    "register_smaller",
    "register_empty",
    "not_registered",
    "other_senders",
    "no_district",
    "other_year",
)
#: Of a build of before people seen in care were counted.
_NOBODY_OBSERVED = pl.DataFrame(schema={"district": pl.String, "observed": pl.Int64})
_TOLD: dict[str, Any] = {"state": pl.String, "reason": pl.String}
_CHECKED: dict[str, Any] = {
    **dict.fromkeys(("check_id", "kind", "table_name", "treatment", "basis"), pl.String),
    **dict.fromkeys(("findings", "people", "new", "existing", "resolved"), pl.Int64),
    "effect_points": pl.Float64,
    "rounded_to": pl.Float64,
    **dict.fromkeys(("condition", "definition"), pl.String),
    **_TOLD,
    **dict.fromkeys(("name_vi", "name_en", "todo_vi", "todo_en"), pl.String),
}
_EFFECT: dict[str, Any] = {
    **dict.fromkeys(("check_id", "condition", "definition"), pl.String),
    "effect_points": pl.Float64,
    "rounded_to": pl.Float64,
    **_TOLD,
}
_COVERED: dict[str, Any] = {
    "district": pl.String,
    **dict.fromkeys(("official", "registered", "observed", "holders"), pl.Int64),
    **dict.fromkeys(("register_ratio", "coverage"), pl.Float64),
    **dict.fromkeys(("findings", "causes"), pl.String),
    **_TOLD,
}
_OF_UNITS: dict[str, Any] = {
    **dict.fromkeys(("unit", "name"), pl.String),
    **dict.fromkeys(("official", "registered", "observed", "apportioned"), pl.Int64),
    "register_ratio": pl.Float64,
    **dict.fromkeys(("is_whole", "by_register"), pl.Boolean),
    **_TOLD,
}


def checks(generation: Generation) -> Report:
    """One row a check: what it found, what is new since the build before, and the prevalence it moves most.

    Columns :data:`_CHECKED`. ``effect_points``: of the newest quarter, crude prevalence as published less that without
    what the check found (``basis``), of the preferred definition it moves most (``condition``, ``definition``), in
    percentage points rounded to ``rounded_to``; 0 without a definition where nothing was found. A check whose every
    effect is hidden is suppressed. Raises UserError for a build of before people were judged again.
    """
    need(generation, EFFECT)
    moved = most_moved(_effects(generation))
    rows = generation.live.frame(read_sql("quality_checks")).join(moved, on="check_id", how="left")
    quarter = catalogue(generation.live).quarters[-1].name
    return Report(
        title=f"Checks of the data, and what they do to crude prevalence in {quarter}",
        rows=rows.select(pl.col(name).cast(kind) for name, kind in _CHECKED.items()),
        about={"quarter": quarter, "build": build_of(generation)},
        notes=(
            "effect: points of crude prevalence that rest on what was found: as it stands, less without it",
            "basis: rows: people touched judged again without them; people: left out; unread: no number reads the rows",
        ),
        only_in_files=(
            "kind",
            "table_name",
            "treatment",
            "basis",
            "existing",
            "rounded_to",
            "definition",
            "name_vi",
            "todo_vi",
            "name_en",
            "todo_en",
        ),
    )


def effects(generation: Generation) -> Report:
    """One row a check that found something and preferred definition: the effect of :func:`checks`."""
    need(generation, EFFECT)
    found = generation.live.frame(read_sql("quality_checks")).filter(pl.col("findings") > 0)
    return Report(
        title="Effect of what each check found on crude prevalence, in points",
        rows=_effects(generation).filter(pl.col("check_id").is_in(found["check_id"].to_list())),
        about={"quarter": catalogue(generation.live).quarters[-1].name, "build": build_of(generation)},
    )


def preferred(variants: Iterable[Variant]) -> dict[int, Variant]:
    """By measure of its cases, the recommended definition of each condition, else its first."""
    found: dict[str, Variant] = {}
    for item in sorted(variants, key=lambda item: item.measure_id):
        if item.condition not in found or item.variant == DEFAULT_DEFINITION:
            found[item.condition] = item
    return {item.measure_id: item for item in found.values()}


@lru_cache(maxsize=8)
def _effects(generation: Generation) -> pl.DataFrame:
    counts = generation.live.frame(read_sql("quality_effects"))
    wanted = preferred(catalogue(generation.live).variants)
    rows = [
        {
            "check_id": row["check_id"],
            "condition": wanted[row["measure_id"]].condition,
            "definition": wanted[row["measure_id"]].variant,
            **effect(row),
        }
        for row in counts.iter_rows(named=True)
        if row["measure_id"] in wanted
    ]
    return pl.DataFrame(rows, schema=_EFFECT, orient="row")


def effect(row: Mapping[str, Any]) -> dict[str, Any]:
    """Effect of one check on one definition: effect_points, rounded_to, state, reason. Pure.

    ``row``: findings, basis, and people: cases, counted, touched_cases, touched, without_cases, without. Nought where
    nothing was found or nothing reads it. Both parts, the touched and the rest, must be groups that may be shown
    (:func:`analytics.disclosure.withheld`). Rounded to :data:`FINEST_POINTS`, or coarser where five people are more of
    those counted with or without (1, 2 or 5 times a power of ten).
    """
    if not row["findings"] or row["basis"] == UNREAD:
        return {"effect_points": 0.0, "rounded_to": FINEST_POINTS, "state": State.SHOWN.value, "reason": None}
    rest_cases, rest = row["cases"] - row["touched_cases"], row["counted"] - row["touched"]
    parts = ((row["touched_cases"], row["touched"]), (rest_cases, rest))
    hidden = [withheld((cases, counted - cases)) for cases, counted in parts]
    if reason := next((item for item in hidden if item), None):
        blank = {"effect_points": None, "rounded_to": None, "state": State.SUPPRESSED.value}
        return {**blank, "reason": reason.value}
    cases, counted = rest_cases + row["without_cases"], rest + row["without"]
    points = 100 * (row["cases"] / row["counted"] - cases / counted)
    step = step_of(min(row["counted"], counted))
    return {
        "effect_points": round(round(points / step) * step, 6) + 0.0,
        "rounded_to": step,
        "state": State.SHOWN.value,
        "reason": None,
    }


def step_of(counted: int) -> float:
    """What effects among ``counted`` people are rounded to, in points: five people, on the steps 1, 2, 5."""
    least = max(100 * SMALLEST_COUNT / counted, FINEST_POINTS)
    power = 10.0 ** ceil(log10(least) - 1 - 1e-9)
    return next(round(k * power, 6) for k in (1, 2, 5, 10) if k * power >= least * (1 - 1e-9))


def most_moved(rows: pl.DataFrame) -> pl.DataFrame:
    """Of each check the largest effect that is shown, else why none is. Pure.

    A rounded nought has no definition: nothing says which of them it is of.
    """
    shown = pl.col("state") == State.SHOWN.value
    ranked = rows.sort(
        "check_id", shown, pl.col("effect_points").abs().fill_null(-1), descending=[False, True, True],
        maintain_order=True,
    ).unique("check_id", keep="first", maintain_order=True)  # fmt: skip
    is_moved = pl.col("effect_points") != 0
    return ranked.with_columns(
        pl.when(is_moved).then(pl.col(name)).alias(name) for name in ("condition", "definition")
    )


def digits(generation: Generation) -> Report:
    """Digit preference of blood pressures: share of whole readings that end in nought, by district of the facility.

    Rows: district (city: all; empty: not known), quantity (systolic, diastolic), numerator and denominator (readings),
    value with limits (Wilson, 95 %), ``index``: 100 where there is no preference, 1000 where every reading ends in
    nought (as Whipple's index of ages has it; Shryock and Siegel 1976). Fewer than 30 readings give no share.
    """
    need(generation, "mart_digit")
    return Report(
        title="Blood pressures that end in nought",
        rows=preference(generation.live.frame(read_sql("quality_digits"))).sort(
            pl.col("quantity") != "systolic", pl.col("district") != CITY, "district"
        ),
        about={"build": build_of(generation)},
        notes=("index: 100 without preference, 1000 where every reading ends in nought",),
        only_in_files=("confidence", "method"),
    )


def preference(counts: pl.DataFrame) -> pl.DataFrame:
    """The rows of :func:`digits`. ``counts``: district, quantity, numerator, denominator. Pure."""
    few = pl.col("denominator") < SMALLEST_DENOMINATOR
    rows = counts.with_columns(
        pl.when(few).then(pl.lit(State.SUPPRESSED.value)).otherwise(pl.lit(State.SHOWN.value)).alias("state"),
        pl.when(few)
        .then(pl.lit(Reason.SMALL_DENOMINATOR.value))
        .otherwise(pl.lit(None, pl.String))
        .alias("reason"),
    ).with_columns(
        pl.when(pl.col("state") == State.SHOWN.value).then(pl.col(name)).alias(name)
        for name in ("numerator", "denominator")
    )
    valued = with_interval(rows).with_columns((100 * pl.col("value") / EXPECTED_ZEROS).alias("index"))
    order = ("district", "quantity", "numerator", "denominator", "value", "lower", "upper", "index")
    return valued.select(*order, "confidence", "method", "state", "reason")


def completeness(generation: Generation) -> Report:
    """Share of records whose section is complete, by district and section, at the end of the newest complete quarter.

    Rows: district (city: all), section, numerator, denominator (records), value, state, reason. Where no section of any
    record was delivered all are not measurable: a nought would be a lie.
    """
    names = ("district", "section", "numerator", "denominator", "value", "state", "reason")
    by_place = answer(Question(measure="completeness", by=("district", "section")), generation).rows
    whole = answer(Question(measure="completeness", by=("section",)), generation).rows
    city = whole.with_columns(pl.lit(CITY).alias("district"))
    rows = pl.concat([city.select(names), by_place.select(names)])
    rows = rows if whole["numerator"].sum() else _unmeasured(rows)
    return Report(
        title=f"Records with each section complete, {catalogue(generation).newest.name}",
        rows=rows,
        about={"quarter": catalogue(generation).newest.name, "build": build_of(generation)},
    )


def _unmeasured(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(
        *(pl.lit(None, rows.schema[name]).alias(name) for name in ("numerator", "denominator", "value")),
        pl.lit(State.NO_DATA.value).alias("state"),
        pl.lit(Reason.NOT_MEASURABLE.value).alias("reason"),
    )


def coverage(generation: Generation) -> Report:
    """Register and record holders of the newest quarter beside the official count, by district.

    Rows: district (city: their sum; empty: people whose district is not known), official, registered, observed (seen in
    care, whatever for), holders (people), ``register_ratio`` and ``coverage`` (register and holders over the official
    count), ``findings`` of :data:`FINDINGS` and, where there is one, ``causes`` of :data:`CAUSES`, each a comma list.
    The official count is of the year nearest to the quarter.
    """
    live = generation.live
    official = live.frame(read_sql("quality_official"))
    seen = live.frame(read_sql("quality_observed")) if _has(generation, "mart_observed") else _NOBODY_OBSERVED
    quarter = catalogue(live).quarters[-1].name
    year = nearest_year(quarter, tuple(official["year"].to_list()))
    counts = live.frame(read_sql("quality_coverage"), {"year": year}).join(seen, on="district", how="left")
    counts = counts.sort(pl.col("district") != CITY, "district")
    senders = live.frame(read_sql("quality_senders")) if _has(generation, "mart_load") else pl.DataFrame()
    apart = 0 if year is None else abs(year - int(quarter[:4]))
    facts = {**register_facts(counts, senders), "years_apart": apart}
    source = [told for of, told in official.iter_rows() if of == year]
    return Report(
        title=f"Register, record holders and official count, {quarter}",
        rows=compared(counts, facts),
        about={
            "quarter": quarter, "official_year": year, "official_source": source[0] if source else None, **facts,
            "build": build_of(generation),
        },
        notes=(f"official count of {year}: {source[0]}",) if source else ("no official count in this build",),
        shares=("register_ratio", "coverage"),
    )  # fmt: skip


def coverage_by_unit(generation: Generation) -> Report:
    """Register, people seen in care and official count by unit of July 2025; the official one is an estimate.

    Columns :data:`_OF_UNITS`: ``apportioned`` of the registered people stand in the unit by a draw; ``is_whole``: the
    unit is made of whole wards; ``by_register``: the official count was shared out as the register is, so they agree.
    Raises UserError for a build of before people seen in care were counted.
    """
    need(generation, "mart_observed")
    live = generation.live
    official = live.frame(read_sql("quality_official"))
    year = nearest_year(catalogue(live).quarters[-1].name, tuple(official["year"].to_list()))
    counts = live.frame(read_sql("quality_coverage_unit"), {"year": year})
    names = {item.code: item.name for item in units()}
    rows = counts.with_columns(
        pl.col("unit").replace_strict(names, default=None, return_dtype=pl.String).alias("name"),
        (pl.col("registered") / pl.col("official")).alias("register_ratio"),
        pl.when(pl.col("official") > 0)
        .then(pl.lit(State.SHOWN.value))
        .otherwise(pl.lit(State.NO_DATA.value))
        .alias("state"),
        pl.when(pl.col("official") > 0)
        .then(None)
        .otherwise(pl.lit(Reason.NOT_MEASURABLE.value))
        .alias("reason"),
    )
    return Report(
        title="Register, people seen in care and official count by unit of July 2025",
        rows=rows.select(pl.col(name).cast(kind) for name, kind in _OF_UNITS.items()),
        about={"official_year": year, "build": build_of(generation)},
        notes=(
            "official: nobody counts units; an estimate from the count of the districts",
            "apportioned: people of wards that were divided, of whom the unit is drawn",
        ),
        shares=("register_ratio",),
        only_in_files=("reason", "is_whole"),
    )


def register_facts(counts: pl.DataFrame, senders: pl.DataFrame) -> dict[str, Any]:
    """What is known of the city's register as a whole, as shares of it. Pure.

    ``other_senders``: people brought by others than the largest sender; ``no_district``: people without a district.
    """
    brought = senders["people"].to_list() if "people" in senders.columns else []
    total = dict(counts.select("district", "registered").iter_rows())
    placeless = total.get(UNKNOWN) or 0
    registered = (total.get(CITY) or 0) + placeless
    return {
        "other_senders": sum(brought[1:]) / sum(brought) if sum(brought) else 0.0,
        "no_district": placeless / registered if registered else 0.0,
    }


def compared(counts: pl.DataFrame, facts: Mapping[str, Any]) -> pl.DataFrame:
    """The rows of :func:`coverage`. ``counts``: district, registered, holders, official. Pure."""
    rows = []
    has_register = bool(counts["registered"].sum())
    for row in counts.iter_rows(named=True):
        official = row["official"] or None
        findings = findings_of(row["registered"], row["holders"], official, has_register=has_register)
        rows.append(
            {
                **row,
                "register_ratio": row["registered"] / official if official else None,
                "coverage": row["holders"] / official if official else None,
                "findings": ", ".join(findings),
                "causes": ", ".join(causes_of(row, facts) if findings else ()),
                "state": (State.SHOWN if official else State.NO_DATA).value,
                "reason": None if official else Reason.NOT_MEASURABLE.value,
            }
        )
    return pl.DataFrame(rows, schema=_COVERED, orient="row")


def findings_of(
    registered: int, holders: int, official: int | None, *, has_register: bool = True
) -> tuple[str, ...]:
    """Of :data:`FINDINGS`, what holds of a place. ``has_register``: the build knows a register of anybody. Pure."""
    if not official:
        return ()
    holds = {
        OVER_100: holders > official,
        DIFFERS: has_register and abs(registered - official) > FAR * official,
    }
    return tuple(name for name in FINDINGS if holds[name])


def causes_of(row: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Of :data:`CAUSES`, what the data say of a place where something was found. Pure.

    A second sender can only make a register larger (the same people under another reference), people without a district
    only make those of the districts smaller; both are known of the city as a whole.
    """
    registered, official = row["registered"], row["official"]
    is_larger = registered > official
    holds = {
        "register_larger": is_larger,
        "register_smaller": registered > 0 and official - registered > FAR * official,
        "register_empty": registered == 0,
        "not_registered": row["holders"] > registered,
        "other_senders": is_larger and facts["other_senders"] >= MENTIONED,
        "no_district": 0 < registered < official
        and row["district"] != CITY
        and facts["no_district"] >= MENTIONED,
        "other_year": facts["years_apart"] > 0,
    }
    return tuple(name for name in CAUSES if holds[name])


def _has(generation: Generation, mart: str) -> bool:
    return mart in generation.manifest.get("fingerprints", {})
