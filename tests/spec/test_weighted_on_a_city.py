"""The corrected estimate asked for as users ask, on a small synthetic city built for real."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp
from pathlib import Path
from typing import Any

import pytest

from analytics.catalogue import catalogue
from analytics.generation import Generation, close_all
from analytics.persistence import persistence
from analytics.query import answer, parse
from analytics.two_part import PRIORS
from analytics.validation import with_selection
from warehouse.errors import UserError


@pytest.fixture(scope="module")
def city(synthetic_city: Path) -> Iterator[Generation]:
    yield Generation.open(synthetic_city / "home")
    close_all()


def ask(city: Generation, **words: Any) -> list[dict[str, Any]]:
    words = {"condition": "hypertension", "estimator": "weighted", **words}
    return answer(parse(measure="prevalence", **words), city).rows.to_dicts()


def by_hand(city: Generation, quarter: str) -> float:
    """The estimator at the means of its priors, cell by cell in plain Python, without collapsing cells.

    The mean of the prior of selection is what the survey of the synthetic city makes of it.
    """
    known = catalogue(city.frozen)
    (variant,) = (item for item in known.variants_of("hypertension") if item.variant == "recommended")
    (of_quarter,) = (item for item in known.quarters if item.name == quarter)
    selected = with_selection(PRIORS, city.frozen, variant, of_quarter, of_examinations=False)
    odds_ratio = exp(-selected.selection_city[0])
    alpha, beta = persistence(city.frozen, variant, of_quarter)
    frame = city.frame(
        f"""select district_code, sex, f.age_from, is_insured, known_level, people, assessed, cases, indeterminate
            from mart_frame f join mart_place p using (place_id) join mart_quarter q using (quarter_index)
                join mart_measure m using (measure_id)
            where q.quarter = '{quarter}' and condition = 'hypertension' and variant = 'recommended' and sex > 0
                and f.age_from >= 18 and district_code is not null""",
    )
    people = city.frame(
        """select sex, a.age_from, sum(people)::bigint from mart_population n join rule_age_band a on a.age = n.age_from
           where year = (select max(year) from mart_population) and a.age_from >= 18 group by all""",
    )
    rows, total, value = frame.rows(), 0.0, 0.0
    for sex, age, number in people.iter_rows():
        here = [row for row in rows if row[1] == sex and row[2] == age]
        residents = sum(row[5] for row in here)
        insured = sum(row[5] for row in here if row[3])
        known = sum(row[5] for row in here if row[3] and row[4] == 2)
        learn = [row for row in here if row[3] and row[4] < 2]
        assessed = sum(row[6] for row in learn)
        seen = sum(row[7] + alpha / (alpha + beta) * row[8] for row in learn) / assessed
        others = seen / (1 - seen) * odds_ratio
        a = assessed / (insured - known)
        hidden = a * seen + (1 - a) * others / (1 + others)
        k, share = known / insured, insured / residents
        odds = k / (1 - k) * exp(-0.3)
        ku = odds / (1 + odds)
        value += number * (share * (k + (1 - k) * hidden) + (1 - share) * (ku + (1 - ku) * hidden))
        total += number
    return value / total


def test_the_city_agrees_with_the_estimator_in_plain_python(city: Generation) -> None:
    [row] = ask(city, period="2024Q4")
    assert row["value"] == pytest.approx(by_hand(city, "2024Q4"), abs=0.015)
    assert row["lower"] < row["value"] < row["upper"]


def test_counts_are_those_observed_and_the_value_is_corrected(city: Generation) -> None:
    [weighted] = ask(city, period="2024Q4")
    [crude] = ask(city, period="2024Q4", estimator="crude")
    for name in ("numerator", "denominator", "state"):
        assert weighted[name] == crude[name]
    assert (weighted["estimator"], weighted["method"]) == ("weighted", "two_part")
    # The share known from claims rests on all the insured, so it may count for more people than were assessed.
    assert 0 < weighted["effective_n"] < 20_000


def test_what_the_gate_hides_gets_no_estimate(city: Generation) -> None:
    """Also asked by sex and quarter: the same rows are hidden as where the counts themselves are asked for."""
    words: dict[str, Any] = {"by": "quarter,district,sex", "period": "2022Q4..2024Q4"}
    weighted, crude = ask(city, **words), ask(city, estimator="crude", **words)
    hidden = [row for row in weighted if row["state"] == "suppressed"]
    assert len(hidden) > 10
    assert all(row[name] is None for row in hidden for name in ("value", "lower", "upper", "effective_n"))
    for one, other in zip(weighted, crude, strict=True):
        assert one["state"] == other["state"] or one["reason"] in ("too_few_assessed", "small_population")


def test_a_body_mass_index_is_known_of_nobody(city: Generation) -> None:
    [weighted] = ask(city, condition="bmi", definition="who_overweight_25plus", period="2024Q4")
    [crude] = ask(
        city, condition="bmi", definition="who_overweight_25plus", period="2024Q4", estimator="crude"
    )
    assert weighted["value"] == pytest.approx(crude["value"], abs=0.06)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"definition": "survey"}, "hypertension/recommended"),
        ({"by": "ward"}, "district"),
        ({"where": ["sex=unknown"]}, "male or female"),
        ({"method": "wilson"}, "two_part"),
    ],
)
def test_what_cannot_be_corrected_is_refused_with_what_can(
    city: Generation, words: dict[str, Any], told: str
) -> None:
    with pytest.raises(UserError) as refused:
        ask(city, **words)
    assert told in str(refused.value)


def test_ages_and_bands_are_those_asked(city: Generation) -> None:
    [old] = ask(city, ages="60+", period="2024Q4")
    [middle] = ask(city, ages="40-59", period="2024Q4")
    assert old["value"] > middle["value"] + 0.1
    bands = ask(city, by="age_band", age_bands="18-39,40-59,60+", period="2024Q4")
    assert bands[1]["value"] == pytest.approx(middle["value"], abs=1e-6)
    assert bands[2]["value"] == pytest.approx(old["value"], abs=1e-6)


def test_of_the_first_quarter_nothing_is_said(city: Generation) -> None:
    """Only the old and the ill have records yet; the crude share is shown and the corrected one refused."""
    [row] = ask(city, period="2022Q4")
    assert (row["state"], row["reason"], row["value"]) == ("not_defined", "too_few_assessed", None)
    assert ask(city, period="2022Q4", estimator="crude")[0]["state"] == "shown"


def test_the_truth_lies_in_the_interval(city: Generation) -> None:
    """Of adults on the last day: 26.6 % by the calibration (tests/golden), at 20,000 residents within a point."""
    [row] = ask(city, period="2024Q4")
    assert row["lower"] < 0.266 < row["upper"]


def test_a_filter_gives_the_row_that_was_filtered_for(city: Generation) -> None:
    for name, value in (("sex", "female"), ("district", "785")):
        rows = {row[name]: row["value"] for row in ask(city, by=name, period="2024Q4")}
        [only] = ask(city, where=[f"{name}={value}"], period="2024Q4")
        assert only["value"] == rows[value] is not None
    by_sex = ask(city, by="sex", period="2024Q4")
    assert by_sex[0]["value"] != by_sex[1]["value"]


def test_people_examined_again_tell_what_the_definition_gets_wrong(city: Generation) -> None:
    """Some 150 of the assessed: enough to correct, with a wide interval that holds the truth."""
    [row] = ask(city, estimator="misclassification", period="2024Q3")
    [weighted] = ask(city, period="2024Q3")
    assert (row["state"], row["method"], row["numerator"]) == ("shown", "rogan_gladen", weighted["numerator"])
    assert row["lower"] < 0.264 < row["upper"]
    assert 0 <= row["truncated_share"] < 0.5
    assert weighted["truncated_share"] is None
    assert row["effective_n"] < weighted["effective_n"] / 5


def test_before_anybody_was_examined_it_says_so(city: Generation) -> None:
    [row] = ask(city, estimator="misclassification", period="2024Q2")
    assert (row["state"], row["reason"], row["value"]) == ("not_defined", "no_validation", None)
    [other] = ask(
        city,
        condition="hypertension",
        definition="latest_two",
        estimator="misclassification",
        period="2024Q3",
    )
    assert other["reason"] == "no_validation"


@pytest.mark.parametrize("variant", ["one_visit_or_treated", "one_test_or_treated"])
def test_whoever_is_known_to_be_treated_is_a_case_of_what_surveys_find(
    city: Generation, variant: str
) -> None:
    """The correction takes the known as ill, so a definition may not know anybody who is no case of it."""
    counted = city.frame(
        """select sum(assessed)::bigint, sum(cases)::bigint from mart_frame join mart_measure using (measure_id)
           where variant = $variant and known_level = 2""",
        {"variant": variant},
    )
    [(assessed, cases)] = counted.rows()
    assert 0 < assessed == cases
