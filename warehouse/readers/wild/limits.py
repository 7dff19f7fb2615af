"""What a file may unpack to before it is taken for a bomb, and how a file is refused."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.errors import EXIT_DATA, UserError

_MIB = 1 << 20
_GIB = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bytes unless the name says otherwise. A ratio counts only beyond ``free_bytes``: small files may be dull."""

    text_bytes: int = 64 * _GIB
    workbook_bytes: int = 2 * _GIB
    workbook_cells: int = 40_000_000
    """Of the rectangle that a sheet's furthest cells span: calamine holds all of it in memory, filled or not."""
    ratio: int = 250
    """Text of a register packs to a tenth, a sheet of equal cells to a hundredth, zeros to a thousandth."""
    free_bytes: int = 32 * _MIB
    members: int = 1_000
    """Members of an archive."""

    def is_bomb(self, unpacked: int, packed: int, most: int) -> bool:
        """True when ``unpacked`` is more than ``most``, or too many times ``packed``."""
        return unpacked > most or (unpacked > self.free_bytes and unpacked > self.ratio * max(packed, 1))


LIMITS = Limits()


def refused(file: str, message: str, expected: str) -> UserError:
    """The file as a whole is of no use. No text of the file goes into the words."""
    return UserError(message, file=file, expected=expected, exit_code=EXIT_DATA)


def bomb(file: str) -> UserError:
    """It unpacks to more than a table would."""
    return refused(file, "it unpacks to more than a table would", "the table itself, not packed")
