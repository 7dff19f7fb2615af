"""The marts of more than one definition or day, over all places, with definitions by name."""

from __future__ import annotations

from typing import Any

import duckdb

Counted = dict[tuple[Any, ...], tuple[int, int]]
_TRANSITIONS = """
    select quarter_index, lag, sex, t.age_from, condition, variant, status_before, status_after,
           sum(people)::int, (sum(people_key) % 256)::int
    from mart_transition t join rule_measure r using (measure_id) group by all
"""
_COMBINATIONS = """
    select quarter_index, sex, age_from, combination, conditions, sum(people)::int, (sum(people_key) % 256)::int
    from mart_multimorbidity group by all
"""
_AGREEMENTS = """
    select quarter_index, sex, a.age_from, r.condition, r.variant, o.variant, state, other_state,
           sum(people)::int, (sum(people_key) % 256)::int
    from mart_agreement a join rule_measure r using (measure_id) join rule_measure o on o.measure_id = a.other_id
    group by all
"""
_REPEATS = """
    select quarter_index, sex, p.age_from, condition, variant, sum({name})::int, (sum({name}_key) % 256)::int
    from mart_persistence p join rule_measure r using (measure_id) group by all having sum({name}) > 0
"""
_EXAMINED = """
    select quarter_index, sex, v.age_from, broad_from, condition, variant, is_insured, is_known, channel, outcome,
           sum({name})::int, (sum({name}_key) % 256)::int
    from mart_validation v join rule_measure r using (measure_id) group by all having sum({name}) > 0
"""


def transitions(con: duckdb.DuckDBPyConnection) -> Counted:
    return _cells(con, _TRANSITIONS)


def combinations(con: duckdb.DuckDBPyConnection) -> Counted:
    return _cells(con, _COMBINATIONS)


def agreements(con: duckdb.DuckDBPyConnection) -> Counted:
    return _cells(con, _AGREEMENTS)


def repeats(con: duckdb.DuckDBPyConnection, name: str) -> Counted:
    """``name``: people or raised_again."""
    return _cells(con, _REPEATS.format(name=name))


def examined(con: duckdb.DuckDBPyConnection, name: str) -> Counted:
    """``name``: people or with_condition."""
    return _cells(con, _EXAMINED.format(name=name))


def _cells(con: duckdb.DuckDBPyConnection, sql: str) -> Counted:
    return {tuple(row[:-2]): (row[-2], row[-1]) for row in con.execute(sql).fetchall()}
