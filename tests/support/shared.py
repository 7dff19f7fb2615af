"""What is dear to make: made once in a test run by whichever test process needs it first, then read or copied."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb
from filelock import FileLock

from warehouse.database import FILE_NAME


@dataclass(frozen=True)
class Once:
    """Folders made once, below ``root``, which all test processes of a run share. Nobody may write into them."""

    root: Path

    def __call__(self, name: str, make: Callable[[Path], object]) -> Path:
        """The folder ``name``; the first to ask for it has ``make`` fill it, the others wait."""
        folder, made = self.root / name, self.root / f"{name}.made"
        self.root.mkdir(exist_ok=True)
        with FileLock(self.root / f"{name}.lock"):
            if not made.exists():
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                made.touch()
        return folder


class Built(NamedTuple):
    """An extract folder and the data folder it was built into."""

    source: Path
    home: Path


def copied(made: Path, folder: Path) -> Built:
    """A copy in ``folder`` of ``in`` and ``home`` of ``made``, as if they had been made there; it may be changed."""
    shutil.copytree(made, folder, dirs_exist_ok=True)
    places = {"old": str(made.resolve()), "new": str(folder.resolve())}
    with duckdb.connect(str(folder / "home" / FILE_NAME)) as connection:
        moved = "update meta_file set folder = replace(folder, $old, $new)"
        connection.execute(moved, places).fetchall()
    return Built(folder / "in", folder / "home")
