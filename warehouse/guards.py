"""Guards: deliveries so unlike what came before that a person must look first. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from warehouse.errors import Fault
from warehouse.landing import Landed
from warehouse.tombstones import RULE as FORGOTTEN

#: A correction may have this many times the rows of the file it corrects, or this part of them.
_OF_CORRECTED = (0.5, 2.0)
#: The same of a new file against the middle one of the same table and folder; with fewer than three there is no custom.
_OF_OTHERS = (0.2, 5.0)
_CUSTOM = 3
#: A correction that ends so much earlier than the file it corrects looks like an older delivery.
_EARLIER = timedelta(days=31)
_FEW_ROWS = 100


@dataclass(frozen=True)
class Before:
    """What is loaded of one table of one file; ``rows``: sound ones, also where newer files have them."""

    logical_name: str
    table: str
    rows: int
    last_date: date | None


def jumps(
    landed: Sequence[Landed], before: Sequence[Before], *, share_limit: float, replaced: Sequence[Before] = ()
) -> list[Fault]:
    """Faults of files whose refused share, row count or date range jumps.

    ``replaced``: what files that are corrected had given; a table that the correction does not give is lost.
    """
    known = {(item.logical_name, item.table): item for item in before}
    faults = []
    for item in landed:
        corrected = known.get((item.logical_name, item.table))
        faults += _refused_share(item, share_limit)
        if corrected is not None:
            faults += _rows(item, corrected.rows, _OF_CORRECTED, "the file it corrects")
            faults += _dates(item, corrected.last_date)
        else:
            custom = _custom(item, before)
            if len(custom) >= _CUSTOM:
                faults += _rows(
                    item, round(median(custom)), _OF_OTHERS, "earlier files of this table and folder"
                )
    given = {(item.logical_name, item.table) for item in landed}
    return faults + [_lost(item) for item in replaced if _is_lost(item, given)]


def _is_lost(item: Before, given: set[tuple[str, str]]) -> bool:
    return (item.logical_name, item.table) not in given and item.rows >= _FEW_ROWS


def _lost(item: Before) -> Fault:
    return Fault(
        message=f"no row of {item.table} where the file it corrects had {item.rows:,}",
        file=item.logical_name,
        expected="a correction of all its tables",
        action="Ask the sender whether it is whole; if so, build with --accept REASON",
    )


def _custom(item: Landed, before: Sequence[Before]) -> list[int]:
    """Rows of the files of the same table that came from the same folder."""
    folder = item.logical_name.rpartition("/")[0]
    return [
        one.rows
        for one in before
        if one.table == item.table and one.logical_name.rpartition("/")[0] == folder
    ]


def _refused_share(item: Landed, limit: float) -> list[Fault]:
    forgotten = sum(count for _, rule, _, count in item.reasons if rule == FORGOTTEN)
    if not item.received or (item.quarantined - forgotten) / item.received <= limit:
        return []
    return [
        Fault(
            message=f"{item.quarantined} of {item.received} rows were refused",
            file=item.file_name,
            field="; ".join(f"{column or 'line'}: {rule}" for column, rule, _, _ in item.reasons[:3]),
            expected=f"a refused share of at most {limit:.0%}",
            action="Look with `hssk check DIR`; mend the file, or build with --accept REASON",
        )
    ]


def _rows(item: Landed, usual: int, bounds: tuple[float, float], other: str) -> list[Fault]:
    low, high = bounds
    sound = item.received - item.quarantined
    if max(usual, sound) < _FEW_ROWS or low * usual <= sound <= high * usual:
        return []
    return [
        Fault(
            message=f"{sound:,} rows where {other} had {usual:,}",
            file=item.file_name,
            expected=f"{low:g} to {high:g} times as many",
            action="Ask the sender whether it is whole; if so, build with --accept REASON",
        )
    ]


def _dates(item: Landed, last: date | None) -> list[Fault]:
    if last is None or item.last_date is None or item.last_date >= last - _EARLIER:
        return []
    return [
        Fault(
            message=f"ends on {item.last_date}, the file it corrects on {last}",
            file=item.file_name,
            expected="a correction that reaches as far",
            action="Ask the sender whether it is an older delivery; if not, build with --accept REASON",
        )
    ]


def told(faults: Sequence[Fault], reason: str, names: Mapping[str | None, str]) -> list[str]:
    """Notes of a build on guards that were passed over; ``names``: what files are called where everybody reads it."""
    return [f"accepted ({reason}): {names.get(fault.file, fault.file)}: {fault.message}" for fault in faults]
