"""The truth of the synthetic city returns the published anchors it is calibrated to (calibration.toml)."""

from dataclasses import replace

import numpy as np
import pytest

from warehouse.synthetic.calibration import calibration
from warehouse.synthetic.columns import NEVER, Ints, day_number
from warehouse.synthetic.people import ADULT, People, draw_people
from warehouse.synthetic.records import draw_records
from warehouse.synthetic.traits import Traits, draw_traits, usual_pressures, usual_sugars

PEOPLE = 200_000
#: Prevalence in per cent: by age, and the sums that were published.
BANDS = ((18, 29), (30, 39), (40, 49), (50, 59), (60, 69), (70, 120), (18, 69))
HYPERTENSION = (7.5, 14.0, 28.0, 43.0, 55.0, 68.0, 24.3)
DIABETES = (2.0, 4.5, 10.0, 16.0, 20.5, 22.0, 8.6)


@pytest.fixture(scope="module")
def drawn() -> tuple[People, Traits]:
    """The people of the demo: ``hssk synthesize --population 200000 --seed 1``."""
    rng = np.random.default_rng([1, 0])
    people = draw_people(calibration(), rng, 0, PEOPLE)
    return people, draw_traits(calibration(), people, rng)


@pytest.fixture(scope="module")
def people(drawn: tuple[People, Traits]) -> People:
    return drawn[0]


@pytest.fixture(scope="module")
def traits(drawn: tuple[People, Traits]) -> Traits:
    return drawn[1]


def last_day(people: People) -> tuple[Ints, Ints]:
    everyone = np.arange(len(people), dtype=np.int64)
    return everyone, np.full(len(people), day_number(calibration().period.end))


@pytest.mark.parametrize(("place", "ages"), list(enumerate(BANDS)))
def test_prevalence_by_age_within_a_point(
    people: People, traits: Traits, place: int, ages: tuple[int, int]
) -> None:
    of_age = (people.age >= ages[0]) & (people.age <= ages[1])
    for course, wanted in ((traits.hypertension, HYPERTENSION[place]), (traits.diabetes, DIABETES[place])):
        assert 100 * course.is_case[of_age].mean() == pytest.approx(wanted, abs=1.0)


def test_a_case_is_usual_values_above_the_line_or_treatment(people: People, traits: Traits) -> None:
    adult = people.age >= ADULT
    systolic, diastolic = usual_pressures(traits, people, *last_day(people))
    glucose, hba1c = usual_sugars(traits, people, *last_day(people))

    raised = (systolic >= 140) | (diastolic >= 90)
    assert np.array_equal(
        (raised | (traits.hypertension.treated_day < NEVER))[adult], traits.hypertension.is_case[adult]
    )
    sweet = (glucose >= 7.0) | (hba1c >= 6.5)
    assert np.array_equal(
        (sweet | (traits.diabetes.treated_day < NEVER))[adult], traits.diabetes.is_case[adult]
    )


def test_a_case_the_day_before_its_onset_was_none(people: People, traits: Traits) -> None:
    course = traits.hypertension
    # Who already had it at 18 has their eighteenth birthday as the onset.
    later = np.flatnonzero(
        (course.onset_day < NEVER) & (course.onset_day > people.birth_day + 366 * (ADULT + 1))
    )
    later = later[course.onset_day[later] < day_number(calibration().period.end)]

    for days, sign in ((-2, -1), (1, 1)):
        liability = course.rest[later] + 0.0
        untreated = course.liability(people, later, course.onset_day[later] + days)
        untreated = untreated[course.treated_day[later] > course.onset_day[later] + days]
        assert len(liability) > 10_000
        assert (np.sign(untreated) == sign).all()


def test_usual_values_are_those_of_surveys(people: People, traits: Traits) -> None:
    systolic, diastolic = usual_pressures(traits, people, *last_day(people))
    for (first, last), mean in (((30, 39), 117), ((50, 59), 127), ((70, 120), 138)):
        of_age = (people.age >= first) & (people.age <= last)
        assert systolic[of_age].mean() == pytest.approx(mean, abs=6)
        assert 14 < systolic[of_age].std() < 20
        assert 75 < diastolic[of_age].mean() < 83
    adult = people.age >= ADULT
    assert traits.body_mass_index[adult].mean() == pytest.approx(22.7, abs=0.1)
    assert traits.body_mass_index[adult].std() == pytest.approx(3.4, abs=0.15)


def test_nothing_jumps_at_the_line(people: People, traits: Traits) -> None:
    """As many usual pressures just below 140/90 as just above: cases drawn apart from the others would show a step."""
    untreated = replace(traits.hypertension, treated_day=np.full(len(people), NEVER))
    pressures = usual_pressures(replace(traits, hypertension=untreated), people, *last_day(people))
    of_age = (people.age >= 50) & (people.age < 70)
    below, above = (((s := pressures[0][of_age]) >= line) & (s < line + 2) for line in (138, 140))

    assert above.sum() / below.sum() == pytest.approx(1.0, abs=0.08)


def odds(share: float) -> float:
    return share / (1 - share)


def test_risk_factors_have_their_odds_ratios(people: People, traits: Traits) -> None:
    ill, sweet, band = (
        traits.hypertension.is_case,
        traits.diabetes.is_case,
        (people.age >= 45) & (people.age < 60),
    )
    heavy = traits.body_mass_index >= 25

    assert 2.0 < odds(ill[band & sweet].mean()) / odds(ill[band & ~sweet].mean()) < 3.0
    assert 1.6 < odds(ill[band & heavy].mean()) / odds(ill[band & ~heavy].mean()) < 2.5
    assert (
        1.35 < odds(ill[band & ~people.is_female].mean()) / odds(ill[band & people.is_female].mean()) < 1.65
    )


def test_the_cascade_of_care(traits: Traits) -> None:
    course, wanted = traits.hypertension, calibration().hypertension
    aware, treated = course.diagnosed_day < NEVER, course.treated_day < NEVER

    assert aware[course.is_case].mean() == pytest.approx(wanted.aware, abs=0.01)
    assert treated[aware].mean() == pytest.approx(wanted.treated, abs=0.01)
    assert course.is_controlled[treated].mean() == pytest.approx(wanted.controlled, abs=0.015)
    assert not (aware & ~course.is_case).any()


def test_coverage_by_district_is_that_of_the_plan(people: People, traits: Traits) -> None:
    records = draw_records(calibration(), people, traits, np.random.default_rng(13))
    has_record = np.zeros(len(people), dtype=bool)
    has_record[records.person] = True
    here = people.gone_day >= NEVER

    for unit, wanted in enumerate(calibration().districts.record_share):
        own = has_record[here & (people.district == unit)]
        assert own.mean() == pytest.approx(
            wanted, abs=max(0.01, 4 * (wanted * (1 - wanted) / len(own)) ** 0.5)
        )
    assert has_record[here].mean() == pytest.approx(0.41, abs=0.02)


def test_the_ill_enrol_more_at_equal_age_and_district(people: People, traits: Traits) -> None:
    """Odds ratio about 1.3 among the young who are in no early group, pooled over districts (Mantel-Haenszel)."""
    records = draw_records(calibration(), people, traits, np.random.default_rng(13))
    enrolled = np.zeros(len(people), dtype=bool)
    enrolled[records.person] = True
    course = (traits.hypertension, traits.diabetes)
    ill = course[0].is_case | course[1].is_case
    unnamed = (course[0].diagnosed_day >= NEVER) & (course[1].diagnosed_day >= NEVER)
    plain = (people.age >= 25) & (people.age < 48) & unnamed & (people.pregnant_until >= NEVER)
    top = bottom = 0.0
    for unit in range(22):
        own = plain & (people.district == unit)
        a, b = (ill & enrolled & own).sum(), (ill & ~enrolled & own).sum()
        c, d = (~ill & enrolled & own).sum(), (~ill & ~enrolled & own).sum()
        top, bottom = top + a * d / own.sum(), bottom + b * c / own.sum()

    assert top / bottom == pytest.approx(1.3, abs=0.12)
