"""Which cells of the publication lattice give one another away: sums over ages that must agree.

A group of ages is the sum of its bands, so one hidden band among shown ones is the group less the others. Every cell
carries noise of its own, so a sum of many cells tells little; relations of up to :data:`MOST_CELLS` cells are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations

Ages = frozenset[int]
#: Cells of a relation. The difference of six has the variance of six noises (10.8): right about a hidden count
#: two times in a hundred more often than without it.
MOST_CELLS = 6
#: Cells on the smaller side of a relation: one group, or two that overlap two others.
_SIDE = 2


@dataclass(frozen=True)
class Relation:
    """Places of cells that add to nothing with these signs."""

    cells: tuple[int, ...]
    signs: tuple[int, ...]


@cache
def age_relations(cells: tuple[tuple[str, Ages], ...]) -> tuple[Relation, ...]:
    """The relations of lattice cells, given every cell's label and lower edges of its bands.

    Two sides without a common cell that make the same ages; only relations that hold no smaller one.
    """
    sets = [ages for _, ages in cells]
    by_lowest = _by_lowest(sets)
    found: dict[frozenset[int], Relation] = {}
    for size in range(1, _SIDE + 1):
        for side in combinations(range(len(sets)), size):
            union = frozenset().union(*(sets[place] for place in side))
            if len(union) < sum(len(sets[place]) for place in side):
                continue
            for other in _covers(union, by_lowest, MOST_CELLS - size, avoid=frozenset(side)):
                relation = Relation((*side, *other), (*(1 for _ in side), *(-1 for _ in other)))
                found.setdefault(frozenset(relation.cells), relation)
    return tuple(found[cells_] for cells_ in sorted(_minimal(found), key=sorted))


def _by_lowest(sets: list[Ages]) -> Mapping[int, list[tuple[int, Ages]]]:
    found: dict[int, list[tuple[int, Ages]]] = {}
    for place, ages in enumerate(sets):
        found.setdefault(min(ages), []).append((place, ages))
    return found


def _covers(
    ages: Ages, by_lowest: Mapping[int, list[tuple[int, Ages]]], most: int, *, avoid: frozenset[int]
) -> Iterator[tuple[int, ...]]:
    """Places of at most ``most`` cells without common ages that make ``ages``, none of ``avoid`` among them."""
    if not ages:
        yield ()
        return
    if most == 0:
        return
    for place, candidate in by_lowest.get(min(ages), ()):
        if place not in avoid and candidate <= ages:
            for rest in _covers(ages - candidate, by_lowest, most - 1, avoid=avoid):
                yield (place, *rest)


def _minimal(relations: Iterable[frozenset[int]]) -> list[frozenset[int]]:
    kept: list[frozenset[int]] = []
    for relation in sorted(relations, key=len):
        if not any(smaller < relation for smaller in kept):
            kept.append(relation)
    return kept
