"""The two ways a file disappoints: refused whole, or one part of one visit that cannot be read."""

from __future__ import annotations

from pathlib import Path

from warehouse.errors import EXIT_DATA, UserError


class BadPart(Exception):
    """A part of a visit that cannot be read. Its text is a reason in our words, never of the part."""


def refuse(path: Path, message: str, expected: str) -> UserError:
    """The error for a file that is refused whole."""
    return UserError(message, file=path.name, expected=expected, exit_code=EXIT_DATA)
