"""Hidden and derived cells: which ones, that no sum of certain cells gives one back, and what stands for them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics.ages import MartAges
from analytics.hiding import SEXES, SMALLEST_COUNT, Ints, Published, expected, noise_cells, publish
from analytics.lattice import _families, _units_of_districts, _wards_of_units, lattice_ages
from analytics.relations import MOST_CELLS, age_relations
from tests.support.examples import examples
from tests.support.marts import STARTS
from warehouse.geography import whole_units

CELLS = lattice_ages(MartAges(STARTS), 18, None)
LABELS = [label for label, _ in CELLS]
RELATIONS = age_relations(CELLS)
BANDS = [len(edges) for _, edges in CELLS]
SINGLE = [place for place, (_, edges) in enumerate(CELLS) if len(edges) == 1]
SHARE = 0.3


def lattice_of(counts: Ints) -> Ints:
    """Lattice counts (1 x sex x ages) of counts by sex (male, female, unknown) and band."""
    ages = [
        counts[:, [place for place, single in enumerate(SINGLE) if CELLS[single][1] <= edges]].sum(axis=1)
        for _, edges in CELLS
    ]
    cells = np.stack(ages, axis=-1)
    return np.concatenate([cells, cells.sum(axis=0, keepdims=True)])[None]


def published(cases: Ints, people: Ints) -> Published:
    return publish(cases, people, np.full(cases.shape, SHARE), RELATIONS, BANDS)


def test_relations_are_sums_that_agree() -> None:
    edges = [ages for _, ages in CELLS]
    for relation in RELATIONS:
        assert len(relation.cells) <= MOST_CELLS
        pairs = list(zip(relation.cells, relation.signs, strict=True))
        assert not any(sum(sign * (start in edges[cell]) for cell, sign in pairs) for start in STARTS)


def test_relations_of_groups_everybody_knows() -> None:
    named = {frozenset(LABELS[place] for place in relation.cells) for relation in RELATIONS}
    assert {"18+", "18-39", "40+"} in named
    assert {"60+", "60-69", "70+"} in named
    assert {"40-49", "40-44", "45-49"} in named
    assert {"25-64", "65-69", "25-29", "30-69"} in named


COUNTS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60)),
    min_size=3 * len(SINGLE),
    max_size=3 * len(SINGLE),
)


@settings(max_examples=examples(150), deadline=None)
@given(COUNTS)
def test_no_sum_has_exactly_one_uncertain_cell(rows: list[tuple[int, int]]) -> None:
    values = np.array(rows, dtype=np.int64).reshape(3, len(SINGLE), 2)
    cases, people = lattice_of(values[..., 0]), lattice_of(values.sum(axis=-1))
    found, present = published(cases, people), people > 0
    small = present & (np.minimum(cases, people - cases) < SMALLEST_COUNT)
    assert (found.hidden == small).all()
    certain = present & ~found.uncertain
    assert (found.numerator[certain] == cases[certain]).all()
    assert ((found.numerator >= 0) & (found.numerator <= people)).all()
    sums = [[(sex, cell) for cell in relation.cells] for sex in range(len(SEXES)) for relation in RELATIONS]
    sums += [[(sex, cell) for sex in range(len(SEXES))] for cell in range(len(CELLS))]
    for cells in sums:
        members = [found.uncertain[0, sex, cell] for sex, cell in cells if present[0, sex, cell]]
        assert sum(members) != 1 or len(members) == 1


@settings(max_examples=examples(40), deadline=None)
@given(st.integers(0, len(SINGLE) - 1), st.integers(0, 1), st.integers(40, 400))
def test_nothing_published_depends_on_a_hidden_count(band: int, sex: int, people: int) -> None:
    """The protected count of one band is 0 to 4: every other cell is published as if it were any of them."""
    values = np.full((3, len(SINGLE)), people)
    values[2] = 0
    whole = lattice_of(values)
    cases = lattice_of(values // 3)
    seen = []
    for count in range(SMALLEST_COUNT):
        protected = cases.copy()
        protected[0, sex, SINGLE[band]] = count
        seen.append(published(protected, whole))
    for one, other in pairwise(seen):
        assert (one.numerator == other.numerator).all()
        assert (one.cells == other.cells).all()


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=4 * 9, max_size=4 * 9))
def test_no_place_that_makes_another_with_its_neighbours_is_uncertain_alone(
    rows: list[tuple[int, int]],
) -> None:
    """Four wards of which the first three make a unit: the unit less the others would be the one."""
    values = np.array(rows, dtype=np.int64).reshape(4, 3, 3, 2).repeat(-(-len(SINGLE) // 3), axis=2)
    cases, people = (
        np.concatenate([lattice_of(part[:, : len(SINGLE)]) for part in counts])
        for counts in (values[..., 0], values.sum(axis=-1))
    )
    share = np.full(cases.shape, SHARE)
    found = publish(cases, people, share, RELATIONS, BANDS, families=[[0, 1, 2]])
    present = people > 0
    of_family = (found.uncertain & present)[:3].sum(axis=0)
    assert ((of_family != 1) | (present[:3].sum(axis=0) == 1)).all()
    certain = present & ~found.uncertain
    assert (found.numerator[certain] == cases[certain]).all()
    assert not (found.hidden & certain).any()
    alone = publish(cases[3:], people[3:], share[3:], RELATIONS, BANDS)
    assert (found.hidden[3] == alone.hidden[0]).all()


def test_beside_a_small_ward_the_next_smallest_is_hidden() -> None:
    people = np.full((3, len(SEXES), len(CELLS)), 400)
    people[:, SEXES.index("unknown")] = 0
    cases = np.where(people > 0, np.array([100, 90, 120])[:, None, None], 0)
    cases[0, 0, SINGLE[5]] = 2
    found = publish(cases, people, np.full(cases.shape, SHARE), RELATIONS, BANDS, families=[[0, 1, 2]])
    assert np.argwhere(found.hidden).tolist() == [[0, 0, SINGLE[5]], [1, 0, SINGLE[5]]]


def test_wards_make_units_and_units_districts() -> None:
    known = {unit: ward for ward, unit in _wards_of_units().items()}
    assert set(known) == whole_units()
    homes = _units_of_districts()
    assert {unit for unit, district in homes.items() if district == "786"} == {"27655", "27658"}
    assert "760" not in homes.values()
    places = pl.DataFrame(
        {"quarter": ["2024Q1"] * 3 + ["2024Q2"], "unit": [*sorted(homes)[:1], "27655", "27658", "27655"]}
    )
    assert _families(places, "unit") == [[1, 2]]
    assert _families(places, "district") == []


def test_wide_cells_are_derived_and_few_cells_hidden() -> None:
    values = np.full((3, len(SINGLE)), 300)
    values[2] = 0
    some = values // 3
    some[0, 5] = 2
    people, cases = lattice_of(values), lattice_of(some)
    found = published(cases, people)
    assert found.hidden.sum() == 1
    derived = found.uncertain & ~found.hidden
    assert derived[0, SEXES.index("both"), SINGLE[5]]
    assert derived[0, 0, LABELS.index("18+")]
    assert not derived[0, 1].any()
    wide = LABELS.index("18+")
    assert abs(found.numerator[0, 0, wide] - cases[0, 0, wide]) <= 4
    assert found.cells[0, 0, wide] > 1


@pytest.mark.parametrize(("people", "share"), [(10, 0.2), (300, 0.01), (40, 0.9), (4, 0.5)])
def test_a_hidden_cell_is_expected_to_be_small(people: int, share: float) -> None:
    value, variance = expected(np.array([people]), np.array([share]))
    weights = stats.poisson(people * min(share, 1 - share)).pmf(np.arange(5))
    few = float(np.arange(5) @ weights / weights.sum())
    wanted = min(few, people) if share <= 0.5 else people - min(few, people)
    assert value[0] == round(wanted)
    assert variance[0] == pytest.approx(np.arange(5) ** 2 @ weights / weights.sum() - few**2)
    assert noise_cells(variance)[0] >= 1
