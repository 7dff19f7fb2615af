"""``hssk build --full``: a store built aside takes the place of the old one, whole or not at all.

The new store and its sealed linkage files stand beside the old ones until both are complete and durable. The store
file is moved first; where only the linkage folder is left aside, the next build finishes the move. A store alone is
written anew the same way where no byte of deleted rows may stay in its file.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb

from warehouse import resealing
from warehouse.database import CATALOG, FILE_NAME, TEMPORARY, attach, configure, quoted, rows
from warehouse.durable import sync
from warehouse.fault_points import reach
from warehouse.intake import LINKAGE
from warehouse.settings import Settings

_ASIDE = ".rebuild"


def store_aside(home: Path) -> Path:
    """Where the store of a full rebuild is written."""
    return (home / FILE_NAME).with_suffix(_ASIDE)


def linkage_aside(home: Path) -> Path:
    """Where the sealed files of a full rebuild are written."""
    return home / f"{LINKAGE}{_ASIDE}"


def settle(home: Path) -> None:
    """Finish a move that was cut short, or clear away a rebuild that was not complete. Needs the build lock."""
    resealing.settle(home)
    if linkage_aside(home).exists() and not store_aside(home).exists():
        _move_linkage(home)
    _clear(home)


def install(home: Path, *, fault: str | None) -> None:
    """Put the rebuilt store and its sealed files in place of the old ones."""
    sync(store_aside(home))
    os.replace(store_aside(home), home / FILE_NAME)
    sync(home)
    reach("after_store", fault)
    _move_linkage(home)


def rewrite(settings: Settings) -> None:
    """Write the store anew, since its file keeps the bytes of deleted rows until they are written over."""
    aside = store_aside(settings.home)
    temporary = settings.home / TEMPORARY
    temporary.mkdir(exist_ok=True, mode=0o700)
    with duckdb.connect() as connection:
        configure(connection, settings, temporary)
        # Rows that lie as they arrived are packed tighter, and found faster.
        rows(connection, "set preserve_insertion_order = true")
        attach(connection, settings.home / FILE_NAME)
        rows(connection, f"attach '{quoted(aside)}' as aside")
        aside.chmod(0o600)
        rows(connection, f"copy from database {CATALOG} to aside")
        rows(connection, "detach aside")
    sync(aside)
    os.replace(aside, settings.home / FILE_NAME)
    sync(settings.home)


def _move_linkage(home: Path) -> None:
    shutil.rmtree(home / LINKAGE, ignore_errors=True)
    linkage_aside(home).rename(home / LINKAGE)
    sync(home)


def _clear(home: Path) -> None:
    for leftover in home.glob(f"{store_aside(home).name}*"):
        leftover.unlink()
    shutil.rmtree(linkage_aside(home), ignore_errors=True)
