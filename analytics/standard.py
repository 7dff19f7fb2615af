"""Standard populations: weights by age, read from CSV, mapped to the age bands of an answer.

A file has the columns ``age_from,weight``, ages ascending, the last band open; ``#`` lines above them give ``source``,
``reviewed``, ``name_vi``, ``name_en``. Weights may be in any unit (persons, per cent): they are normalised.

Rule for bands cut by the ages asked: inside a band of the standard people are spread evenly over its single years, so
15-19 gives 3/5 to 15-17 and 2/5 to 18-19, and 50-54 gives 1/5 to 50 and 4/5 to 51-54. An open band is never cut.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from analytics.ages import AgeBand
from analytics.rates import Floats
from warehouse.errors import Fault, Faults, UserError

BUNDLED = ("who_world_2000", "vietnam", "city", "esp_2013", "esp_1976")


@dataclass(frozen=True)
class Standard:
    """A standard population; ``weights[i]`` belongs to ages ``starts[i]`` up to the next start, the last is open."""

    id: str
    name_vi: str
    name_en: str
    source: str
    reviewed: str
    sha256: str
    starts: tuple[int, ...]
    weights: tuple[float, ...]


def load_standard(name: str) -> Standard:
    """A bundled standard by id, or a CSV file by path. Raises UserError naming both ways."""
    if name in BUNDLED:
        return parse_standard(
            name, resources.files("analytics").joinpath("standards", f"{name}.csv").read_bytes()
        )
    path = Path(name)
    if path.suffix != ".csv" or not path.is_file():
        raise UserError(
            "unknown standard population",
            field="standard",
            value=name,
            expected=f"one of {', '.join(BUNDLED)}, or a CSV file with the columns age_from,weight",
        )
    return parse_standard(path.stem, path.read_bytes())


def parse_standard(name: str, content: bytes) -> Standard:
    """Standard from the bytes of its file; all faults at once."""
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise UserError("not a text file in UTF-8", file=f"{name}.csv") from None
    notes = dict(_note(line) for line in lines if line.startswith("#") and ":" in line)
    rows = list(csv.DictReader(line for line in lines if line.strip() and not line.startswith("#")))
    starts, weights = _numbers(name, rows)
    return Standard(
        id=name,
        name_vi=notes.get("name_vi", name),
        name_en=notes.get("name_en", name),
        source=notes.get("source", "own file"),
        reviewed=notes.get("reviewed", ""),
        sha256=hashlib.sha256(content).hexdigest(),
        starts=starts,
        weights=weights,
    )


def _note(line: str) -> tuple[str, str]:
    key, _, value = line.lstrip("# ").partition(":")
    return key.strip(), value.strip()


def _numbers(name: str, rows: Sequence[dict[str, str]]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    faults: list[Fault] = []
    pairs: list[tuple[int, float]] = []
    for number, row in enumerate(rows, start=1):
        try:
            age, weight = int(row["age_from"]), float(row["weight"])
        except (KeyError, TypeError, ValueError):
            faults.append(
                _fault(name, number, "not a row of a standard population", "age_from,weight like 20,8.22")
            )
            continue
        if not (math.isfinite(weight) and weight >= 0):
            faults.append(_fault(name, number, f"weight {row['weight']} is not possible", "0 or more"))
        if age < 0 or (pairs and age <= pairs[-1][0]):
            faults.append(
                _fault(name, number, f"age_from {age} is not above the row before", "ascending ages from 0")
            )
        pairs.append((age, weight))
    if not faults and (not pairs or sum(weight for _, weight in pairs) <= 0):
        faults.append(_fault(name, None, "no weights", "at least one row with a weight above 0"))
    if faults:
        raise Faults(faults)
    return tuple(age for age, _ in pairs), tuple(weight for _, weight in pairs)


def _fault(name: str, row: int | None, message: str, expected: str) -> Fault:
    return Fault(message=message, file=f"{name}.csv", row=row, expected=expected)


def stratum_weights(standard: Standard, strata: Sequence[AgeBand]) -> Floats:
    """Share of the standard in each stratum, restricted to the ages of the strata: sums to 1.

    Raises UserError when an open band of the standard would have to be cut, or when it has nobody at these ages.
    """
    raw = np.array([sum(_shares(standard, stratum)) for stratum in strata], dtype=np.float64)
    if raw.sum() <= 0:
        labels = ", ".join(stratum.label for stratum in strata)
        raise UserError(f"the standard has nobody at the ages {labels}", field="standard", value=standard.id)
    return np.asarray(raw / raw.sum(), dtype=np.float64)


def _shares(standard: Standard, stratum: AgeBand) -> list[float]:
    """What each band of the standard gives to one stratum."""
    high = math.inf if stratum.last is None else stratum.last + 1
    shares = []
    ends = [*standard.starts[1:], math.inf]
    for start, end, weight in zip(standard.starts, ends, standard.weights, strict=True):
        years = min(end, high) - max(start, stratum.first)
        if years <= 0 or weight == 0:
            continue
        if end == math.inf and (stratum.first > start or high < end):
            raise UserError(
                f"the open band {start}+ of the standard cannot be cut at {stratum.label}",
                field="standard",
                value=standard.id,
                action=f"Ask for ages up to {start - 1}, or use a standard with finer old ages",
            )
        shares.append(weight if start >= stratum.first and end <= high else weight * years / (end - start))
    return shares
