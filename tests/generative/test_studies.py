"""Changes, combinations, agreements and repeats: the SQL counts what the reference counts, and the margins agree."""

from __future__ import annotations

from collections import Counter
from typing import Any

import duckdb
from hypothesis import given, settings

from tests.generative.test_case_definitions import DEFINITIONS, END_DAYS, LAST, ORIGIN, THOROUGH, populations
from tests.reference_studies import CASE, NON_CASE, NOT_IN_FRAME, STUDIES, Studied, counted
from tests.support import core, studies
from tests.support.examples import examples
from tests.support.people import Person

People = tuple[Person, ...]


def studied(population: People) -> list[Studied]:
    return [Studied(person, DEFINITIONS, END_DAYS) for person in population]


@settings(THOROUGH, max_examples=examples(40))
@given(populations)
def test_sql_and_reference_agree_on_every_study(population: People) -> None:
    who = studied(population)
    with core.evaluate(population, origin=ORIGIN, last=LAST) as con:
        found = {
            "transition": studies.transitions(con),
            "multimorbidity": studies.combinations(con),
            "agreement": studies.agreements(con),
            "people": studies.repeats(con, "people"),
            "raised_again": studies.repeats(con, "raised_again"),
            "examined": studies.examined(con, "people"),
            "ill": studies.examined(con, "with_condition"),
        }
    repeats = [(*item, one.person.record_key) for one in who for item in one.repeats()]
    examined = [(*item, one.person.record_key) for one in who for item in one.examinations()]
    assert found["transition"] == counted(
        (cell, one.person.record_key) for one in who for cell in one.transitions()
    )
    assert found["multimorbidity"] == counted(
        (cell, one.person.record_key) for one in who for cell in one.combinations()
    )
    assert found["agreement"] == counted(
        (cell, one.person.record_key) for one in who for cell in one.agreements()
    )
    assert found["people"] == counted((cell, key) for cell, _, key in repeats)
    assert found["raised_again"] == counted((cell, key) for cell, again, key in repeats if again)
    assert found["examined"] == counted((cell, key) for cell, _, key in examined)
    assert found["ill"] == counted((cell, key) for cell, is_ill, key in examined if is_ill)


def cases(con: duckdb.DuckDBPyConnection, role: str, *, by_age: bool) -> Counter[tuple[Any, ...]]:
    """``mart_case`` of a role by quarter, district, sex, (age) and definition, at ages of the definition."""
    age = "c.age_from" if by_age else "null"
    rows = con.execute(
        f"""select quarter_index, coalesce(d.place_id, 0), sex, {age}, t.measure_id, sum(people)
            from (select distinct measure_id, assessed_id from rule_transition) t
            join rule_measure r on r.role = '{role}' and (r.role = 'record_holder'
                or r.measure_id = case when '{role}' = 'case' then t.measure_id else t.assessed_id end)
            join mart_case c on c.measure_id = r.measure_id
            join core_measure_age g on g.measure_id = t.measure_id and g.age_from = c.age_from
            left join rule_place p on p.place_id = c.place_id
            left join rule_place d on d.district_code = p.district_code and d.ward_code is null and d.unit_code is null
            group by all"""
    ).fetchall()
    return Counter({tuple(row[:-1]): row[-1] for row in rows})


def margin(con: duckdb.DuckDBPyConnection, lag: int, least: int, *, side: str) -> Counter[tuple[Any, ...]]:
    """People of a status of at least ``least`` before or after; before: at the quarter before, over all ages."""
    quarter, age = ("quarter_index - lag", "null") if side == "before" else ("quarter_index", "age_from")
    rows = con.execute(
        f"""select {quarter}, place_id, sex, {age}, measure_id, sum(people) from mart_transition
            where lag = {lag} and status_{side} >= {least} group by all"""
    ).fetchall()
    return Counter({tuple(row[:-1]): row[-1] for row in rows})


@settings(THOROUGH, max_examples=examples(30))
@given(populations)
def test_both_margins_of_a_transition_are_the_cases_tested_and_holders(population: People) -> None:
    with core.evaluate(population, origin=ORIGIN, last=LAST) as con:
        for lag in sorted({int(row["lag"]) for row in STUDIES["transition"]}):
            for role, least in (("record_holder", NOT_IN_FRAME + 1), ("assessed", NON_CASE), ("case", CASE)):
                for side in ("before", "after"):
                    wanted = cases(con, role, by_age=side == "after")
                    quarters = range(len(END_DAYS) - lag) if side == "before" else range(lag, len(END_DAYS))
                    assert margin(con, lag, least, side=side) == Counter(
                        {cell: people for cell, people in wanted.items() if cell[0] in quarters}
                    )


@settings(THOROUGH, max_examples=examples(20))
@given(populations)
def test_the_frame_counts_the_residents_among_those_of_a_transition(population: People) -> None:
    """``mart_frame`` leaves out people without a line in the register; where all have one, cases are the same."""
    everybody = tuple(Person(**{**vars(person), "is_registered": True}) for person in population)
    with core.evaluate(everybody, origin=ORIGIN, last=LAST) as con:
        rows = con.execute(
            """select quarter_index, place_id, sex, age_from, measure_id, sum(cases)
               from mart_frame where measure_id in (select measure_id from rule_transition) and quarter_index >= 1
               group by all having sum(cases) > 0"""
        ).fetchall()
        assert margin(con, 1, CASE, side="after") == Counter({tuple(row[:-1]): row[-1] for row in rows})


@settings(THOROUGH, max_examples=examples(20))
@given(populations)
def test_everybody_with_a_record_has_one_combination(population: People) -> None:
    with core.evaluate(population, origin=ORIGIN, last=LAST) as con:
        found = con.execute(
            "select quarter_index, sex, sum(people), sum(people_key) % 256 from mart_multimorbidity group by all"
        ).fetchall()
        holders = con.execute(
            """select quarter_index, sex, sum(people), sum(people_key) % 256
               from mart_case join rule_measure using (measure_id) where role = 'record_holder' group by all"""
        ).fetchall()
    assert sorted(found) == sorted(holders)
