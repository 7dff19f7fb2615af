"""The lists and words of this folder's data files, checked when read."""

from __future__ import annotations

import csv
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import Any

import polars as pl

from warehouse.errors import EXIT_CONFIG, Fault, Faults

#: The kinds of number, as the data files name them.
SYSTEMS = ("national_id", "old_id", "insurance", "phone")


@dataclass(frozen=True, kw_only=True)
class NumberFault:
    """A thing that can be wrong with a number: its bit in a mask, whether it bars exact linkage, and words for it."""

    name: str
    bit: int
    unusable: bool
    systems: tuple[str, ...]
    vi: str
    en: str

    @property
    def flag(self) -> int:
        return 1 << self.bit


@dataclass(frozen=True)
class Placeholders:
    """Digits nobody has: whole numbers, and endings of eight digits."""

    whole: frozenset[str]
    endings: frozenset[str]


@dataclass(frozen=True)
class PhonePrefix:
    """A prefix that was replaced: ``old`` of a number of ``digits`` digits in all became ``new``."""

    old: str
    digits: int
    new: str


@dataclass(frozen=True, kw_only=True)
class NameWords:
    """Words of ``names.toml``, explained there."""

    fillers: tuple[str, ...]
    filler_words: tuple[str, ...]
    named_for_parent: tuple[str, ...]
    tone_pairs: tuple[str, ...]
    tone_endings: str
    middles_left_out: tuple[str, ...]
    y_as_i_after: str
    families: Mapping[str, str]


@cache
def number_faults() -> Mapping[str, NumberFault]:
    """Every fault by name. Raises :class:`Faults` when two share a bit or one names an unknown kind of number."""
    raw = tomllib.loads(_read("faults.toml"))["faults"]
    found = {name: NumberFault(name=name, **{**e, "systems": tuple(e["systems"])}) for name, e in raw.items()}
    wrong = [
        Fault(message="unknown kind of number", file="faults.toml", field=item.name, value=system)
        for item in found.values()
        for system in item.systems
        if system not in SYSTEMS
    ]
    bits = [item.bit for item in found.values()]
    wrong += [
        Fault(message="bit used twice or beyond 15", file="faults.toml", field=item.name, value=str(item.bit))
        for item in found.values()
        if bits.count(item.bit) > 1 or not 0 <= item.bit < 16
    ]
    if wrong:
        raise Faults(wrong, exit_code=EXIT_CONFIG)
    return found


def number_fault_table() -> pl.DataFrame:
    """``rule_number_fault``: one row a kind of number and fault it can have, in the order of the data file."""
    rows = [
        (system, item.name, item.flag, item.unusable, item.vi, item.en)
        for item in number_faults().values()
        for system in item.systems
    ]
    names = ("number", "fault", "flag", "is_unusable", "name_vi", "name_en")
    return pl.DataFrame(rows, schema=names, orient="row")


@cache
def unusable_mask() -> int:
    """The bits of the faults that bar a number from exact linkage."""
    return sum(item.flag for item in number_faults().values() if item.unusable)


def fault_names(mask: int) -> tuple[str, ...]:
    """The names of the faults of a mask, in the order of the data file."""
    return tuple(item.name for item in number_faults().values() if mask & item.flag)


@cache
def places(system: str) -> Mapping[str, str]:
    """Codes of provinces, countries (ISO 3166) and forces in the numbers of a kind, with what they stand for."""
    return {row["code"]: row["place"] for row in read_csv("places.csv") if row["system"] == system}


@cache
def placeholders(system: str) -> Placeholders:
    """The fillers of a kind of number; of an insurance number they are looked for in its ten last digits."""
    parts: dict[str, set[str]] = defaultdict(set)
    for row in read_csv("placeholders.csv"):
        if row["system"] == system:
            parts[row["part"]].add(row["digits"])
    return Placeholders(frozenset(parts["whole"]), frozenset(parts["ending"]))


@cache
def phone_prefixes() -> tuple[PhonePrefix, ...]:
    """Prefixes replaced in 2017 (fixed lines) and 2018 (mobile numbers of eleven digits)."""
    return tuple(
        PhonePrefix(row["old"], int(row["digits"]), row["new"]) for row in read_csv("phone_prefixes.csv")
    )


@cache
def name_words() -> NameWords:
    """The words and letters that forms of names are made by. Raises :class:`Faults` for a key too many or few."""
    raw = tomllib.loads(_read("names.toml"))
    known = {item.name for item in fields(NameWords)}
    if wrong := known.symmetric_difference(raw.keys() - {"source", "reviewed"}):
        raise Faults(
            (
                Fault(message="missing or unknown key", file="names.toml", field=name)
                for name in sorted(wrong)
            ),
            exit_code=EXIT_CONFIG,
        )
    given: dict[str, Any] = {
        name: tuple(raw[name]) if isinstance(raw[name], list) else raw[name] for name in known
    }
    return NameWords(**given)


def read_csv(name: str) -> list[dict[str, str]]:
    """Rows of one of this folder's CSV files."""
    return list(csv.DictReader(_read(name).splitlines()))


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
