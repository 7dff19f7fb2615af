"""Which place each feature is: the column of codes, old codes, codes that are missing, unknown or there twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from warehouse.boundaries.features import Feature
from warehouse.errors import EXIT_DATA, Fault, UserError, suggest
from warehouse.geography import MERGED_DISTRICTS, Geography, areas, outside

#: Share of the places a column must name to be taken for the column of codes.
LEAST_SHARE = 0.5


def column_of_codes(
    features: Sequence[Feature], geography: Geography, asked: str | None, *, file: str
) -> str:
    """The column ``asked`` for, else the one that names most places; raises UserError where none or two do."""
    columns = list(dict.fromkeys(name for item in features for name in item.fields))
    if asked is not None:
        if asked not in columns:
            raise UserError(
                "there is no such column", file=file, field="--code-column", value=asked,
                expected=suggest(asked, columns) if columns else "a file with columns", exit_code=EXIT_DATA,
            )  # fmt: skip
        return asked
    known = set(areas(geography))
    named = {column: len(known & {code(item.fields.get(column)) for item in features}) for column in columns}
    best = [column for column in columns if named[column] == max(named.values())]
    if not best or named[best[0]] < LEAST_SHARE * min(len(known), len(features)):
        raise UserError(
            f"no column holds the codes of the {geography}s",
            file=file, expected=f"codes like {', '.join(sorted(known)[:3])} in one of: {', '.join(columns) or 'none'}",
            action="Name the column with --code-column", exit_code=EXIT_DATA,
        )  # fmt: skip
    return best[0]


def code(value: Any) -> str:
    """A code as text: numbers without decimals, no blanks around."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip().removesuffix(".0")


def by_place(
    features: Sequence[Feature], column: str, geography: Geography, *, file: str
) -> tuple[dict[str, list[Feature]], list[Fault], list[str]]:
    """Features of each place, faults, and notes on what was dissolved or left out.

    A place is one feature; only a file of before 2021 has three for the district 769 of today.
    """
    found: dict[str, list[Feature]] = defaultdict(list)
    for item in features:
        found[code(item.fields.get(column))].append(item)
    notes, known = [], list(areas(geography))
    if geography == "unit" and (beyond := set(outside()) & set(found)):
        notes.append(f"{len(beyond)} units of the merged city lie outside the old one and are left out")
        found = defaultdict(list, {name: items for name, items in found.items() if name not in beyond})
    is_old = geography == "district" and bool(set(MERGED_DISTRICTS) & set(found))
    faults = _faults(found, [*known, *MERGED_DISTRICTS] if is_old else known, file)
    if is_old:
        notes.append(_dissolve(found))
    return {name: items for name, items in found.items() if name in known}, faults, notes


def _dissolve(found: dict[str, list[Feature]]) -> str:
    for old, new in MERGED_DISTRICTS.items():
        found[new].extend(found.pop(old, []))
    return f"{', '.join(MERGED_DISTRICTS)} and 769 were dissolved into 769: since 2021 they are one city"


def _faults(found: Mapping[str, Sequence[Feature]], known: Sequence[str], file: str) -> list[Fault]:
    """Codes that are missing, unknown or there twice, and places without a feature."""
    faults = []
    for name, items in found.items():
        first = items[0].number
        if not name:
            faults += [
                Fault(message="this feature has no code", file=file, row=item.number) for item in items
            ]
        elif name not in known:
            message = "this code is none of the places"
            faults.append(Fault(message=message, file=file, row=first, value=name[:20]))
        elif len(items) > 1:
            numbers = ", ".join(str(item.number) for item in items)
            action = "Merge the parts of one place into one feature"
            message = f"this code is there {len(items)} times, in features {numbers}"
            faults.append(Fault(message=message, file=file, row=first, value=name, action=action))
    absent = [name for name in known if name not in found]
    return faults + [Fault(message="no feature has this code", file=file, value=name) for name in absent]
