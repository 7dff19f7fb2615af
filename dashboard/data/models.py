"""What the models page asks: the estimates beside a known truth, the fits, what definitions get wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import polars as pl

from analytics.accuracy import accuracy as measured
from analytics.fits import fits as fitted
from analytics.generation import Generation
from analytics.score import CITY, against_truth, scored, trust
from analytics.truth import has_truth
from dashboard import catalogue
from dashboard.access import Viewer
from dashboard.data import source
from dashboard.selection.base import Build
from dashboard.selection.models import ModelsOpened, ModelsSelection, Subject, resolve
from warehouse.errors import UserError


def open_page(query: Mapping[str, str], viewer: Viewer, language: str) -> ModelsOpened | None:
    """The build a query names (else the current one) and the query resolved; None where there is nothing to show."""
    if not source.has_build():
        return None
    generation, fallbacks = source.asked_generation(query)
    conditions = _conditions(generation, language)
    if not conditions or not catalogue.read(generation).quarters:
        return None
    selection, more = resolve(
        query, build=generation.build_id, conditions=list(conditions), language=language
    )
    return ModelsOpened(
        **source.shared(query, generation, viewer, language, of_build=fallbacks, of_choices=more),
        selection=selection,
        conditions=conditions,
    )


def read_selection(store: Mapping[str, str], viewer: Viewer) -> ModelsSelection:
    """The selection a browser sent, checked anew."""
    generation, _ = source.asked_generation(store)
    language = source.stored_language(store)
    conditions = list(_conditions(generation, language))
    return resolve(store, build=generation.build_id, conditions=conditions, language=language)[0]


def build(selection: ModelsSelection) -> Build:
    """The build of a selection as a page names it."""
    return source.describe(source.generation(selection.build))


def conditions(selection: ModelsSelection) -> Mapping[str, str]:
    """Conditions that are corrected, by name."""
    return _conditions(source.generation(selection.build), selection.language)


def subject(selection: ModelsSelection) -> Subject:
    """The condition by its preferred definition, and the newest published quarter."""
    known = catalogue.read(source.generation(selection.build))
    variant = next(item for item in known.variants[selection.condition] if item.is_corrected)
    side = source.side(selection.language)
    return Subject(
        condition=variant.condition_names[side],
        definition=variant.names[side],
        variant=variant.variant,
        version=variant.version,
        quarter=known.quarters[0],
    )


def knows_truth(selection: ModelsSelection) -> bool:
    """Whether the truth lies beside the estimates of this build."""
    return _answers(source.generation(selection.build)) is not None


def answers(selection: ModelsSelection, viewer: Viewer, *, quarter: str | None = None) -> pl.DataFrame:
    """Every estimate of the condition beside its truth, of the city and the districts the viewer may see.

    Columns of :func:`analytics.score.against_truth` and ``name``; no rows where no truth is known.
    """
    known = _answers(source.generation(selection.build))
    if known is None:
        return pl.DataFrame(schema=dict.fromkeys(("estimator", "quarter", "level"), pl.String))
    rows = known.filter(
        pl.col("condition") == selection.condition,
        pl.col("definition") == subject(selection).variant,
        pl.col("district").is_in([CITY, *source.visible(viewer)]),
    )
    if quarter is not None:
        rows = rows.filter(pl.col("quarter") == quarter)
    names = {code: name for code, name, _ in source.names(selection.language)}
    names[CITY] = source.place_name(None, selection.language)
    return rows.with_columns(pl.col("district").replace_strict(names).alias("name"))


def scores(
    selection: ModelsSelection, viewer: Viewer, by: Sequence[str], *, quarter: str | None = None
) -> pl.DataFrame:
    """Scores of every rung, columns of :func:`analytics.score.scored`; no rows where no truth is known.

    ``trust``, ``trust_reason``: how far it may be relied on, and why (:func:`analytics.score.trust`).
    """
    rows = answers(selection, viewer, quarter=quarter)
    if rows.is_empty():
        return rows
    found = scored(rows, by)
    judged = [trust(row) for row in found.to_dicts()]
    return found.with_columns(
        pl.Series("trust", [level.value if level else "none" for level, _ in judged]),
        pl.Series("trust_reason", [reason for _, reason in judged]),
    )


def fits(selection: ModelsSelection) -> pl.DataFrame:
    """The fits of the condition's definition, newest quarter first."""
    rows = fitted(source.generation(selection.build))
    return rows.filter(
        pl.col("condition") == selection.condition, pl.col("definition") == subject(selection).variant
    )


def accuracy(selection: ModelsSelection) -> pl.DataFrame:
    """What the definition gets wrong, from people examined again, by age; no rows where nobody was."""
    of = source.generation(selection.build)
    try:
        rows = measured(of, condition=selection.condition).rows
    except UserError:
        # A build made before examinations were read.
        return pl.DataFrame(schema={"definition": pl.String})
    return rows.filter(pl.col("definition") == subject(selection).variant)


@lru_cache(maxsize=8)
def _answers(of: Generation) -> pl.DataFrame | None:
    """Every answer of a build beside its truth; None where none is known."""
    return against_truth(of) if has_truth(of) else None


def _conditions(of: Generation, language: str) -> dict[str, str]:
    side = source.side(language)
    return {
        condition: items[0].condition_names[side]
        for condition, items in catalogue.read(of).variants.items()
        if any(item.is_corrected for item in items)
    }
