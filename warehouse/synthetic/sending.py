"""In which format the rows of a facility are sent: as tables, for a share of them as FHIR resources or health XML.

The city is the same, and so is a build of it. A facility can send both; then what health XML can tell goes so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from warehouse.synthetic import as_fhir, as_health_xml
from warehouse.synthetic.defects import chance
from warehouse.synthetic.health_xml_limits import Tables, told_whole
from warehouse.synthetic.writer import Writer

Named = Iterator[tuple[str, pl.DataFrame]]


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Of the facilities: those that send FHIR resources, and those that send health XML."""

    fhir: float = 0.0
    xml: float = 0.0


@dataclass(frozen=True)
class Sending:
    """One chunk of people (``part``) of the city of a seed, as it stood at the end of ``day``."""

    shares: Shares
    seed: int
    day: date
    part: int
    writer: Writer

    def tables(self, tables: Named) -> Named:
        """What is left of the tables; what goes in another format is written here."""
        left = self._without_documents(tables) if self.shares.xml else tables
        return self._without_resources(left) if self.shares.fhir else left

    def _without_resources(self, tables: Named) -> Named:
        """Less the rows of facilities' own systems that go as FHIR resources."""
        senders = pl.DataFrame()
        for name, given in tables:
            frame = given
            if name == "encounter":
                senders = frame.filter(self._is_chosen(frame, self.shares.fhir, "fhir"))
                senders = senders.select(encounter_ref="encounter_id")
            if name in as_fhir.TABLES:
                frame, resources = as_fhir.split(name, given, senders)
                for kind, lines in resources.items():
                    self.writer.lines(f"fhir/{kind}", self.part, "ndjson", [lines])
            yield name, frame

    def _without_documents(self, tables: Named) -> Named:
        """Less the visits that go as health XML: their tables are held back until all are there."""
        held: dict[str, pl.DataFrame] = {}
        for name, frame in tables:
            if name in (*as_health_xml.TABLES, *as_health_xml.BESIDE):
                held[name] = frame
            if name not in as_health_xml.TABLES:
                yield name, frame
            elif all(table in held for table in as_health_xml.TABLES):
                is_sender = self._is_chosen(held["encounter"], self.shares.xml, "health xml")
                visits = told_whole(held, is_sender)
                self._write_documents(held, visits)
                left = as_health_xml.without(held, visits)
                held.clear()
                yield from left.items()

    def _write_documents(self, tables: Tables, visits: pl.DataFrame) -> None:
        """One file of each envelope that there are visits of."""
        for (envelope,), own in visits.group_by("envelope", maintain_order=True):
            name = str(envelope)
            around = as_health_xml.around(name, own.height, self.day)
            pieces = as_health_xml.lines(tables, own, name)
            self.writer.lines(f"health_xml/{name}", self.part, "xml", pieces, around=around)

    def _is_chosen(self, frame: pl.DataFrame, share: float, salt: str) -> pl.Series:
        """Of which rows the facility (``F12``) is among this share of them, the same in every chunk."""
        number = frame["facility_ref"].str.slice(1).cast(pl.Int64).fill_null(-1)
        return pl.Series(chance(number.to_numpy(), salt, self.seed) < share) & (number >= 0)
