"""A table of numbers as it stands on the screen and in every export: one object, so that they cannot differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a column holds. Shares are between 0 and 1; the formatter writes them as percentages."""

    TEXT = "text"
    COUNT = "count"
    SHARE = "share"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True, kw_only=True)
class Column:
    """``name`` keys the rows and heads the column of machine-readable files; ``label`` is what people read.

    A column that ``is_code`` is for machines: it stands in files and not on the screen.
    """

    name: str
    label: str
    kind: Kind
    is_code: bool = False


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """``rows`` hold a value per column name; None in a numeric column is told by the row's ``state`` words.

    ``filters``: pairs of label and value, everything that was chosen. ``source``: build, data date, definition.
    ``screen_rows``: the screen shows as many of the first rows and says so, files hold all; None shows all.
    ``caution``: what must be known before the numbers are used. ``notice`` is set on synthetic data only.
    """

    name: str
    title: str
    subtitle: str
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, Any], ...]
    filters: tuple[tuple[str, str], ...]
    source: str
    caution: str
    notice: str
    build_id: str
    extract_date: date
    screen_rows: int | None = None
