"""Files of the synthetic city, and what is said about them: rows, fingerprints, seals.

out/extracts/       one folder per table, one part per chunk of people, and manifest.toml (synthetic = true); fhir/ and
                    health_xml/ for what goes as resources and as documents
out/check/          with examine_all: a reference examination of everybody, to be built with the extracts, apart
out/truth.parquet   what is really so; never inside the extracts, readable by its owner only
out/defects.parquet what was done to rows on purpose: table, key, defect, column, what was there; sealed likewise
out/references.parquet  whose every reference of the registers is, and what was changed in its row; sealed likewise
out/truth_counts.parquet   how many have what, by quarter, district, sex and age: for `hssk fit --truth`
out/synthetic.json  seed, size, calibration, rows and content fingerprint of every table, SHA-256 of the truth
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

EXTRACTS, CHECK, TRUTH, ABOUT = "extracts", "check", "truth.parquet", "synthetic.json"
TRUTH_COUNTS, DEFECTS, REFERENCES = "truth_counts.parquet", "defects.parquet", "references.parquet"
_OWNER_READS = 0o400


@dataclass(frozen=True)
class Description:
    """What a city was made of: enough to make it again."""

    population: int
    seed: int
    as_of: date
    generator: str
    calibration: str
    scenario: str
    shares: Mapping[str, float]
    settings: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "population": self.population,
            "seed": self.seed,
            "as_of": self.as_of.isoformat(),
            "generator": self.generator,
            "scenario": self.scenario,
            "shares": dict(self.shares),
            "calibration": {"version": self.calibration, **self.settings},
        }


@dataclass
class Fingerprint:
    """Rows and a running SHA-256 of the content of a table, in the order it is written.

    The content is hashed, not the file: equal rows give equal fingerprints whatever the format and its version.
    """

    rows: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, frame: pl.DataFrame) -> None:
        self.rows += frame.height
        for column in frame:
            self.digest.update(f"{column.name}:{column.dtype}:{len(column)};".encode())
            self.digest.update(column.is_null().to_numpy().tobytes())
            self.digest.update(_content(column))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"rows": self.rows, "fingerprint": self.digest.hexdigest()}


def _content(column: pl.Series) -> bytes:
    """The values as bytes: numbers as they stand, words joined with their lengths before them."""
    if column.dtype == pl.String:
        filled = column.fill_null("")
        words: str = filled.str.join("").item()
        return filled.str.len_bytes().to_numpy().tobytes() + words.encode()
    physical = column.to_physical()
    filled = physical.fill_null(False if physical.dtype == pl.Boolean else 0)
    return np.ascontiguousarray(filled.to_numpy()).tobytes()


class Writer:
    """Writes one city into a new folder; used as a context."""

    def __init__(self, out: Path, about: Description, file_format: str) -> None:
        self._out, self._about, self._format = out, about, file_format
        self._tables: dict[str, Fingerprint] = {}
        self._sealed = {name: Fingerprint() for name in (TRUTH, DEFECTS, REFERENCES)}
        self._files: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> Writer:
        (self._out / EXTRACTS).mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, file in self._files.items():
            file.close()
            (self._out / name).chmod(_OWNER_READS)
        if kind is None:
            self._describe()

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each table so far."""
        return {name: print_.rows for name, print_ in self._tables.items()}

    def table(self, name: str, part: int, frame: pl.DataFrame) -> None:
        """One part of an extract table."""
        self._tables.setdefault(name, Fingerprint()).add(frame)
        self._write(self._out / EXTRACTS / name, part, frame)

    def lines(
        self,
        name: str,
        part: int,
        suffix: str,
        pieces: Iterable[pl.Series],
        *,
        around: tuple[str, str] = ("", ""),
    ) -> None:
        """One part of what is sent as text, a line each, between what stands ``around`` them."""
        told = self._tables.setdefault(name, Fingerprint())
        path = self._out / EXTRACTS / f"{name}.{part:03d}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            file.write(around[0])
            for lines in pieces:
                told.add(lines.to_frame())
                file.writelines(f"{line}\n" for line in lines)
            file.write(around[1])

    def check(self, name: str, part: int, frame: pl.DataFrame) -> None:
        """One part of a table that is for checks only."""
        self._write(self._out / CHECK / name, part, frame)

    def _write(self, folder: Path, part: int, frame: pl.DataFrame) -> None:
        path = folder / f"part-{part:03d}.{self._format}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if self._format == "csv":
            frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S")
        else:
            frame.write_parquet(path)

    def truth(self, frame: pl.DataFrame) -> None:
        """One part of the truth; seed, size and calibration stand in the metadata of the file."""
        self._seal(TRUTH, frame)

    def defects(self, frame: pl.DataFrame) -> None:
        """One part of what was done to rows on purpose."""
        self._seal(DEFECTS, frame)

    def references(self, frame: pl.DataFrame) -> None:
        """One part of the references of the registers, and whose they are."""
        self._seal(REFERENCES, frame)

    def _seal(self, name: str, frame: pl.DataFrame) -> None:
        """One part more of a file for its owner's eyes only."""
        self._sealed[name].add(frame)
        rows = frame.to_arrow()
        if name not in self._files:
            about = {"hssk.synthetic": json.dumps(self._about.as_dict(), sort_keys=True)}
            # Closed by nobody else but the owner's eyes: sealed before the first row is in it.
            (self._out / name).touch(mode=0o600)
            schema = rows.schema.with_metadata(about)
            self._files[name] = pq.ParquetWriter(self._out / name, schema, compression="zstd")
        file = self._files[name]
        file.write_table(pa.table(rows.columns, schema=file.schema))

    def truth_counts(self, frame: pl.DataFrame) -> None:
        """The truth as counts."""
        frame.write_parquet(self._out / TRUTH_COUNTS)

    def _describe(self) -> None:
        about = self._about
        for folder in (EXTRACTS, CHECK):
            if (self._out / folder).exists():
                self._manifest(self._out / folder)
        content = about.as_dict() | {
            "tables": {name: print_.as_dict() for name, print_ in self._tables.items()},
            "truth": self._sealed[TRUTH].as_dict() | {"sha256": _sha256(self._out / TRUTH)},
            "defects": self._sealed[DEFECTS].as_dict(),
            "references": self._sealed[REFERENCES].as_dict(),
        }
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        (self._out / ABOUT).write_text(text, encoding="utf-8")

    def _manifest(self, folder: Path) -> None:
        about, apart = self._about, "" if folder.name == EXTRACTS else f"-{folder.name}"
        (folder / "manifest.toml").write_text(
            f'name = "synthetic-city-{about.population}-seed-{about.seed}{apart}"\n'
            f"as_of = {about.as_of.isoformat()}\n"
            "synthetic = true\n"
            f'source = "hssk synthesize, {about.population} residents, seed {about.seed}, scenario {about.scenario}, '
            f'generator {about.generator}, calibration {about.calibration}"\n',
            encoding="utf-8",
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
