"""Hidden cells: which ones, that no sum of shown cells gives one back, and what stands for them in a sum."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics import hiding
from analytics.ages import MartAges
from analytics.hiding import SEXES, expected, hide, noise_cells
from analytics.lattice import lattice_ages
from analytics.relations import MOST_CELLS, age_relations
from tests.support.marts import STARTS

CELLS = lattice_ages(MartAges(STARTS), 18, None)
LABELS = [label for label, _ in CELLS]
RELATIONS = age_relations(CELLS)
BANDS = [len(edges) for _, edges in CELLS]
SINGLE = [place for place, (_, edges) in enumerate(CELLS) if len(edges) == 1]


def lattice_of(cases: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lattice counts (1 x sex x ages) of counts by sex (male, female, unknown) and band."""
    out = []
    for counts in (cases, people):
        by_cell = np.stack(
            [
                sum(counts[:, place] for place, single in enumerate(SINGLE) if CELLS[single][1] <= edges)
                for _, edges in CELLS
            ],
            axis=-1,
        )
        out.append(np.concatenate([by_cell, by_cell.sum(axis=0, keepdims=True)])[None])
    return out[0], out[1]


def test_relations_are_sums_that_agree() -> None:
    edges = [ages for _, ages in CELLS]
    for relation in RELATIONS:
        assert len(relation) <= MOST_CELLS
        signs = product((1, -1), repeat=len(relation))
        sums = (
            [
                sum(sign * (band in edges[place]) for sign, place in zip(row, relation, strict=True))
                for band in STARTS
            ]
            for row in signs
        )
        assert any(not any(total) for total in sums)


def test_relations_of_groups_everybody_knows() -> None:
    named = {frozenset(LABELS[place] for place in relation) for relation in RELATIONS}
    assert {"18+", "18-39", "40+"} in named
    assert {"60+", "60-69", "70+"} in named
    assert {"40-49", "40-44", "45-49"} in named
    assert {"25-64", "65-69", "25-29", "30-69"} in named


COUNTS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=3 * len(SINGLE), max_size=3 * len(SINGLE)
)


@settings(max_examples=150, deadline=None)
@given(COUNTS)
def test_no_sum_has_exactly_one_hidden_cell(rows: list[tuple[int, int]]) -> None:
    values = np.array(rows, dtype=np.int64).reshape(3, len(SINGLE), 2)
    cases, people = lattice_of(values[..., 0], values.sum(axis=-1))
    hidden = hide(cases, people, RELATIONS, BANDS)
    present, either = people > 0, hidden.either
    small = present & (np.minimum(cases, people - cases) < hiding.SMALLEST_COUNT)
    assert (hidden.primary == small).all()
    assert not (hidden.secondary & small).any()
    assert not (either & ~present).any()
    for sex in range(len(SEXES)):
        for relation in RELATIONS:
            members = [place for place in relation if present[0, sex, place]]
            assert sum(either[0, sex, members]) != 1 or len(members) == 1
    for place in range(len(CELLS)):
        members = [sex for sex in (0, 1, 3) if present[0, sex, place]]
        assert sum(either[0, members, place]) != 1 or len(members) == 1


def test_fine_cells_go_before_coarse_ones_and_one_sex_before_both() -> None:
    values = np.full((3, len(SINGLE), 2), 100)
    values[2] = 0
    values[0, 5] = (2, 100)
    cases, people = lattice_of(values[..., 0], values.sum(axis=-1))
    hidden = hide(cases, people, RELATIONS, BANDS)
    assert hidden.primary.sum() == 1
    assert not hidden.either[0, SEXES.index("both")].any()
    assert max(BANDS[place] for _, _, place in np.argwhere(hidden.either)) == 1


@pytest.mark.parametrize(("people", "share"), [(10, 0.2), (300, 0.01), (40, 0.9), (4, 0.5)])
def test_a_primary_cell_is_expected_to_be_small(people: int, share: float) -> None:
    one = hiding.Hidden(np.array([True]), np.array([False]))
    value, variance = expected(np.array([people]), np.array([share]), one)
    mean = people * min(share, 1 - share)
    weights = stats.poisson(mean).pmf(np.arange(5))
    small = float(np.arange(5) @ weights / weights.sum())
    wanted = min(small, people) if share <= 0.5 else people - min(small, people)
    assert value[0] == round(wanted)
    assert variance[0] == pytest.approx(np.arange(5) ** 2 @ weights / weights.sum() - small**2)
    assert noise_cells(variance)[0] >= 1


def test_a_secondary_cell_is_expected_as_the_city() -> None:
    one = hiding.Hidden(np.array([False]), np.array([True]))
    value, variance = expected(np.array([200]), np.array([0.3]), one)
    assert (value[0], variance[0]) == (60, pytest.approx(42))
    assert noise_cells(variance)[0] == 23
