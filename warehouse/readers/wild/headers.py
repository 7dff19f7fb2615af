"""Names in a header: which row of a table is the header, and which rows of it are titles, blanks or totals."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from warehouse.contracts import Contract

#: Rows looked through for a header.
SEARCHED = 60
#: How the first cell of a total begins, its marks composed or apart.
_TOTAL_STARTS = frozenset(("tổ", "tô", "to", "cộ", "cô", "cọ", "co", "su", "gr"))
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\ufeff\u00ad"))
_TOTAL = re.compile(
    r"(tổng|tong|cộng|total|sum|subtotal|sub-total)[\s:.,()\d]*"
    r"|(tổng cộng|tong cong|tổng số|tổng kết|grand total)\b.*"
)


def folded(text: str) -> str:
    """A name as it is compared: NFC, without case, blanks and line ends collapsed."""
    plain = unicodedata.normalize("NFC", text).translate(_INVISIBLE).casefold()
    return unicodedata.normalize("NFC", " ".join(plain.split()))


def is_total(row: Sequence[str]) -> bool:
    """True when the first filled cell says that the row sums up others."""
    first = next((cell for cell in row if cell and not cell.isspace()), "")
    # Nearly every row is told by its first two signs.
    return first.lstrip()[:2].lower() in _TOTAL_STARTS and _TOTAL.fullmatch(folded(first)) is not None


@dataclass(frozen=True, kw_only=True)
class Known:
    """Column names looked for, folded. A row that has ``least`` of them is the header."""

    names: frozenset[str]
    least: int
    listed: tuple[str, ...]
    """As a person writes them: the only names of columns that messages tell."""

    @classmethod
    def of(cls, names: Iterable[str], *, required: Iterable[str]) -> Known:
        """``required`` names must be there in the end; half of them make a header."""
        listed = tuple(dict.fromkeys(names))
        needed = {folded(name) for name in required} or {folded(name) for name in listed}
        return cls(names=frozenset(map(folded, listed)), least=max(1, -(-len(needed) // 2)), listed=listed)

    @classmethod
    def of_contract(cls, contract: Contract) -> Known:
        """The columns of a contract by their names."""
        return cls.of(contract.names, required=[c.name for c in contract.columns if c.required])

    def named(self, row: Sequence[str]) -> int:
        """How many of the names looked for stand in a row."""
        return len(self.names.intersection(map(folded, row)))


@dataclass(frozen=True, kw_only=True)
class Header:
    """``cells`` are folded names; ``above`` rows stand above it, and it takes up ``height`` rows (1 or 2)."""

    cells: tuple[str, ...]
    above: int
    height: int


def find_header(rows: Sequence[Sequence[str]], known: Known) -> Header | None:
    """The first row that names enough columns, with the row below it when that finishes it.

    In registers a merged cell (``Huyết áp``) stands over two (``HATT``, ``HATTr``).
    """
    for place, row in enumerate(rows):
        count = known.named(row)
        if count < known.least:
            continue
        below = rows[place + 1] if place + 1 < len(rows) else ()
        filled = [folded(cell) for cell in below if cell.strip()]
        if filled and known.names.issuperset(filled):
            both = _over(row, below)
            if known.named(both) > count:
                return Header(cells=tuple(map(folded, both)), above=place, height=2)
        return Header(cells=tuple(map(folded, row)), above=place, height=1)
    return None


def _over(row: Sequence[str], below: Sequence[str]) -> list[str]:
    width = max(len(row), len(below))
    upper, lower = ([*cells, *[""] * (width - len(cells))] for cells in (row, below))
    return [under if under.strip() else over for over, under in zip(upper, lower, strict=True)]
