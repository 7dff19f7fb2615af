"""Reading of rule files (TOML and CSV) with every fault kept instead of the first one raised."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any

from warehouse.errors import Fault, UserError, suggest


class Section:
    """A TOML table that is read key by key; what is wrong is appended to ``faults`` with file and key.

    >>> found: list[Fault] = []
    >>> Section("x.toml", "", {"ag_from": 18}, found).done(["age_from"])
    >>> print(found[0])
    file x.toml, field ag_from: unknown key; expected one of age_from (did you mean age_from?)
    """

    def __init__(self, file: str, path: str, raw: Any, faults: list[Fault]) -> None:
        self.file, self.path, self.faults = file, path, faults
        self.raw: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
        if not isinstance(raw, dict):
            self.fault("must be a table", key="", value=raw)

    def key(self, key: str) -> str:
        return ".".join(part for part in (self.path, key) if part)

    def fault(self, message: str, *, key: str, value: Any = None, expected: str | None = None) -> None:
        shown = None if value is None else str(value)
        self.faults.append(
            Fault(
                message=message,
                file=self.file,
                field=self.key(key),
                value=shown,
                expected=expected,
            )
        )

    def done(self, known: Collection[str]) -> None:
        """Refuse keys nobody asked for: a misspelt optional key must not be silently without effect."""
        for key in self.raw:
            if key not in known:
                self.fault("unknown key", key=key, expected=suggest(key, known))

    def text(
        self,
        key: str,
        *,
        allowed: Collection[str] | None = None,
        default: str | None = None,
    ) -> str:
        value = self.raw.get(key, default)
        if not isinstance(value, str) or not value.strip():
            self.fault("missing" if value is None else "must be a text", key=key, value=value)
            return ""
        if allowed is not None and value not in allowed:
            self.fault("unknown value", key=key, value=value, expected=suggest(value, allowed))
        return value

    def optional_text(self, key: str, *, allowed: Collection[str] | None = None) -> str | None:
        return self.text(key, allowed=allowed) if key in self.raw else None

    def integer(
        self, key: str, *, low: int = 0, high: int = 100_000, default: int | None = None
    ) -> int | None:
        value = self.raw.get(key, default)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.fault(
                "must be a whole number",
                key=key,
                value=value,
                expected=f"{low} to {high}",
            )
            return None
        return value

    def number(self, key: str) -> float | None:
        value = self.raw.get(key)
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.fault("must be a number", key=key, value=value)
            return None
        return float(value)

    def flag(self, key: str) -> bool:
        value = self.raw.get(key, False)
        if not isinstance(value, bool):
            self.fault("must be true or false", key=key, value=value)
        return value is True

    def day(self, key: str) -> date:
        value = self.raw.get(key)
        if not isinstance(value, date):
            self.fault(
                "must be a date",
                key=key,
                value=value,
                expected="like 2026-11-23, without quotes",
            )
            return date.min
        return value

    def sections(self, key: str) -> dict[str, Section]:
        """The sub-tables of a table, by name; an absent table is an empty one."""
        inner = Section(self.file, self.key(key), self.raw.get(key, {}), self.faults)
        return {
            name: Section(self.file, inner.key(name), raw, self.faults) for name, raw in inner.raw.items()
        }


class Row:
    """One line of a CSV rule file; the same manners as :class:`Section`, with the line number."""

    def __init__(self, file: str, line: int, raw: Mapping[str, str], faults: list[Fault]) -> None:
        self.file, self.line, self.raw, self.faults = file, line, raw, faults

    def fault(
        self,
        message: str,
        *,
        field: str,
        value: str | None = None,
        expected: str | None = None,
    ) -> None:
        self.faults.append(
            Fault(
                message=message,
                file=self.file,
                row=self.line,
                field=field,
                value=value,
                expected=expected,
            )
        )

    def text(self, field: str, *, allowed: Collection[str] | None = None, empty: bool = False) -> str:
        value = self.raw[field].strip()
        if not value and not empty:
            self.fault("missing", field=field)
        elif value and allowed is not None and value not in allowed:
            self.fault(
                "unknown value",
                field=field,
                value=value,
                expected=suggest(value, allowed),
            )
        return value

    def flag(self, field: str) -> bool:
        return self.text(field, allowed=("true", "false")) == "true"

    def number(self, field: str) -> float | None:
        """A decimal number or a quotient ``1/18.016``; None where the cell is empty."""
        text = self.text(field, empty=True)
        try:
            return _quotient(text) if text else None
        except (ValueError, ZeroDivisionError):
            self.fault(
                "must be a number or a quotient of two",
                field=field,
                value=text,
                expected="like 2.54 or 1/18.016",
            )
            return None

    def integer(self, field: str) -> int | None:
        text = self.text(field, empty=True)
        try:
            return int(text) if text else None
        except ValueError:
            self.fault("must be a whole number", field=field, value=text)
            return None

    def checked(self, field: str, check: Callable[[str], str], value: str | None = None) -> str:
        """The cell in the normal form ``check`` gives it; a code type is such a check."""
        text = self.text(field) if value is None else value
        try:
            return check(text) if text else ""
        except UserError as error:
            self.fault(
                error.fault.message,
                field=field,
                value=text,
                expected=error.fault.expected,
            )
            return ""


def read_rows(file: str, text: str, columns: Collection[str], faults: list[Fault]) -> list[Row]:
    """Lines of a CSV with exactly these columns; ``source`` and ``reviewed`` are always among them and
    filled.
    """
    wanted = [*columns, "source", "reviewed"]
    reader = csv.DictReader(io.StringIO(text), strict=True)
    header = list(reader.fieldnames or [])
    if sorted(header) != sorted(wanted):
        faults.append(
            Fault(
                message="wrong columns",
                file=file,
                row=1,
                value=",".join(header),
                expected=",".join(wanted),
            )
        )
        return []
    rows = []
    for raw in reader:
        if None in raw or None in raw.values():
            faults.append(Fault(message="wrong number of cells", file=file, row=reader.line_num))
            continue
        row = Row(file, reader.line_num, raw, faults)
        row.text("source")
        _check_reviewed(row)
        rows.append(row)
    if not rows:
        faults.append(Fault(message="has no line", file=file))
    return rows


def _check_reviewed(row: Row) -> None:
    text = row.text("reviewed")
    try:
        date.fromisoformat(text)
    except ValueError:
        row.fault("must be a date", field="reviewed", value=text, expected="like 2026-11-23")


def _quotient(text: str) -> float:
    above, _, under = text.partition("/")
    return float(above) / float(under) if under else float(text)
