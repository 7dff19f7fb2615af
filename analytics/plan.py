"""What a question means in one generation: every word checked, every default filled in. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analytics import modelled, standardise, two_part
from analytics.ages import AgeBand, MartAges, parse_age_band, parse_age_bands, span
from analytics.catalogue import Catalogue, Holder, Quarter, Variant
from analytics.disclosure import Kind
from analytics.indicator import CORRECTED, Indicator, Section, indicators
from analytics.question import DEFAULT_DEFINITION, Question, choose, parse_period
from analytics.rates import PROPORTION_METHODS
from analytics.reference import PHASES, CutOff, classes_of, published_ages, quantities, schemes
from warehouse.errors import UserError
from warehouse.geography import whole_units

SEXES = {"male": 1, "female": 2, "unknown": 0}
#: Interval of measures that are complete counts: none.
COUNT = "count"
#: The role that every cascade has, and nothing else.
CASCADE = "treated"
DEFAULT_METHOD = "wilson"
#: What a place was until the units of July 2025 came.
OLD_GEOGRAPHY = {"district", "ward"}
#: Everything below the whole city.
PLACES = ("district", "ward", "unit")
#: Blood pressure below this age is not judged by the limits of adults.
ADULT = 18


@dataclass(frozen=True)
class AgeGroup:
    """One age band of the answer, the strata it is summed (or standardised) over, and whether it is defined."""

    band: AgeBand
    strata: tuple[AgeBand, ...]
    is_defined: bool


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A question that is known to be answerable. Empty tuples of values mean no restriction."""

    question: Question
    indicator: Indicator
    kind: Kind
    variant: Variant | None
    holder: Holder | None
    quarters: tuple[Quarter, ...]
    ages: tuple[AgeGroup, ...]
    sections: tuple[Section, ...]
    classes: tuple[CutOff, ...]
    method: str
    #: Units whose health numbers are withheld.
    closed_units: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of ``by`` in the answer: a bin is told by its two edges."""
        return tuple(
            column
            for name in self.question.by
            for column in (("bin_from", "bin_to") if name == "bin" else (name,))
        )

    @property
    def is_protected(self) -> bool:
        """Whether the counts carry noise: health facts, but for exact access."""
        return self.kind is Kind.HEALTH and not self.question.exact

    @property
    def tells_weeks_of_places(self) -> bool:
        """Whether it asks for a health fact by week below the whole city, which is answered for nobody."""
        return self.is_protected and "week" in self.question.by and any(self.uses(name) for name in PLACES)

    def uses(self, name: str) -> bool:
        """Whether cells must be told apart by ``name``: shown by it or filtered on it."""
        return _uses(self.question, name)


def _uses(question: Question, name: str) -> bool:
    return name in question.by or bool(question.only(name))


def reads_frozen(question: Question) -> bool:
    """Whether a question is answered from frozen quarters: health facts of people, but for exact counts of today."""
    if question.vintage is not None:
        return True
    indicator = indicators().get(question.measure)
    if indicator is None or question.exact:
        return False
    return indicator.needs_condition or indicator.of_quantity


def resolve(question: Question, known: Catalogue) -> Plan:
    """Check a question against a generation. Raises UserError that names the allowed values."""
    indicator = _indicator(question)
    _check_dimensions(question, indicator, known)
    _check_quantity(question, indicator)
    variant = _variant(question, indicator, known) if indicator.needs_condition else None
    if question.estimator not in indicator.estimators:
        choose(question.estimator, indicator.estimators, field="estimator")
    if question.estimator in CORRECTED and variant is not None:
        _check_frame(question, variant, known)
    kind = _kind(question, indicator)
    return Plan(
        question=question,
        indicator=indicator,
        kind=kind,
        variant=variant,
        holder=known.holder,
        quarters=_quarters(question, known),
        ages=_ages(question, indicator, known, variant),
        sections=_sections(question, indicator),
        classes=classes_of(question.quantity or "", question.classes or ""),
        method=_method(question, indicator),
        closed_units=_closed_units(question, kind, known),
    )


def _indicator(question: Question) -> Indicator:
    known = indicators()
    indicator = known[choose(question.measure, tuple(known), field="measure", action="See hssk query --list")]
    if not indicator.needs_condition and question.condition is not None:
        raise UserError(
            f"{indicator.id} is not about a condition",
            field="condition",
            value=question.condition,
            expected="no condition",
        )
    return indicator


def _check_dimensions(question: Question, indicator: Indicator, known: Catalogue) -> None:
    _check_geography(question, known)
    for name in question.by:
        choose(name, indicator.by, field="by", action=f"{indicator.id} is not counted by anything else")
    for name, values in question.where:
        choose(name, indicator.where, field="where", action=f"{indicator.id} is not counted by anything else")
        for value in values:
            choose(value, _values(name, indicator, known), field=name)
    _check_wards(question, known)


def _check_geography(question: Question, known: Catalogue) -> None:
    """Districts and wards, or the units of July 2025: a place that is both is no place of either."""
    named = {*question.by, *(name for name, _ in question.where)}
    if "unit" not in named:
        return
    if named & OLD_GEOGRAPHY:
        raise UserError(
            "a question is by one geography",
            field="by",
            value=", ".join(sorted(named & {"unit", *OLD_GEOGRAPHY})),
            expected="district and ward, or unit",
        )
    if not known.units:
        raise UserError(
            "this build does not know the units of July 2025",
            field="by",
            value="unit",
            expected="a build made by this version",
        )


def _closed_units(question: Question, kind: Kind, known: Catalogue) -> frozenset[str]:
    """Districts are the geography of health numbers. A unit with part of a ward would tell that part by subtraction."""
    if kind is not Kind.HEALTH or question.exact or not _uses(question, "unit"):
        return frozenset()
    return frozenset(question.only("unit") or known.units) - whole_units()


def _check_quantity(question: Question, indicator: Indicator) -> None:
    """A distribution is of one quantity, by bins or by the classes of one of its schemes; a mean of one quantity."""
    if not indicator.of_quantity:
        for field, value in (("quantity", question.quantity), ("classes", question.classes)):
            if value is not None:
                raise UserError(f"{indicator.id} has none", field=field, value=value, expected="nothing")
        return
    quantity = choose(question.quantity or "", quantities(), field="quantity")
    if question.classes is not None:
        choose(question.classes, schemes(quantity) if "bin" in indicator.by else (), field="classes")
    if "bin" in indicator.by and "bin" not in question.by:
        raise UserError("a distribution is shown by bin", field="by", expected="bin")
    if quantity != "body_mass_index" and parse_age_band(question.ages or "18+").first < ADULT:
        raise UserError(
            "adult classes do not fit the values of children",
            field="ages",
            value=question.ages,
            expected="18 and over",
        )


def _check_wards(question: Question, known: Catalogue) -> None:
    """A ward outside the districts asked for would give an answer without rows."""
    homes = question.only("district")
    outside = [ward for ward in question.only("ward") if homes and known.wards[ward] not in homes]
    if outside:
        raise UserError(
            "a ward lies outside the districts asked for",
            field="where",
            value=", ".join(outside),
            expected=f"wards of {', '.join(homes)}",
        )


def _values(name: str, indicator: Indicator, known: Catalogue) -> tuple[str, ...]:
    allowed: dict[str, tuple[str, ...]] = {
        "district": known.districts,
        "ward": tuple(known.wards),
        "unit": known.units,
        "sex": tuple(SEXES),
        "section": tuple(section.id for section in indicator.sections),
        "step": tuple(section.id for section in indicator.sections),
        "phase": PHASES,
        "plan_group": known.plan_groups,
        "source": known.sources,
    }
    return allowed[name]


def _check_frame(question: Question, variant: Variant, known: Catalogue) -> None:
    """The correction is for definitions that say who is known from claims, by what the reference population is by."""
    framed = [
        f"{item.condition}/{item.variant}" for item in known.variants if item.measure_id in known.framed
    ]
    if variant.measure_id not in known.framed:
        raise UserError(
            "this definition is not corrected: it does not say who is known from claims"
            if framed
            else "this build does not hold what the correction needs",
            field="definition",
            value=f"{variant.condition}/{variant.variant}",
            expected=f"one of {', '.join(framed)}" if framed else "a build made by this version",
        )
    for name in ("ward", "unit"):
        if _uses(question, name):
            raise UserError("the correction is by district", field="by", value=name, expected="district")
    if "unknown" in question.only("sex"):
        raise UserError(
            "nobody of unknown sex is in the reference population", field="sex", expected="male or female"
        )


def _kind(question: Question, indicator: Indicator) -> Kind:
    named = {*question.by, *(name for name, _ in question.where)}
    return Kind.HEALTH if named & set(indicator.health_by) else indicator.kind


def _variant(question: Question, indicator: Indicator, known: Catalogue) -> Variant:
    if question.condition is None:
        raise UserError(
            f"{question.measure} of what?",
            field="condition",
            expected=f"one of {', '.join(known.conditions)}",
        )
    condition = choose(question.condition, known.conditions, field="condition")
    variants = known.variants_of(condition)
    if indicator.counts is not None and indicator.among is not None:
        return _of_roles(question, indicator.counts, indicator.among, variants, known)
    name = choose(question.definition, [item.variant for item in variants], field="definition")
    return next(item for item in variants if item.variant == name)


def _of_roles(
    question: Question, counts: str, among: str, variants: Sequence[Variant], known: Catalogue
) -> Variant:
    """The care cascade of the condition, with the measures of both roles in the place of cases and assessed."""
    found = {}
    for item in variants:
        roles = {
            role: number
            for (condition, variant, role), number in known.roles.items()
            if (condition, variant) == (item.condition, item.variant)
        }
        if CASCADE in roles and counts in roles and among in roles:
            found[item.variant] = replace(item, measure_id=roles[counts], denominator_id=roles[among])
    if not found:
        with_one = dict.fromkeys(condition for condition, _, role in known.roles if role == CASCADE)
        raise UserError(
            "this condition has no care cascade",
            field="condition",
            value=question.condition,
            expected=f"one of {', '.join(with_one)}",
        )
    unnamed = question.definition == DEFAULT_DEFINITION and DEFAULT_DEFINITION not in found
    name = next(iter(found)) if unnamed else question.definition
    return found[choose(name, list(found), field="definition")]


def _quarters(question: Question, known: Catalogue) -> tuple[Quarter, ...]:
    newest = known.newest
    quarters = _of_vintage(question, known)
    names = [quarter.name for quarter in quarters]
    if question.period is None:
        if "week" in question.by:
            return quarters
        if "quarter" not in question.by:
            return quarters[-1:] if question.vintage is not None else (newest,)
        return tuple(quarter for quarter in quarters if quarter.name <= newest.name)
    first, last = (choose(name, names, field="period") for name in parse_period(question.period))
    if first != last and not {"quarter", "week"} & set(question.by):
        raise UserError(
            "a quarter is a state on its last day, so quarters are not added up",
            field="period",
            value=question.period,
            expected="one quarter, or by quarter",
        )
    return tuple(quarter for quarter in quarters if first <= quarter.name <= last)


def _of_vintage(question: Question, known: Catalogue) -> tuple[Quarter, ...]:
    """The quarters a question may be about: the newest vintage of each, or the vintage it names."""
    if question.vintage is None:
        return known.quarters
    found = tuple(quarter for quarter in known.vintages if quarter.vintage == question.vintage)
    if not found:
        vintages = [str(number) for number in sorted({quarter.vintage for quarter in known.vintages})]
        choose(str(question.vintage), vintages, field="vintage")
    return found


def _ages(
    question: Question, indicator: Indicator, known: Catalogue, variant: Variant | None
) -> tuple[AgeGroup, ...]:
    if indicator.ages is None:
        _refuse_ages(question, indicator)
        return ()
    bands = _bands(question, indicator.ages, known.ages, cut=variant.age_from if variant else 0)
    return tuple(_age_group(band, question, known.ages, variant) for band in bands)


def _refuse_ages(question: Question, indicator: Indicator) -> None:
    for field, value in (("ages", question.ages), ("age_bands", question.age_bands)):
        if value is not None:
            raise UserError(
                f"{indicator.id} is not counted by age", field=field, value=value, expected="nothing"
            )


def _bands(question: Question, default: str, ages: MartAges, *, cut: int) -> tuple[AgeBand, ...]:
    """The age bands of the answer: those named, the five-year ones, or all ages asked as one."""
    if question.age_bands is not None and "age_band" not in question.by:
        raise UserError(
            "age bands need to be shown", field="age_bands", value=question.age_bands, expected="by age_band"
        )
    asked = parse_age_band(question.ages or default)
    if question.age_bands is None:
        return ages.five_year(asked, cut=cut) if "age_band" in question.by else (asked,)
    bands = parse_age_bands(question.age_bands)
    whole = span(bands)
    if question.ages is not None and not _inside(whole, asked.first, asked.last):
        raise UserError(
            "age bands reach beyond the ages asked",
            field="age_bands",
            value=whole.label,
            expected=f"inside {asked.label}",
        )
    return bands


def _age_group(band: AgeBand, question: Question, ages: MartAges, variant: Variant | None) -> AgeGroup:
    """``strata`` are cells of the publication lattice: the band itself where it is published, else its parts."""
    ages.compose(band)
    is_whole = question.estimator != "standardised" and band.label in published_ages()
    strata = (band,) if is_whole else ages.five_year(band)
    return AgeGroup(band, strata, variant is None or _inside(band, variant.age_from, variant.age_to))


def _inside(band: AgeBand, first: int, last: int | None) -> bool:
    return band.first >= first and (last is None or (band.last is not None and band.last <= last))


def _sections(question: Question, indicator: Indicator) -> tuple[Section, ...]:
    """The sections named, else each single one, else (not shown by section) the record as a whole."""
    named = question.only(indicator.part)
    if named:
        chosen = tuple(section for section in indicator.sections if section.id in named)
    else:
        shows_each = indicator.part in question.by
        chosen = tuple(
            section
            for section in indicator.sections
            if shows_each != section.is_total or (shows_each and indicator.part == "step")
        )
    if len(chosen) > 1 and indicator.part not in question.by:
        raise UserError(
            f"{indicator.part}s of a record are not added up",
            field="where",
            value=", ".join(named),
            expected=f"by {indicator.part}",
        )
    return chosen


def _method(question: Question, indicator: Indicator) -> str:
    of_corrected = {
        "weighted": two_part.METHOD,
        "modelled": modelled.METHOD,
        "misclassification": two_part.MISCLASSIFICATION_METHOD,
    }
    method = question.method or of_corrected.get(question.estimator, DEFAULT_METHOD)
    if indicator.kind is Kind.ADMINISTRATIVE:
        choose(
            method,
            (DEFAULT_METHOD,),
            field="method",
            action=f"{indicator.id} is a complete count without an interval",
        )
        return COUNT
    allowed: Mapping[str, Sequence[str]] = {
        "crude": tuple(PROPORTION_METHODS),
        "standardised": standardise.METHODS,
        **{estimator: (own,) for estimator, own in of_corrected.items()},
    }
    return choose(
        method,
        allowed[question.estimator],
        field="method",
        action=f"That is what the {question.estimator} estimator offers",
    )
