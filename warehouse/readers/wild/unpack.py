"""The bytes of text tables, unpacked as they are read: plain, gzip, Zstandard, or members of a ZIP archive.

Nothing is written to disk. What unpacks to too much stops while it is read (:class:`Limits`), whatever its directory
says of its size.
"""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import pyarrow as pa

from warehouse.readers.wild.limits import Limits, bomb, refused

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
PACKED = (".gz", ".zst")
ARCHIVE = ".zip"
_NESTED = (".zip", ".gz", ".zst", ".bz2", ".xz", ".7z", ".rar", ".tar", ".tgz", ".xlsx", ".xlsm", ".ods")
#: What the unpackers raise on damaged bytes; RuntimeError: a password; NotImplementedError: an unknown method.
DAMAGE = (
    OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowException, RuntimeError,
    NotImplementedError, ValueError,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Member:
    """One text table of a file. ``name`` is its name in an archive, without suffix; empty for a file of its own."""

    name: str
    open: Callable[[], IO[bytes]]


class _Counted(io.RawIOBase):
    """The bytes of ``source``, which stops the reader when there are too many of them."""

    def __init__(self, source: Any, file: str, packed: int, limits: Limits) -> None:
        self._source, self._file, self._packed, self._limits = source, file, packed, limits
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._source.read(len(buffer))
        buffer[: len(block)] = block
        self._read += len(block)
        if self._limits.is_bomb(self._read, self._packed, self._limits.text_bytes):
            raise bomb(self._file)
        return len(block)

    def close(self) -> None:
        self._source.close()
        super().close()


@contextmanager
def told(file: str) -> Iterator[None]:
    """Damage of packed bytes, wherever they are read, as a :class:`UserError`."""
    try:
        yield
    except DAMAGE:
        raise refused(
            file, "the file is damaged, or locked with a password", "a whole file; send it again"
        ) from None


def members(path: Path, limits: Limits) -> tuple[list[Member], int]:
    """The text tables of a file, and how many other members its archive has."""
    if not path.name.lower().endswith(ARCHIVE):
        return [Member(name="", open=lambda: _opened(path, limits))], 0
    with told(path.name), zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > limits.members:
        raise refused(path.name, f"the archive has {len(infos)} members", f"at most {limits.members}")
    for info in infos:
        _check_name(path.name, info.filename)
    tables = [info for info in infos if info.filename.lower().endswith(TEXT_SUFFIXES)]
    if not tables:
        raise refused(path.name, "the archive has no table", "members named " + ", ".join(TEXT_SUFFIXES))
    found = [
        Member(name=PurePosixPath(info.filename).stem, open=_member_opener(path, info, limits))
        for info in tables
    ]
    return found, len(infos) - len(tables)


def _check_name(file: str, name: str) -> None:
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0]:
        raise refused(file, "a member of the archive points outside of it", "plain names")
    if name.lower().endswith(_NESTED):
        raise refused(
            file, "the archive holds another archive or a workbook", "that file by itself, unpacked"
        )


def _member_opener(path: Path, info: zipfile.ZipInfo, limits: Limits) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        with zipfile.ZipFile(path) as archive:
            # The archive's file stays open until the member is closed.
            source = archive.open(info)
        return io.BufferedReader(_Counted(source, path.name, info.compress_size, limits), 1 << 20)

    return opened


def _opened(path: Path, limits: Limits) -> IO[bytes]:
    name = path.name.lower()
    source: Any
    if name.endswith(".gz"):
        source = gzip.GzipFile(path)
    elif name.endswith(".zst"):
        source = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
    else:
        source = path.open("rb")
    return io.BufferedReader(_Counted(source, path.name, path.stat().st_size, limits), 1 << 20)
