"""From pairs to people: guards hold whatever the pairs, and their order does not matter."""

from __future__ import annotations

from collections import defaultdict

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from warehouse.linking.clusters import AMBIGUOUS_BITS, MOST_REFERENCES, cluster

A, B, C = "079060000001", "079060000099", "079190055501"


def people(pairs: list[tuple[int, int, float]], numbers: dict[int, str] | None = None) -> set[frozenset[int]]:
    frame = pl.DataFrame(
        pairs, schema={"key_a": pl.Int64, "key_b": pl.Int64, "weight": pl.Float64}, orient="row"
    )
    found = defaultdict(set)
    known = pl.DataFrame(
        list((numbers or {}).items()), schema={"person_key": pl.Int64, "number": pl.String}, orient="row"
    )
    for key, label in cluster(frame, known).iter_rows():
        found[label].add(key)
    assert all(min(keys) == label for label, keys in found.items())
    return {frozenset(keys) for keys in found.values()}


def test_what_is_connected_is_one_person() -> None:
    assert people([(1, 2, 9.0), (2, 3, 4.0), (7, 8, 5.0)]) == {frozenset({1, 2, 3}), frozenset({7, 8})}


def test_two_identity_numbers_are_never_one_person_and_the_stronger_pair_stays() -> None:
    assert people([(1, 2, 20.0), (2, 3, 9.0)], {1: A, 3: C}) == {frozenset({1, 2}), frozenset({3})}
    assert people([(1, 2, 9.0), (2, 3, 20.0)], {1: A, 3: C}) == {frozenset({1}), frozenset({2, 3})}


def test_a_digit_wrong_or_two_that_changed_places_are_a_slip_of_the_same_number() -> None:
    one_wrong, swapped, two_wrong = "079060000011", "079060000010", "079060000012"
    assert people([(1, 2, 9.0)], {1: A, 2: one_wrong}) == {frozenset({1, 2})}
    assert people([(1, 2, 9.0)], {1: A, 2: swapped}) == {frozenset({1, 2})}
    assert people([(1, 2, 9.0)], {1: A, 2: two_wrong}) == {frozenset({1}), frozenset({2})}


def test_who_is_as_likely_one_of_two_people_is_neither() -> None:
    near = 9.0 - AMBIGUOUS_BITS / 2
    assert people([(1, 2, 9.0), (2, 3, near)], {1: A, 3: B}) == {
        frozenset({1}),
        frozenset({2}),
        frozenset({3}),
    }


def test_a_giant_is_taken_apart() -> None:
    chain = [(key, key + 1, 5.0 + key / 100) for key in range(3 * MOST_REFERENCES)]
    assert max(map(len, people(chain))) <= MOST_REFERENCES


PAIRS = st.lists(
    st.tuples(st.integers(1, 18), st.integers(1, 18), st.integers(0, 12)).filter(lambda p: p[0] < p[1]),
    min_size=1,
    max_size=40,
    unique_by=lambda p: p[:2],
)


@given(pairs=PAIRS, numbers=st.dictionaries(st.integers(1, 18), st.sampled_from([A, B, C])), data=st.data())
def test_guards_hold_and_order_does_not_matter(
    pairs: list[tuple[int, int, int]], numbers: dict[int, str], data: st.DataObject
) -> None:
    weighed = [(a, b, float(w)) for a, b, w in pairs]
    found = people(weighed, numbers)
    assert people(data.draw(st.permutations(weighed)), numbers) == found
    for keys in found:
        assert len(keys) <= MOST_REFERENCES
        assert len({numbers[key] for key in keys if key in numbers}) <= 1
    assert set().union(*found) == {key for a, b, _ in pairs for key in (a, b)}
