"""What the elements of each part mean: ``fields.csv``, and the code lists of ``codes.csv``."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, kw_only=True)
class Form:
    """One kind of part: element name -> what it means (``row``: it begins a row), and the tags to look for."""

    means: Mapping[str, str]
    tags: tuple[str, ...]


@cache
def forms(envelope: str) -> Mapping[str, Form]:
    """The parts of an envelope that are read, by kind. Others are not used."""
    means: dict[str, dict[str, str]] = {}
    for row in _table("fields"):
        if row["envelope"] == envelope:
            means.setdefault(row["part"], {})[row["element"]] = row["means"]
    return {
        part: Form(means=names, tags=tuple(f"{{*}}{name}" for name in names)) for part, names in means.items()
    }


@cache
def codes(element: str) -> Mapping[str, str]:
    """What the codes of an element mean."""
    return {row["code"]: row["means"] for row in _table("codes") if row["element"] == element}


def _table(name: str) -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath(f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
