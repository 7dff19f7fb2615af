"""What became of every visit and every part of a file: read, not used, broken."""

from __future__ import annotations

from collections import Counter

from warehouse.readers.staged import BadRecord, SetAside

VISIT = "HOSO"
NOT_USED = "this part is not used"
EMPTY = "the part has no content"
NO_CONTENT = "no part with content that is used"
SENT_AGAIN = "sent more than once in the file: another counts"
SEVERAL = "several visits in one HOSO"
ANOTHER = "rows of another visit (MA_LK)"
NO_CODE = "a laboratory result whose name stands for no LOINC code of the warehouse"
NO_VALUE = "a row without a value"
NO_FINDING = "notes without a measurement"
TOO_LONG = "notes too long to be of one patient"
TOO_MANY = "more rows than one visit can have"
REPEATED = "the vital sign another part of the visit has"


class Account:
    """Counts of one file as it is read."""

    def __init__(self) -> None:
        self.visits = 0
        self.bad: list[BadRecord] = []
        self._aside: Counter[tuple[str, str]] = Counter()

    def set_aside(self, kind: str, why: str, records: int = 1) -> None:
        """Records of a kind that rightly give no row."""
        if records:
            self._aside[kind, why] += records

    def visit(self, row: int, *, has_rows: bool, faults: list[str]) -> None:
        """The end of a visit: one bad record for all its broken parts; one of which nothing is left is bad only."""
        if faults:
            self.bad.append(BadRecord(row, "; ".join(dict.fromkeys(faults))))
        if has_rows or not faults:
            self.visits += 1
        if not has_rows and not faults:
            self.set_aside(VISIT, NO_CONTENT)

    def told(self) -> tuple[SetAside, ...]:
        """All that was set aside, by kind and reason."""
        return tuple(
            SetAside(kind=kind, why=why, records=count) for (kind, why), count in sorted(self._aside.items())
        )
