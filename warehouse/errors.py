"""The two families of errors: what the user did, and our own bugs.

A :class:`UserError` is shown without a traceback and says file, row, field, value, what was expected and what to
do. Identifying values are masked by the caller before they get here. A :class:`Defect` is a bug of ours.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, fields

EXIT_USAGE = 2
EXIT_DATA = 65
EXIT_UNAVAILABLE = 69
EXIT_LOCKED = 75
EXIT_CONFIG = 78


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong, where it is, and what to do about it."""

    message: str
    file: str | None = None
    row: int | None = None
    field: str | None = None
    value: str | None = None
    expected: str | None = None
    action: str | None = None

    def __str__(self) -> str:
        where = ", ".join(
            f"{name} {value}"
            for name, value in (
                ("file", self.file),
                ("row", self.row),
                ("field", self.field),
                ("value", self.value),
            )
            if value is not None
        )
        text = f"{where}: {self.message}" if where else self.message
        if self.expected:
            text += f"; expected {self.expected}"
        if self.action:
            text += f". {self.action}"
        return text

    def as_dict(self) -> dict[str, str | int | None]:
        return {item.name: getattr(self, item.name) for item in fields(self)}


class HsskError(Exception):
    """Base of every error this program raises on purpose."""


class Defect(HsskError):
    """A bug of ours: an invariant that should hold does not. Shown with its traceback."""


class UserError(HsskError):
    """Something the user can mend. Carries a :class:`Fault` and the exit code of the command line."""

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        row: int | None = None,
        field: str | None = None,
        value: str | None = None,
        expected: str | None = None,
        action: str | None = None,
        exit_code: int = EXIT_USAGE,
    ) -> None:
        self.fault = Fault(
            message=message, file=file, row=row, field=field, value=value, expected=expected, action=action
        )
        self.exit_code = exit_code
        super().__init__(str(self.fault))


class Faults(UserError):
    """Several faults found in one pass, all reported at once."""

    def __init__(self, faults: Iterable[Fault], *, exit_code: int = EXIT_CONFIG) -> None:
        self.faults = tuple(faults)
        self.exit_code = exit_code
        lines = "\n".join(f"  - {fault}" for fault in self.faults)
        HsskError.__init__(self, f"{len(self.faults)} faults:\n{lines}")
        self.fault = self.faults[0] if self.faults else Fault(message="no fault given")


def suggest(word: str, choices: Iterable[str]) -> str:
    """``one of a, b, c`` with the closest match first when there is one."""
    names = list(choices)
    close = difflib.get_close_matches(word, names, n=1)
    listed = "one of " + ", ".join(names)
    return f"{listed} (did you mean {close[0]}?)" if close else listed
