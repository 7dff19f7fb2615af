"""Place atoms: old ward crossed with new unit. Both geographies are sums of atoms, so their totals agree.

Somebody's atom follows from what the register states: a ward, only a district, or a unit of July 2025. Where that
leaves several atoms open, a draw on the person's key chooses (``core_person``); the atom then says which geography was
not stated but drawn.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from itertools import accumulate, pairwise

import polars as pl

from warehouse.geography import UNITS_FROM, crosswalk, districts, wards

#: Draws are whole numbers from 0 to below this: eight hexadecimal digits of a keyed hash.
DRAWS = 2**32
#: What a register can state of a place.
STATED = ("ward", "district", "unit")

#: Ward, district, unit; whether the unit was drawn, and whether the ward was.
_Atom = tuple[str | None, str | None, str | None, bool, bool]
#: Code stated -> the atoms open to it, with their weights.
_Open = dict[str, dict[_Atom, Fraction]]
_UNALLOCATED: _Atom = (None, None, None, False, False)


def places() -> pl.DataFrame:
    """``rule_place``: 0 unallocated; ward x unit; district x unit where the ward is not known; districts alone."""
    schema = {
        "place_id": pl.Int16,
        "ward_code": pl.String,
        "district_code": pl.String,
        "unit_code": pl.String,
        "is_unit_apportioned": pl.Boolean,
        "is_ward_apportioned": pl.Boolean,
    }
    rows = [(number, *atom) for atom, number in _numbers().items()]
    return pl.DataFrame(rows, schema=schema, orient="row")


def place_choices() -> pl.DataFrame:
    """``rule_place_choice``: the atoms open to a stated place, each with its span of draws; together all of them.

    ``valid_from``: a unit's code is also that of an old ward, so it means the unit only from that day on.
    """
    schema = {
        "stated": pl.String,
        "code": pl.String,
        "valid_from": pl.Date,
        "place_id": pl.Int16,
        "draw_from": pl.Int64,
        "draw_below": pl.Int64,
    }
    numbers = _numbers()
    rows = [
        (stated, code, UNITS_FROM if stated == "unit" else None, numbers[atom], first, below)
        for stated, by_code in _choices().items()
        for code, open_atoms in by_code.items()
        for atom, (first, below) in zip(open_atoms, _spans(open_atoms.values()), strict=True)
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


@cache
def _choices() -> dict[str, _Open]:
    """Atoms open to each stated place and their weights: the wards of a district or unit count alike."""
    home = {ward.code: ward.district_code for ward in wards()}
    shares = _shares()
    wards_of = Counter(unit for _, unit, _ in shares)
    found: dict[str, _Open] = {stated: defaultdict(lambda: defaultdict(Fraction)) for stated in STATED}
    for ward, unit, share in shares:
        district = home[ward]
        found["ward"][ward][ward, district, unit, share < 1, False] += share
        found["district"][district][None, district, unit, True, False] += share
        found["unit"][unit][ward, district, unit, False, wards_of[unit] > 1] += share
    return found


def _shares() -> list[tuple[str, str, Fraction]]:
    """Ward, unit, share of the ward that went to the unit."""
    whole: dict[str, int] = defaultdict(int)
    for part in crosswalk():
        whole[part.ward_code] += part.weight
    return [
        (part.ward_code, part.unit_code, Fraction(part.weight, whole[part.ward_code])) for part in crosswalk()
    ]


@cache
def _numbers() -> dict[_Atom, int]:
    atoms = [
        atom for by_code in _choices().values() for open_atoms in by_code.values() for atom in open_atoms
    ]
    alone: list[_Atom] = [(None, district.code, None, False, False) for district in districts()]
    return {atom: number for number, atom in enumerate(dict.fromkeys([_UNALLOCATED, *atoms, *alone]))}


def _spans(weights: Iterable[Fraction]) -> list[tuple[int, int]]:
    """Consecutive spans of draws in proportion to the weights."""
    edges = [Fraction(0), *accumulate(weights)]
    drawn = [int(edge * DRAWS / edges[-1]) for edge in edges]
    return list(pairwise(drawn))
