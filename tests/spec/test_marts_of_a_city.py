"""The marts of a small city agree: distributions with cases, the city's target with its parts."""

from datetime import datetime
from pathlib import Path

import pytest

from analytics.generation import Generation
from analytics.query import answer, parse
from tests.support.home import marts
from warehouse.errors import UserError

GRAIN = "quarter_index, place_id, sex, age_from"


@pytest.fixture
def home(synthetic_city: Path) -> Path:
    return synthetic_city / "home"


def counted(home: Path, condition: str, variant: str, role: str) -> set[tuple[int, ...]]:
    """Cells of one measure with their people and keys."""
    return set(
        marts(
            home,
            f"""select quarter_index, place_id, sex, c.age_from, people, people_key
                from mart_case c join mart_measure m using (measure_id)
                where condition = '{condition}' and variant = '{variant}' and role = '{role}'""",
        )
    )


def binned(home: Path, quantity: str, where: str) -> set[tuple[int, ...]]:
    """Cells of one distribution summed over bins; ages as the definitions count them."""
    return set(
        marts(
            home,
            f"""select {GRAIN}, sum(people)::int, (sum(people_key) % 256)::int from mart_distribution
                where quantity = '{quantity}' and (age_from >= 18 or age_from = -1) and {where} group by {GRAIN}""",
        )
    )


@pytest.mark.parametrize(
    ("variant", "tenths"),
    [("who_overweight_25plus", 250), ("asian_overweight_23plus", 230), ("obese_30plus", 300)],
)
def test_bins_above_a_cut_off_are_the_cases_of_its_definition(home: Path, variant: str, tenths: int) -> None:
    cases = counted(home, "bmi", variant, "case")

    assert len(cases) > 100
    assert binned(home, "body_mass_index", f"bin_from >= {tenths}") == cases


def test_everybody_assessed_stands_in_one_bin(home: Path) -> None:
    assert binned(home, "body_mass_index", "true") == counted(home, "bmi", "obese_30plus", "assessed")
    for quantity in ("systolic", "diastolic"):
        assert binned(home, quantity, "true") == counted(home, "hypertension", "measured_once", "assessed")
    assessed = {cell[:4]: cell[4] for cell in counted(home, "diabetes", "measured", "assessed")}
    glucose, hba1c = (
        {cell[:4]: cell[4] for cell in binned(home, quantity, "true")}
        for quantity in ("fasting_glucose", "hba1c")
    )
    assert set(glucose) | set(hba1c) == set(assessed)
    for cell, people in assessed.items():
        either = (glucose.get(cell, 0), hba1c.get(cell, 0))
        assert max(either) <= people <= sum(either)


def test_the_citys_target_is_the_sum_of_its_districts(home: Path) -> None:
    parts = marts(
        home,
        """select phase, plan_group, quarter, sum(target_people) filter (where unit_code <> '79') as parts,
                  sum(target_people) filter (where unit_code = '79') as city
           from mart_target group by all having parts is distinct from city""",
    )

    assert parts == []
    assert marts(home, "select count(distinct unit_code) from mart_target") == [(23,)]


def ask(home: Path, measure: str, **words: object) -> dict[str, object]:
    question = parse(measure=measure, condition="hypertension", period="2024Q3", exact=True, **words)
    generation = Generation.open(home)
    rows = answer(question, generation, asked_at=datetime(2024, 12, 31), user="test").rows
    generation.close()
    return dict(rows.row(0, named=True))


def test_the_cascade_goes_down_step_by_step(home: Path) -> None:
    """Each step is counted among the one before, as the marts count them; prevalence by claims is the first step."""
    diagnosed, treated, controlled, measured = (
        ask(home, name) for name in ("diagnosed", "treated", "controlled", "controlled_among_tested")
    )
    assert diagnosed["numerator"] == treated["denominator"]
    assert treated["numerator"] == controlled["denominator"]
    assert controlled["numerator"] == measured["numerator"]
    assert int(str(measured["denominator"])) < int(str(controlled["denominator"]))
    cells = counted(home, "hypertension", "cascade", "treated")
    quarter = max(cell[0] for cell in cells) - 1
    assert treated["numerator"] == sum(cell[4] for cell in cells if cell[0] == quarter and cell[3] >= 18)
    by_definition = ask(home, "prevalence", definition="cascade")
    assert by_definition["numerator"] == diagnosed["numerator"]


def test_a_disease_without_a_cascade_says_so(home: Path) -> None:
    with pytest.raises(UserError, match="hypertension"):
        answer(parse(measure="treated", condition="stroke"), Generation.open(home))
