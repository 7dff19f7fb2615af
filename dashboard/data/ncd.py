"""The numbers of the page of non-communicable diseases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from analytics import benchmark
from analytics import truth as truths
from analytics.disclosure import Reason
from analytics.generation import Generation
from analytics.question import DEFAULT_STANDARD, Question
from analytics.readiness import readiness as judged
from analytics.reference import CutOff, classes_of, schemes
from dashboard import catalogue
from dashboard.access import Viewer
from dashboard.data import source, units
from dashboard.data.source import Row, estimate
from dashboard.selection.base import Build
from dashboard.selection.ncd import (
    CORRECTED,
    ESTIMATORS,
    MATRIX,
    SEXES,
    TRUTHS,
    WIDE_BANDS,
    Choices,
    Indicator,
    NcdOpened,
    NcdSelection,
    Readiness,
    Scheme,
    Subject,
    resolve,
)
from dashboard.words import words
from warehouse.errors import Defect

#: The words for why a published result is compared with nothing; what a refusal says is in the downloaded table alone.
_WHY_NOT_COMPARED = {
    **{reason: f"survey.why_{reason}" for reason in benchmark.REASONS},
    **{reason.value: f"reason.{reason.value}" for reason in Reason},
}


def open_page(query: Mapping[str, str], viewer: Viewer, language: str) -> NcdOpened | None:
    """The build a query names (else the current one), what can be chosen in it, and the query resolved.

    None where nothing has been published: no build, or no quarter of it yet.
    """
    if not source.has_build():
        return None
    generation, fallbacks = source.asked_generation(query)
    if not catalogue.read(generation).frozen:
        return None
    selection, more = resolve(query, _choices(generation, viewer), language)
    known, side = catalogue.read(generation), source.side(language)
    return NcdOpened(
        **source.shared(query, generation, viewer, language, of_build=fallbacks, of_choices=more),
        selection=selection,
        conditions=[
            source.option(name, items[0].condition_names[side]) for name, items in known.of_adults.items()
        ],
        variants={
            name: [source.option(item.variant, item.names[side]) for item in items]
            for name, items in known.of_adults.items()
        },
        periods=known.quarters,
        has_truth=truths.has_truth(generation),
    )


def read_selection(store: Mapping[str, str], viewer: Viewer) -> NcdSelection:
    """The selection a browser sent, checked anew: what is not allowed becomes the default, never an answer."""
    generation, _ = source.asked_generation(store)
    return resolve(store, _choices(generation, viewer), source.stored_language(store))[0]


def by_district(selection: NcdSelection, viewer: Viewer, *, confidence: float = 0.95) -> pl.DataFrame:
    """One row per district the viewer may see, with its names; a district without an answer is ``no_data``."""
    rows = _ask(selection, viewer, by=("district",), districts=viewer.scope, confidence=confidence)
    return source.by_place(rows, viewer, selection.language)


def places(selection: NcdSelection, viewer: Viewer, *, confidence: float = 0.95) -> pl.DataFrame:
    """A frame of places: districts, or the units of July 2025, of which only those of whole wards have a number."""
    if selection.mapped == "district":
        return by_district(selection, viewer, confidence=confidence)
    rows = _ask(selection, viewer, by=("unit",), confidence=confidence)
    return units.by_place(rows, source.generation(selection.build), viewer, selection.language)


def city(selection: NcdSelection, viewer: Viewer) -> Row:
    """The estimate of the whole city, which every scope sees."""
    rows = _ask(selection, viewer).to_dicts()
    return estimate(rows[0] if rows else None)


def place(selection: NcdSelection, viewer: Viewer) -> Row | None:
    """The chosen district's row of :func:`by_district`; None for the whole city."""
    if selection.district is None:
        return None
    return by_district(selection, viewer).filter(pl.col("district") == selection.district).row(0, named=True)


def by_age_and_sex(selection: NcdSelection, viewer: Viewer, district: str | None) -> pl.DataFrame:
    """``sex``, ``age_band`` and an estimate of the city or one district. Crude, whatever the selection.

    The city comes in bands of five years, a district in wide ones.
    """
    scope = _scope(viewer, district)
    bands = WIDE_BANDS[selection.ages] if district else None
    rows = _ask(selection, viewer, by=("sex", "age_band"), districts=scope, crude=True, age_bands=bands)
    return rows.filter(pl.col("sex") != "unknown")


def by_quarter(selection: NcdSelection, viewer: Viewer, district: str | None) -> pl.DataFrame:
    """``quarter`` and an estimate of the city or one district, oldest first."""
    quarters = sorted(catalogue.read(source.generation(selection.build)).quarters)
    period = f"{quarters[0]}..{quarters[-1]}"
    return _ask(selection, viewer, by=("quarter",), districts=_scope(viewer, district), period=period)


def by_estimator(
    selection: NcdSelection, viewer: Viewer, district: str | None
) -> list[tuple[str, pl.DataFrame]]:
    """Each estimator's :func:`by_quarter`, from raw to modelled."""
    return [(name, by_quarter(replace(selection, estimator=name), viewer, district)) for name in ESTIMATORS]


def truth(selection: NcdSelection, viewer: Viewer, district: str | None) -> pl.DataFrame:
    """``quarter`` and ``value`` of what is really so; no rows unless a synthetic build knows it and it is asked."""
    _scope(viewer, district)
    known = _truth(selection, district)
    return known if selection.truth == TRUTHS[0] else known.clear()


def _truth(selection: NcdSelection, district: str | None) -> pl.DataFrame:
    """The same, whether or not it is asked."""
    return truths.truth(
        source.generation(selection.build),
        selection.condition,
        selection.variant,
        ages=selection.ages,
        sex=None if selection.sex == "both" else selection.sex,
        district=district,
    )


def readiness(selection: NcdSelection, viewer: Viewer) -> Readiness:
    """Of the number in the headline, with the course of its own estimator."""
    rows = {row["quarter"]: row for row in by_quarter(selection, viewer, None).to_dicts()}
    earlier = [quarter for quarter in sorted(rows) if quarter < selection.period]
    before = rows[earlier[-1]] if earlier else None
    found = judged(
        rows[selection.period],
        before,
        truth=_true_value(selection),
        simpler=_simpler_values(selection, viewer),
        of_insured=subject(selection).denominator == "insured",
        surveys=_verdicts(selection, viewer),
    )
    return Readiness(level=found.level.value, reasons=found.reasons)


def surveys(selection: NcdSelection, viewer: Viewer) -> pl.DataFrame:
    """Published results for the condition beside the city's estimates: both sexes first, all ages (``18+``) first.

    Columns of :func:`analytics.benchmark.against_surveys`, ``name`` of the definition compared, and ``why`` a result
    is compared with nothing: a key of the words. By the chosen estimator where surveys can judge it, else by the
    corrected one.
    """
    viewer.require_health_numbers()
    asked = selection.estimator if selection.estimator in benchmark.ESTIMATORS else benchmark.ESTIMATORS[-1]
    generation, side = source.generation(selection.build), source.side(selection.language)
    names = {
        f"{item.condition}/{item.variant}": item.names[side]
        for items in catalogue.read(generation).of_adults.values()
        for item in items
    }
    rows = benchmark.compared(generation, selection.condition, asked)
    order = pl.col("sex").replace_strict(
        {sex: place for place, sex in enumerate(SEXES)}, return_dtype=pl.Int8
    )
    return rows.with_columns(
        pl.col("definition").replace_strict(names, default=pl.col("definition")).alias("name"),
        pl.when(pl.col("verdict").is_null())
        .then(pl.col("reason").replace_strict(_WHY_NOT_COMPARED, default="survey.why_not_asked"))
        .alias("why"),
    ).sort("study", "definition", order, "age_band")


def _verdicts(selection: NcdSelection, viewer: Viewer) -> list[str | None]:
    """What surveys say of the chosen estimator; nothing of one that their definitions cannot be asked by."""
    verdicts: list[str | None] = surveys(selection, viewer)["verdict"].to_list()
    return verdicts if selection.estimator in benchmark.ESTIMATORS else [None] * len(verdicts)


def _true_value(selection: NcdSelection) -> float | None:
    """Of the city in the chosen quarter, whether or not the page shows it; None on real data."""
    rows = _truth(selection, None).filter(pl.col("quarter") == selection.period)
    return rows["value"].item() if rows.height else None


def _simpler_values(selection: NcdSelection, viewer: Viewer) -> list[float]:
    """The city's values by the estimators below the chosen one."""
    below = ESTIMATORS[: ESTIMATORS.index(selection.estimator)]
    rows = [city(replace(selection, estimator=name), viewer) for name in below]
    return [row["value"] for row in rows if row["state"] == "shown"]


def distribution(
    selection: NcdSelection, viewer: Viewer, district: str | None, *, classes: str | None = None
) -> pl.DataFrame:
    """``bin_from``, ``bin_to`` and an estimate: fine bins, or the classes of one scheme of cut-offs."""
    viewer.require_health_numbers()
    scope = _scope(viewer, district)
    question = Question(
        measure="distribution",
        quantity=selection.quantity,
        classes=classes,
        by=("bin",),
        period=selection.period,
        ages=selection.ages,
        where=_where(scope, selection.sex),
    )
    return source.answered(source.generation(selection.build), question)


def schemes_of(selection: NcdSelection) -> tuple[Scheme, ...]:
    """The schemes of cut-offs of the chosen quantity, with the names of their classes."""
    side = source.side(selection.language)
    return tuple(
        Scheme(
            quantity=selection.quantity,
            scheme=scheme,
            names=tuple(
                (item.name_vi, item.name_en)[side] for item in classes_of(selection.quantity, scheme)
            ),
            starts=tuple(item.start for item in classes_of(selection.quantity, scheme)),
            source=_sources(classes_of(selection.quantity, scheme)),
        )
        for scheme in schemes(selection.quantity)
    )


def _sources(classes: Sequence[CutOff]) -> str:
    """The sources of some classes, each named once."""
    return "; ".join(dict.fromkeys(part for item in classes for part in item.source.split("; ")))


def matrix(selection: NcdSelection, viewer: Viewer) -> list[Indicator]:
    """Every indicator of the overview: the city's estimate, the places' at 95 and at 99.8 per cent; coverage last."""
    known = catalogue.read(source.generation(selection.build))
    side = source.side(selection.language)
    found = []
    for condition, variant in MATRIX:
        if variant not in [item.variant for item in known.variants.get(condition, ())]:
            continue
        asked = replace(selection, condition=condition, variant=variant)
        item = known.variant(condition, variant)
        found.append(
            Indicator(
                indicator=f"{condition}/{variant}",
                name=_indicator_name(item, side),
                version=item.version,
                city=city(asked, viewer),
                rows=places(asked, viewer),
                wide=places(asked, viewer, confidence=0.998),
            )
        )
    return [*found, _coverage(selection, viewer)]


def matrix_versions(selection: NcdSelection) -> list[tuple[str, str]]:
    """Name and version of the definition file of each condition of the matrix."""
    known = catalogue.read(source.generation(selection.build))
    side = source.side(selection.language)
    found = {
        items[0].condition_names[side]: items[0].version
        for name, items in known.variants.items()
        if name in [condition for condition, _ in MATRIX]
    }
    return list(found.items())


def _indicator_name(item: catalogue.Variant, side: int) -> str:
    """Condition and definition; a class of body mass index says by itself what it is."""
    definition = item.names[side]
    return definition if item.condition == "bmi" else f"{item.condition_names[side]}: {definition}"


def _coverage(selection: NcdSelection, viewer: Viewer) -> Indicator:
    """Share of people with a record: a complete count of the same quarter, ages and sex."""
    generation = source.generation(selection.build)

    def ask(by: tuple[str, ...], districts: tuple[str, ...] | None = None) -> pl.DataFrame:
        question = Question(
            measure="coverage",
            by=by,
            period=selection.period,
            ages=selection.ages,
            where=_where(districts, selection.sex),
        )
        return source.answered(generation, question)

    rows = ask(()).to_dicts()
    by_place = (
        units.by_place(ask(("unit",)), generation, viewer, selection.language)
        if selection.mapped == "unit"
        else source.by_place(ask(("district",), viewer.scope), viewer, selection.language)
    )
    return Indicator(
        indicator="coverage",
        name=words(selection.language)("matrix.coverage"),
        city=estimate(rows[0] if rows else None),
        rows=by_place,
        wide=None,
    )


def subject(selection: NcdSelection) -> Subject:
    """What the number is about, in the selection's language."""
    side = source.side(selection.language)
    offered = catalogue.read(source.generation(selection.build))
    known = offered.variant(selection.condition, selection.variant)
    frozen = offered.frozen[selection.period]
    return Subject(
        condition=known.condition_names[side],
        definition=known.names[side],
        description=known.descriptions[side],
        source=known.source,
        version=known.version,
        denominator=known.denominator,
        age_from=known.age_from,
        known_at=frozen.known_at,
        vintage=frozen.vintage,
        reason=frozen.reason,
    )


def build(selection: NcdSelection) -> Build:
    """The build of a selection as a page names it."""
    return source.describe(source.generation(selection.build))


def _scope(viewer: Viewer, district: str | None) -> tuple[str, ...] | None:
    """The districts a question is restricted to; None is the whole city, which every scope sees."""
    if district is None:
        return None
    if not viewer.sees(district):
        raise Defect("a district outside the viewer's scope was asked for")
    return (district,)


def _where(districts: tuple[str, ...] | None, sex: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return source.where(district=districts, sex=None if sex == "both" else (sex,))


def _ask(
    selection: NcdSelection,
    viewer: Viewer,
    *,
    by: tuple[str, ...] = (),
    districts: tuple[str, ...] | None = None,
    crude: bool = False,
    confidence: float = 0.95,
    period: str | None = None,
    age_bands: str | None = None,
) -> pl.DataFrame:
    """One question to analytics: the selection's, split ``by`` some dimensions, restricted to ``districts``."""
    viewer.require_health_numbers()
    generation = source.generation(selection.build)
    estimator = "crude" if crude else selection.estimator
    asked = catalogue.read(generation).variant(selection.condition, selection.variant)
    is_blank = estimator in CORRECTED and not asked.is_corrected
    question = Question(
        condition=selection.condition,
        definition=selection.variant,
        by=by,
        period=period or selection.period,
        estimator="crude" if is_blank else estimator,
        standard=selection.standard if estimator == "standardised" else DEFAULT_STANDARD,
        ages=selection.ages,
        age_bands=age_bands,
        where=_where(districts, selection.sex),
        confidence=confidence,
    )
    rows = source.answered(generation, question)
    return _not_corrected(rows, estimator) if is_blank else rows


def _not_corrected(rows: pl.DataFrame, estimator: str) -> pl.DataFrame:
    """Rows of a definition that does not say who is known from claims: an honest blank, never the crude number."""
    numbers = ("numerator", "denominator", "value", "lower", "upper")
    return rows.with_columns(
        *(pl.lit(None, rows.schema[name]).alias(name) for name in numbers),
        pl.lit("not_defined").alias("state"),
        pl.lit("not_corrected").alias("reason"),
        pl.lit(estimator).alias("estimator"),
    )


def _choices(generation: Generation, viewer: Viewer) -> Choices:
    known = catalogue.read(generation)
    return Choices(
        build=generation.build_id,
        variants={name: tuple(item.variant for item in items) for name, items in known.of_adults.items()},
        periods=known.quarters,
        districts=source.visible(viewer),
        has_units=units.has_units(generation),
    )


def short_names(selection: NcdSelection, viewer: Viewer) -> list[tuple[str, str]]:
    """Code and short name of every place of the matrix the viewer may see; units district by district, with stars."""
    if selection.mapped == "district":
        return list(source.short_names(viewer, selection.language).items())
    named = units.marked(source.generation(selection.build), viewer)
    return [(code, named[code]) for code in units.by_home(named)]


def place_name(selection: NcdSelection) -> str:
    """The chosen district, or the whole city, by name."""
    return source.place_name(selection.district, selection.language)


def filters(selection: NcdSelection) -> dict[str, str]:
    """Everything that was chosen: label and value, in the selection's language."""
    text, about = words(selection.language), subject(selection)
    found = {
        "condition": about.condition,
        "variant": f"{about.definition} ({about.version})",
        "estimator": text(f"estimator.{selection.estimator}"),
        "ages": text(f"ages.{selection.ages}"),
        "sex": text(f"sex.{selection.sex}"),
        "period": text.quarter(selection.period),
        "geography": text(f"geography.{selection.mapped}"),
        "district": place_name(selection),
    }
    if selection.estimator == "standardised":
        found["standard"] = text(f"standard.{selection.standard}")
    return {text(f"control.{name}"): value for name, value in found.items()}
