"""The encrypted linkage store: the only place where identifiers rest.

One sealed file per landed file. A sealed file is a row of chunks, each a Parquet table encrypted with AES-256-GCM;
the chunk's number, whether it is the last, and the file's label are authenticated, so chunks can be neither
changed, reordered, swapped between files nor cut off.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from warehouse.durable import sync
from warehouse.errors import EXIT_DATA, UserError

MAGIC = b"HSSKLNK1"
SEALED = ".sealed"
_NONCE_BYTES = 12
_LENGTH = struct.Struct(">QB")


def seal(path: Path, key: bytes, label: str, frames: Iterable[pl.DataFrame]) -> int:
    """Write ``frames`` encrypted to ``path`` (mode 0600, fsynced); returns the number of rows."""
    rows = 0
    temporary = path.with_suffix(".partial")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(MAGIC)
        pending: pl.DataFrame | None = None
        number = 0
        for frame in frames:
            if pending is not None:
                _write_chunk(file, key, label, number, pending, last=False)
                number += 1
            pending = frame
            rows += frame.height
        _write_chunk(file, key, label, number, pl.DataFrame() if pending is None else pending, last=True)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync(path.parent)
    return rows


def unseal(path: Path, key: bytes, label: str) -> Iterator[pl.DataFrame]:
    """The frames of a sealed file. Raises :class:`UserError` for a wrong key or a changed or shortened file."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise _damaged(path)
        number, last = 0, False
        while not last:
            head = file.read(_LENGTH.size)
            if len(head) < _LENGTH.size:
                raise _damaged(path)
            size, flag = _LENGTH.unpack(head)
            last = bool(flag)
            yield _read_chunk(path, key, label, number, file.read(size), last)
            number += 1
        if file.read(1):
            raise _damaged(path)


def _write_chunk(
    file: io.BufferedWriter, key: bytes, label: str, number: int, frame: pl.DataFrame, *, last: bool
) -> None:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    nonce = os.urandom(_NONCE_BYTES)
    sealed = nonce + AESGCM(key).encrypt(nonce, buffer.getvalue(), _context(label, number, last))
    file.write(_LENGTH.pack(len(sealed), last))
    file.write(sealed)


def _read_chunk(path: Path, key: bytes, label: str, number: int, sealed: bytes, last: bool) -> pl.DataFrame:
    nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        plain = AESGCM(key).decrypt(nonce, body, _context(label, number, last))
    except (InvalidTag, ValueError):
        raise _damaged(path) from None
    return pl.read_parquet(io.BytesIO(plain))


def _context(label: str, number: int, last: bool) -> bytes:
    return f"{label}|{number}|{int(last)}".encode()


def _damaged(path: Path) -> UserError:
    return UserError(
        "the sealed file does not open",
        file=path.name,
        expected="the linkage key it was written with, and an unchanged file",
        exit_code=EXIT_DATA,
    )
