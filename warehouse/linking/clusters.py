"""From pairs to people: connected references are one person, unless a guard says that they cannot be.

Where it does (two identity numbers, more references than one person has), the pairs of that group are taken one after
another from the strongest on, and one that would break a guard is left out (Kruskal's tree with constraints).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Labels = NDArray[np.int64]
#: More references than this of one person are taken for a mistake of linkage.
MOST_REFERENCES = 40
#: Two pairs of this little difference (bits) that contradict each other are both left out: it cannot be told which.
AMBIGUOUS_BITS = 2.0


def cluster(pairs: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """``person_key, label`` of everybody in ``pairs`` (key_a, key_b, weight); ``label``: smallest key of the person.

    ``numbers``: person_key, number (identity number) of those who have one. Pure; the order of rows does not matter.
    """
    keys, at = np.unique(np.concatenate([pairs["key_a"], pairs["key_b"]]), return_inverse=True)
    first, second = at[: len(pairs)], at[len(pairs) :]
    found = pl.DataFrame(
        {"person_key": keys, "label": _smallest(keys, connected(first, second, len(keys)))},
        schema={"person_key": pl.Int64, "label": pl.Int64},
    )
    doubtful = _doubtful(found, numbers)
    if doubtful.is_empty():
        return found
    inside = pairs.join(doubtful, left_on="key_a", right_on="person_key")
    mended = [_taken_apart(part) for part in _parts(doubtful, inside)]
    return found.join(doubtful, on="person_key", how="anti").vstack(pl.concat(mended)).sort("person_key")


def connected(first: Labels, second: Labels, size: int) -> Labels:
    """The number of the group of each of ``size`` places, by the pairs of places that are linked."""
    links = coo_matrix((np.ones(len(first), dtype=np.int8), (first, second)), shape=(size, size))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def _smallest(keys: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The smallest key of each group, for each key; ``keys`` are sorted."""
    _, first = np.unique(group, return_index=True)
    return np.asarray(keys[first][group])


def _doubtful(found: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """Members, with their numbers, of groups that are too large or have several identity numbers."""
    known = found.join(numbers, on="person_key", how="left")
    broken = known.group_by("label").agg(
        (pl.len() > MOST_REFERENCES).alias("is_large"),
        (pl.col("number").drop_nulls().n_unique() > 1).alias("is_several"),
    )
    labels = broken.filter(pl.col("is_large") | pl.col("is_several")).select("label")
    return known.join(labels, on="label")


def _parts(doubtful: pl.DataFrame, pairs: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Members and pairs of one group after another."""
    of = {label: part for (label,), part in pairs.group_by("label")}
    for (label,), members in doubtful.group_by("label"):
        yield members, of[label]


def _contradict(numbers: Iterable[str]) -> bool:
    """Identity numbers of two people: they differ by more than a digit, or two that changed places."""
    known = sorted(set(numbers))
    return any(not _is_slip(one, other) for place, one in enumerate(known) for other in known[:place])


def _is_slip(one: str, other: str) -> bool:
    differ = [place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b]
    if len(one) != len(other) or len(differ) > 2:
        return False
    if len(differ) < 2:
        return True
    first, second = differ
    return second == first + 1 and one[first] == other[second] and one[second] == other[first]


def _taken_apart(part: tuple[pl.DataFrame, pl.DataFrame]) -> pl.DataFrame:
    """Labels of the members of a group: pairs from the strongest on, but those that break a guard or are doubtful."""
    members, pairs = part
    numbers = dict(members.drop_nulls("number").select("person_key", "number").iter_rows())
    persons = {key: {key} for key in members["person_key"]}
    ranked = sorted(pairs.select("weight", "key_a", "key_b").iter_rows(), key=lambda p: (-p[0], p[1], p[2]))
    doubtful = _ambiguous(ranked, numbers)
    for weight, a, b in ranked:
        one, other = persons[a], persons[b]
        together = one | other
        if one is other or (weight, a, b) in doubtful:
            continue
        if len(together) <= MOST_REFERENCES and not _contradict(numbers[k] for k in together if k in numbers):
            for key in together:
                persons[key] = together
    return members.select(
        "person_key", pl.Series("label", [min(persons[key]) for key in members["person_key"]], dtype=pl.Int64)
    )


def _ambiguous(
    ranked: list[tuple[float, int, int]], numbers: Mapping[int, str]
) -> set[tuple[float, int, int]]:
    """Pairs of somebody with two people who contradict each other, about equally strong."""
    of: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
    for pair in ranked:
        of[pair[1]].append(pair)
        of[pair[2]].append(pair)
    doubtful = set()
    for key, mine in of.items():
        best = mine[0]
        partner = best[1] + best[2] - key
        for pair in mine[1:]:
            other = pair[1] + pair[2] - key
            known = [numbers[k] for k in (partner, other) if k in numbers]
            if best[0] - pair[0] <= AMBIGUOUS_BITS and _contradict(known):
                doubtful |= {best, pair}
    return doubtful
