"""Which lattice cells are hidden, and what is published around them. Pure, on arrays of protected counts.

A cell with fewer than five people with, or without, the condition is hidden. Where it alone would be missing in a sum
of cells that agree, the sum would give it back. Hiding a second cell of every such sum runs through the groups of ages
until whole districts are blank (tried: all decades of a city of 20,000). So the coarsest cell of the sum is *derived*
instead: published as the sum of the others and of what the city's share leads one to expect of the hidden cell. It
loses a little precision, which its variance says, and no difference of published numbers holds the hidden count. A
derived cell is itself known by no noise of its own, so sums with it are treated alike, from narrow ages to wide ones.

Selections that are no cell are sums of published cells and of expectations, and tell as little. Primary suppression
and its attackers: Hundepool et al., Statistical Disclosure Control (Wiley 2012), chapter 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.noise import CELL_VARIANCE
from analytics.relations import Relation

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Fewer people with, or without, the condition are not shown (statistics.md; the rule of many health offices).
SMALLEST_COUNT = 5
#: The order of the sexes on the second axis.
SEXES = ("male", "female", "unknown", "both")
_NO_PLACE = np.iinfo(np.int64).max
_SEX_RELATION = Relation(cells=(0, 1, 2, 3), signs=(1, 1, 1, -1))


@dataclass(frozen=True, eq=False)
class Published:
    """What leaves of each cell (place x sex x ages).

    ``numerator``: protected, derived, or (where ``hidden``) expected; ``cells``: variance of its noise, in noises of
    one cell; ``uncertain``: hidden or derived, so that no noise of its own says what it is.
    """

    numerator: Ints
    cells: Ints
    hidden: Flags
    uncertain: Flags


def publish(
    numerator: Ints,
    denominator: Ints,
    share: Floats,
    relations: Sequence[Relation],
    bands: Sequence[int],
    families: Sequence[Sequence[int]] = (),
) -> Published:
    """Hide what is small and what would give it away by places, derive what would by sexes and ages.

    ``numerator``, ``denominator``: protected counts, place x sex x ages; ``share``: the city's, of each cell;
    ``relations`` of the last axis, and of how many ``bands`` each of its cells is made; ``families``: places that make
    one which is published as well. Of a family with one uncertain place the next smallest is hidden too.
    """
    hidden = (denominator > 0) & (np.minimum(numerator, denominator - numerator) < SMALLEST_COUNT)
    stand_ins = expected(denominator, share)
    while True:
        found = _around(hidden, numerator, denominator, stand_ins, relations, bands)
        # Beside what is hidden first: what is derived around it is then derived of both.
        beside = _beside(found, found.hidden, denominator, families)
        if not beside.any():
            beside = _beside(found, found.uncertain, denominator, families)
        if not beside.any():
            return found
        hidden = hidden | beside


def _around(
    hidden: Flags,
    numerator: Ints,
    denominator: Ints,
    stand_ins: tuple[Ints, Floats],
    relations: Sequence[Relation],
    bands: Sequence[int],
) -> Published:
    """What is published where these cells are hidden; ``stand_ins``: what is expected of them, with its variance."""
    present = denominator > 0
    stand_in, variance = stand_ins
    found = Published(
        numerator=np.where(hidden, stand_in, numerator),
        cells=np.where(hidden, noise_cells(variance), (numerator > 0).astype(np.int64)),
        hidden=hidden,
        uncertain=hidden.copy(),
    )
    width = np.where(present, np.array(bands, dtype=np.int64)[None, None, :], 0)
    ordered = sorted(relations, key=lambda relation: max(bands[cell] for cell in relation.cells))
    while _derived(found, denominator, width, ordered):
        pass
    return found


def _beside(found: Published, unsafe: Flags, denominator: Ints, families: Sequence[Sequence[int]]) -> Flags:
    """Cells to hide: of each family in which one ``unsafe`` place alone is uncertain, the smallest certain one."""
    chosen = np.zeros(denominator.shape, dtype=np.bool_)
    for family in families:
        members = np.array(family)
        present, uncertain = denominator[members] > 0, found.uncertain[members]
        least = np.minimum(found.numerator[members], denominator[members] - found.numerator[members])
        size = np.where(present & ~uncertain, least, _NO_PLACE)
        alone = ((present & uncertain).sum(axis=0) == 1) & (present & unsafe[members]).any(axis=0)
        where = np.nonzero(alone & (size.min(axis=0) < _NO_PLACE))
        chosen[members[size.argmin(axis=0)[where]], *where] = True
    return chosen


def _derived(found: Published, denominator: Ints, width: Ints, relations: Sequence[Relation]) -> bool:
    """One pass over all sums, from narrow ages to wide ones; whether a cell was derived. Changes ``found``."""
    changed = False
    for relation in relations:
        view = tuple(array[:, :, list(relation.cells)] for array in _arrays(found, denominator, width))
        if _derive(view, relation):
            for array, part in zip(_arrays(found, denominator, width)[:3], view[:3], strict=True):
                array[:, :, list(relation.cells)] = part
            changed = True
    # The width of both sexes is that of one and more: it is the coarsest of the sum over the sexes.
    by_sex = width + (np.array(SEXES) == "both")[None, :, None] * (width > 0)
    view = tuple(array.swapaxes(1, 2) for array in _arrays(found, denominator, by_sex))
    return _derive(view, _SEX_RELATION) or changed


def _arrays(found: Published, denominator: Ints, width: Ints) -> tuple[NDArray[Any], ...]:
    return found.numerator, found.cells, found.uncertain, denominator, width


def _derive(view: tuple[NDArray[Any], ...], relation: Relation) -> bool:
    """Derive the widest certain cell of every sum (last axis) with exactly one uncertain cell, in place."""
    numerator, cells, uncertain, denominator, width = view
    alone = (uncertain & (width > 0)).sum(axis=-1) == 1
    offered = np.where(uncertain, 0, width)
    chosen = offered.argmax(axis=-1)
    where = np.nonzero(alone & (offered.max(axis=-1) > 0))
    if not where[0].size:
        return False
    place = (*where, chosen[where])
    signs = np.array(relation.signs)
    total = (numerator[where] * signs).sum(axis=-1) - numerator[place] * signs[chosen[where]]
    value = -signs[chosen[where]] * total
    noise = (cells[where] * (width[where] > 0)).sum(axis=-1) - cells[place]
    numerator[place] = np.clip(value, 0, denominator[place])
    cells[place] = noise
    uncertain[place] = True
    return True


def expected(denominator: Ints, share: Floats) -> tuple[Ints, Floats]:
    """People with the condition that stand for a hidden cell in a sum, and their variance, given the city's share.

    It holds 0 to 4 people with the condition (where the share is over a half: without it): the mean of a Poisson count
    cut there.
    """
    is_high = share > 0.5
    mean = denominator * np.where(is_high, 1 - share, share)
    counts = np.arange(SMALLEST_COUNT, dtype=np.float64)
    weights = mean[..., None] ** counts / np.array([1.0, 1.0, 2.0, 6.0, 24.0])
    weights /= weights.sum(axis=-1, keepdims=True)
    few = (weights * counts).sum(axis=-1)
    variance = (weights * counts**2).sum(axis=-1) - few**2
    few = np.minimum(few, denominator)
    return np.rint(np.where(is_high, denominator - few, few)).astype(np.int64), variance


def noise_cells(variance: Floats) -> Ints:
    """How many cells with noise have that variance, at least one."""
    return np.maximum(np.rint(variance / CELL_VARIANCE), 1).astype(np.int64)
