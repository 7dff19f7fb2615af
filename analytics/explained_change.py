"""Why a share of cases changed from one quarter to another, from the marts of one build or of two.

The share is that of the cases among record holders tested (the crude share). Strata are sex x age group; every count is
a protected cell of the lattice, so the parts add up exactly to the change of the shares shown here, which may differ in
the last digit from an answer made of one larger cell. The order of the parts is that of :mod:`analytics.decomposition`
and matters. Late data: the first quarter in a later vintage. Two vintages cannot tell late data from a
changed definition or boundary; where those changed too, they are one part and are named together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.ages import FIVE_YEARS, AgeBand, MartAges, parse_age_band
from analytics.catalogue import Quarter, Variant, catalogue
from analytics.decomposition import STATUSES, composition_and_rate, split_rate, staged
from analytics.disclosure import SMALLEST_DENOMINATOR, Kind, State, protect
from analytics.generation import Generation, noise_of, read_sql
from analytics.lattice import PROTECTED, lattice, lattice_ages
from analytics.plan import SEXES
from analytics.question import DEFAULT_DEFINITION, choose, quarter_number
from analytics.reference import published_ages
from analytics.report import Report, build_of, dimensions
from warehouse.errors import UserError

STRATA = ("sex", "age_from")
ORDER = "order: late data, definition, boundary, composition, rate (the same people, then who came or went)"
_TESTED = ("non_case", "case")


@dataclass(frozen=True)
class _Time:
    """One quarter in one build, for one definition."""

    generation: Generation
    variant: Variant
    quarter: Quarter
    by_district: bool

    def parameters(self) -> dict[str, Any]:
        strata = strata_of(self.variant, catalogue(self.generation).ages)
        return {
            "quarter_index": self.quarter.index,
            "by_district": self.by_district,
            "age_from": [start for _, starts in strata for start in starts],
            "stratum": [first for first, starts in strata for _ in starts],
        }

    def cells(self) -> pl.DataFrame:
        """Protected strata of each unit with the state of the unit: cells of the lattice and nothing else."""
        known = catalogue(self.generation)
        strata = strata_of(self.variant, known.ages)
        cells = lattice_ages(known.ages, self.variant.age_from, self.variant.age_to)
        first = {label: min(edges) for label, edges in cells if (min(edges), tuple(sorted(edges))) in strata}
        level = "district" if self.by_district else "city"
        measures = (self.variant.measure_id, self.variant.denominator_id)
        found = lattice(self.generation, measures, level, (self.quarter.index,), cells)
        chosen = found.filter(pl.col("sex").is_in(list(SEXES)), pl.col("ages").is_in(list(first)))
        coded = chosen.with_columns(
            pl.col("sex").replace_strict(SEXES, return_dtype=pl.Int8),
            pl.col("ages").replace_strict(first, return_dtype=pl.Int16).alias("age_from"),
            *([] if self.by_district else [pl.lit(None, pl.String).alias("district")]),
        )
        columns = ("district", *STRATA, *PROTECTED)
        return protect(coded.select(columns), by=["district"], strata=STRATA, kind=Kind.HEALTH)


def strata_of(variant: Variant, ages: MartAges) -> list[tuple[int, tuple[int, ...]]]:
    """First age of each stratum with its mart bands, from the youngest on.

    A stratum is the narrowest published group of more than five years, else a band of the marts.
    """
    named = [parse_age_band(text) for text in published_ages()]
    groups = [band for band in named if band.last is None or band.last - band.first >= FIVE_YEARS]
    last = ages.starts[-1] if variant.age_to is None else variant.age_to
    found: list[tuple[int, tuple[int, ...]]] = []
    at: int | None = variant.age_from
    while at is not None and at <= last:
        here = [band for band in groups if band.first == at and (band.last or last) <= last]
        band = min(here, key=lambda one: one.last or 200, default=AgeBand(at, ages.band(at).last))
        if band.last is None and variant.age_to is not None:
            band = ages.band(at)
        found.append((at, ages.compose(band)))
        at = None if band.last is None else band.last + 1
    return found


def change(
    generation: Generation,
    *,
    condition: str,
    definition: str | None,
    first: str,
    last: str,
    by: str = "",
    older: Generation | None = None,
    vintage: int | None = None,
) -> Report:
    """The change of a share from quarter ``first`` to ``last``, in parts; both of frozen quarters.

    ``first`` as it was published in the build ``older``, or in an earlier ``vintage``, where one is given. Rows:
    district, part (before, the parts in their order, after), value, state, reason. Raises UserError naming what can be
    asked.
    """
    by_district = bool(dimensions(by, ("district",)))
    end = _time(generation, condition, definition, last, by_district)
    start = _time(generation, condition, definition, first, by_district)
    if start.quarter.name >= end.quarter.name:
        raise UserError(
            "the change ends before it starts", field="from", value=first, expected=f"before {last}"
        )
    seen = start
    if older is not None or vintage is not None:
        seen = _time(older or generation, condition, definition, first, by_district, vintage)
    rows = _rows(seen, start, end)
    about = {
        "definition": {
            "id": condition,
            "variant": end.variant.variant,
            "version": end.variant.version,
            "version_before": seen.variant.version,
        },
        "from": first,
        "to": last,
        "from_build": build_of(seen.generation),
        "build": build_of(generation),
    }
    title = f"change of {condition} {end.variant.variant}, {first} to {last} (points)"
    return Report(title, rows, about, (ORDER,))


def _time(
    generation: Generation,
    condition: str,
    definition: str | None,
    quarter: str,
    by_district: bool,
    vintage: int | None = None,
) -> _Time:
    generation = generation.frozen
    known = catalogue(generation)
    variants = known.variants_of(choose(condition, known.conditions, field="condition"))
    name = choose(definition or DEFAULT_DEFINITION, [item.variant for item in variants], field="definition")
    published = known.quarters if vintage is None else known.vintages
    quarters = {item.name: item for item in published if vintage in (None, item.vintage)}
    found = quarters[choose(quarter, list(quarters), field="period")]
    return _Time(generation, next(item for item in variants if item.variant == name), found, by_district)


def _rows(seen: _Time, start: _Time, end: _Time) -> pl.DataFrame:
    """All rows of all units; a unit that may not be shown at one of the times has no number at all."""
    cells = [seen.cells(), start.cells() if start is not seen else None, end.cells()]
    times = [frame for frame in cells if frame is not None]
    moves = _transitions(start, end)
    stage = _stage(seen, start)
    units = sorted(
        {unit for frame in times for unit in frame["district"].to_list()}, key=lambda one: one or ""
    )
    rows: list[tuple[Any, ...]] = []
    for unit in units:
        own = [frame.filter(pl.col("district").eq_missing(pl.lit(unit))) for frame in times]
        state, reason = _state(own)
        parts: Mapping[str, float | None] = dict.fromkeys(("before", "after"))
        if state == State.SHOWN.value:
            moved = None if moves is None else moves.filter(pl.col("district").eq_missing(pl.lit(unit)))
            parts = _parts(own, moved, stage)
        rows += [(unit, part, value, state, reason) for part, value in parts.items()]
    schema = {
        "district": pl.String,
        "part": pl.String,
        "value": pl.Float64,
        "state": pl.String,
        "reason": pl.String,
    }
    found = pl.DataFrame(rows, schema=schema, orient="row")
    return found if end.by_district else found.drop("district")


def _state(own: list[pl.DataFrame]) -> tuple[str, str | None]:
    """The first time that is not shown decides; a unit nobody is counted in at a time has no data."""
    for frame in own:
        if frame.is_empty():
            return State.NO_DATA.value, "nobody_counted"
        if frame["state"][0] != State.SHOWN.value:
            return frame["state"][0], frame["reason"][0]
    return State.SHOWN.value, None


def _parts(own: list[pl.DataFrame], moved: pl.DataFrame | None, stage: str) -> dict[str, float]:
    """``before``, each part, ``after``: the first and the parts add up to the last."""
    first, again, last = own[0], own[-2], own[-1]
    before = _share(first)
    parts = {"before": before}
    if len(own) > 2:
        parts[stage] = staged(before, {"late_data": _share(again)})["late_data"]
    both = composition_and_rate(_counts(again), _counts(last), strata=STRATA)
    parts["composition"] = both["composition"]
    if moved is not None and _stayed(moved) >= SMALLEST_DENOMINATOR:
        parts |= split_rate(both["rate"], moved, strata=STRATA)
    else:
        parts["rate"] = both["rate"]
    return {**parts, "after": _share(last)}


def _share(cells: pl.DataFrame) -> float:
    return int(cells["numerator"].sum()) / int(cells["denominator"].sum())


def _counts(cells: pl.DataFrame) -> pl.DataFrame:
    return cells.select(*STRATA, "numerator", "denominator")


def _stayed(moved: pl.DataFrame) -> int:
    """People tested at both times."""
    both = pl.col("before").is_in(_TESTED) & pl.col("after").is_in(_TESTED)
    return int(moved.filter(both)["people"].sum())


def _transitions(start: _Time, end: _Time) -> pl.DataFrame | None:
    """Protected cells of who moved from which status to which; None where these two quarters are not counted so."""
    if "mart_transition" not in end.generation.manifest.get("fingerprints", {}):
        return None
    asked = {
        **end.parameters(),
        "measure_id": end.variant.measure_id,
        "lag": quarter_number(end.quarter.name) - quarter_number(start.quarter.name),
    }
    found = end.generation.frame(read_sql("transition_cells"), asked)
    if found.is_empty():
        return None
    shown = noise_of(end.generation).protect(found, [("people", "people_key")])
    names = dict(enumerate(STATUSES))
    return shown.select(
        "district",
        *STRATA,
        pl.col("status_before").replace_strict(names, return_dtype=pl.String).alias("before"),
        pl.col("status_after").replace_strict(names, return_dtype=pl.String).alias("after"),
        "people",
    )


def _stage(seen: _Time, start: _Time) -> str:
    """What may have changed between two builds for the first quarter: late data, and what else differs, together."""
    changed = ["late_data"]
    if seen.variant.version != start.variant.version:
        changed.append("definition")
    if start.by_district and not _places(seen.generation).equals(_places(start.generation)):
        changed.append("boundary")
    return "_and_".join(changed)


def _places(generation: Generation) -> pl.DataFrame:
    return generation.frame(read_sql("catalogue_place"))
