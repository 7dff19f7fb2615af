"""Which lattice cells are hidden, and what stands for them in a sum. Pure, on arrays of protected counts.

A cell with fewer than five people with, or without, the condition is hidden (*primary*). If it alone were missing in a
sum that is otherwise shown, the sum would give it back, so a second cell of that sum is hidden with it (*secondary*):
of both sexes, and of groups of ages (:mod:`analytics.relations`). A selection that is no lattice cell is a sum of
lattice cells; a hidden one enters it as what the city's share leads one to expect of a hidden cell, so that no
difference of two selections holds anything of the hidden count.

Primary and secondary suppression: Hundepool et al., Statistical Disclosure Control (Wiley 2012), chapter 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.noise import CELL_VARIANCE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Fewer people with, or without, the condition are not shown (statistics.md; the rule of many health offices).
SMALLEST_COUNT = 5
#: The order of the sexes on the second axis.
SEXES = ("male", "female", "unknown", "both")
_SEX_RELATION = (0, 1, 3)
#: Price of a cell that cannot be hidden because nobody is in it.
_NOBODY = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Hidden:
    """``primary`` and ``secondary``: cells that are not shown, and why. Shape: place x sex x ages."""

    primary: Flags
    secondary: Flags

    @property
    def either(self) -> Flags:
        return self.primary | self.secondary


def hide(
    numerator: Ints, denominator: Ints, relations: Sequence[tuple[int, ...]], bands: Sequence[int]
) -> Hidden:
    """Cells to hide, given protected counts (place x sex x ages), the relations of the last axis, and of how many
    bands each of its cells is made.
    """
    present = denominator > 0
    primary = present & (np.minimum(numerator, denominator - numerator) < SMALLEST_COUNT)
    hidden = primary.copy()
    # Absent cells hold nobody: they neither need hiding nor can hide another.
    price = np.where(present, _price(denominator, bands), _NOBODY)
    while _complemented(hidden, price, relations):
        pass
    return Hidden(primary, hidden & ~primary)


def _price(denominator: Ints, bands: Sequence[int]) -> Ints:
    """What is lost with a cell: first one sex goes before both, then few bands before many, then few people."""
    is_both = np.array([sex == "both" for sex in SEXES], dtype=np.int64)[None, :, None]
    return (is_both * 1000 + np.array(bands, dtype=np.int64)[None, None, :]) * 10**9 + denominator


def _complemented(hidden: Flags, price: Ints, relations: Sequence[tuple[int, ...]]) -> bool:
    """Hide a second cell wherever one is hidden alone; whether anything was. Changes ``hidden``."""
    found = _beside(hidden[:, _SEX_RELATION, :].swapaxes(1, 2), price[:, _SEX_RELATION, :].swapaxes(1, 2))
    changed = bool(found.any())
    hidden[:, _SEX_RELATION, :] |= found.swapaxes(1, 2)
    for relation in relations:
        members = list(relation)
        found = _beside(hidden[:, :, members], price[:, :, members])
        if found.any():
            hidden[:, :, members] |= found
            changed = True
    return changed


def _beside(hidden: Flags, price: Ints) -> Flags:
    """The cheapest other member (last axis) of every sum of which exactly one present member is hidden."""
    alone = hidden.sum(axis=-1) == 1
    offered = np.where(hidden, _NOBODY, price)
    cheapest = offered.argmin(axis=-1)
    is_there = np.take_along_axis(offered, cheapest[..., None], axis=-1)[..., 0] < _NOBODY
    found = np.zeros_like(hidden)
    np.put_along_axis(found, cheapest[..., None], (alone & is_there)[..., None], axis=-1)
    return found


def expected(denominator: Ints, share: Floats, hidden: Hidden) -> tuple[Ints, Floats]:
    """People with the condition that stand for hidden cells in a sum, and their variance, given the city's share.

    A primary one holds 0 to 4 people with the condition (where the share is over a half: without it): the mean of a
    Poisson count cut there. A secondary one is as large as it may be: the mean of the binomial.
    """
    is_high = share > 0.5
    mean = denominator * np.where(is_high, 1 - share, share)
    counts = np.arange(SMALLEST_COUNT, dtype=np.float64)
    weights = mean[..., None] ** counts / np.array([1.0, 1.0, 2.0, 6.0, 24.0])
    weights /= weights.sum(axis=-1, keepdims=True)
    cut = np.minimum((weights * counts).sum(axis=-1), denominator)
    spread = (weights * counts**2).sum(axis=-1) - (weights * counts).sum(axis=-1) ** 2
    value = np.where(hidden.primary, np.where(is_high, denominator - cut, cut), denominator * share)
    variance = np.where(hidden.primary, spread, denominator * share * (1 - share))
    return np.rint(value).astype(np.int64), variance


def noise_cells(variance: Floats) -> Ints:
    """How many cells with noise have that variance, at least one."""
    return np.maximum(np.rint(variance / CELL_VARIANCE), 1).astype(np.int64)
