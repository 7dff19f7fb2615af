"""Age bands: how a question writes them, and how they are composed of the bands the marts hold.

Ages are completed years, both ends inclusive. The last band of the marts is open (``85+``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from warehouse.errors import UserError

_BAND = re.compile(r"(\d{1,3})(?:-(\d{1,3})|(\+))?")
FIVE_YEARS = 5


@dataclass(frozen=True, order=True)
class AgeBand:
    """``first`` to ``last`` years inclusive; ``last`` None is open upwards."""

    first: int
    last: int | None

    @property
    def label(self) -> str:
        """``18-29``, ``50`` or ``85+``."""
        if self.last is None:
            return f"{self.first}+"
        return str(self.first) if self.last == self.first else f"{self.first}-{self.last}"


def parse_age_band(text: str) -> AgeBand:
    """Read ``18+``, ``18-69`` or ``50``. Raises UserError on anything else and when the ends are the wrong way."""
    match = _BAND.fullmatch(text.strip())
    if match is None:
        raise UserError("not an age band", field="ages", value=text, expected="like 18+, 18-69 or 50")
    first, last, is_open = int(match[1]), match[2], match[3]
    band = AgeBand(first, None if is_open else int(last or first))
    if band.last is not None and band.last < band.first:
        raise UserError("an age band ends before it starts", field="ages", value=text, expected="like 18-69")
    return band


def parse_age_bands(text: str) -> tuple[AgeBand, ...]:
    """Read ``18-29,30-39,40+``; ascending, without overlap (gaps are allowed: they are then simply not asked for)."""
    bands = tuple(parse_age_band(part) for part in text.split(","))
    for earlier, later in pairwise(bands):
        if earlier.last is None or later.first <= earlier.last:
            raise UserError(
                "age bands overlap or are not in ascending order",
                field="age_bands",
                value=f"{earlier.label},{later.label}",
                expected="like 18-29,30-39,40+",
            )
    return bands


@dataclass(frozen=True)
class MartAges:
    """The lower edges of the age bands the marts hold, ascending; the last band is open."""

    starts: tuple[int, ...]

    def band(self, start: int) -> AgeBand:
        """The mart band that starts at ``start``."""
        place = self.starts.index(start)
        return AgeBand(start, self.starts[place + 1] - 1 if place + 1 < len(self.starts) else None)

    def compose(self, band: AgeBand) -> tuple[int, ...]:
        """Lower edges of the mart bands that together are exactly ``band``.

        Raises UserError naming the possible edges when the band cannot be composed.
        """
        if band.first not in self.starts:
            self._refuse(band, "starts at an age the marts do not cut at", self.starts)
        if band.last is not None and band.last + 1 not in self.starts:
            ends = [start - 1 for start in self.starts[1:]]
            self._refuse(
                band, "ends at an age the marts do not cut at", [end for end in ends if end >= band.first]
            )
        return tuple(start for start in self.starts if band.first <= start <= (band.last or start))

    def _refuse(self, band: AgeBand, message: str, edges: Iterable[int]) -> None:
        listed = ", ".join(str(edge) for edge in edges)
        raise UserError(
            f"age band {band.label} cannot be composed: it {message}",
            field="age_bands",
            value=band.label,
            expected=f"one of {listed}, or an open end like {self.starts[-1]}+",
        )

    def five_year(self, ages: AgeBand, *, cut: int = 0) -> tuple[AgeBand, ...]:
        """The usual five-year bands inside ``ages``, cut where ``ages`` cuts: 18+ gives 18-19, 20-24, ..., 85+.

        ``cut`` is one more age to cut at: 0+ with cut 18 gives 15-17 and 18-19 in the place of 15-19.
        """
        groups: dict[tuple[int, bool], list[AgeBand]] = {}
        for start in self.compose(ages):
            groups.setdefault((start // FIVE_YEARS, start >= cut), []).append(self.band(start))
        return tuple(AgeBand(members[0].first, members[-1].last) for members in groups.values())


def span(bands: Iterable[AgeBand]) -> AgeBand:
    """From the first age of the first band to the last of the last."""
    ordered = sorted(bands, key=lambda band: band.first)
    return AgeBand(ordered[0].first, ordered[-1].last)
