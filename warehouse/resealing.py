"""Sealed files under another linkage key: written aside, all of them, and then put in place of the old ones.

The store names the linkage key by its mark. The moment at which it names the new one decides: before, what stands
aside is cleared away by :func:`settle`; after, it is moved into place. The folder aside carries the mark in its name.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from warehouse import linkage
from warehouse.database import FILE_NAME, attach, rows
from warehouse.durable import sync
from warehouse.identity import Keys, key_mark
from warehouse.intake import LINKAGE

_ASIDE = f"{LINKAGE}.resealed-"


def reseal(home: Path, old: Keys, new: Keys) -> None:
    """Write every sealed file of the home aside, under the new linkage key. Needs the build lock."""
    aside = home / f"{_ASIDE}{key_mark(new.linkage_key):x}"
    aside.mkdir(mode=0o700)
    for path in sorted((home / LINKAGE).glob(f"*{linkage.SEALED}")):
        label = path.name.removesuffix(linkage.SEALED)
        frames = linkage.unseal(path, old.linkage_key, label)
        linkage.seal(aside / path.name, new.linkage_key, label, frames)
    sync(aside)
    sync(home)


def settle(home: Path) -> None:
    """Finish a rotation that the store knows of, or clear away one that it does not. Needs the build lock."""
    for aside in sorted(home.glob(f"{_ASIDE}*")):
        if _linkage_mark(home) == int(aside.name.removeprefix(_ASIDE), 16):
            shutil.rmtree(home / LINKAGE, ignore_errors=True)
            aside.rename(home / LINKAGE)
            sync(home)
        else:
            shutil.rmtree(aside)


def _linkage_mark(home: Path) -> int | None:
    with duckdb.connect() as connection:
        attach(connection, home / FILE_NAME)
        found = rows(connection, "select mark from meta_key where name = 'linkage_key'")
    return int(found[0][0]) if found else None
