"""The bytes of a file as UTF-8 in pieces, within limits, after a look at how it begins."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO, cast

from warehouse.errors import UserError
from warehouse.readers.health_xml import encodings
from warehouse.readers.health_xml.faults import BadPart, refuse

SUFFIXES = (".xml", ".xml.gz")
CLAIM, EXAMINATION = "GIAMDINHHS", "KHAMSUCKHOE"
#: Unpacked bytes for one packed byte. Claims pack to a tenth; the format itself cannot exceed 1032.
RATIO_LIMIT = 250
#: Below this size no ratio is a danger: short files of equal visits pack well.
RATIO_FREE = 268_435_456
#: A month of the largest hospital is a few gigabytes.
UNPACKED_LIMIT = 68_719_476_736
#: The first element must begin within so many bytes.
HEAD_BYTES = 1_048_576
_CHUNK = 262_144
_ENVELOPE = re.compile(rb"<(?:!DOCTYPE\s+)?(?:[\w.-]+:)?(?:GIAMDINHHS|KHAMSUCKHOE)[\s>/]")
_WHOLE = "a whole file; send it again"


def is_health_xml(path: Path) -> bool:
    """True when the head of the file opens one of the two envelopes, in whichever encoding, plain or gzip."""
    if not path.name.lower().endswith(SUFFIXES):
        return False
    # All encodings in question write these names as ASCII, UTF-16 with zero bytes between.
    return _ENVELOPE.search(_head(path).replace(b"\x00", b"")) is not None


def opened(path: Path) -> tuple[str, Iterator[bytes]]:
    """The name of the envelope, and the file as pieces of UTF-8 from its beginning.

    Raises :class:`UserError`, also while the pieces are taken: a damaged or exploding gzip file, bytes that are not
    in the encoding they should be in, a document type, another document.
    """
    pieces = _utf8(path)
    head = b""
    try:
        while len(head) < HEAD_BYTES and (piece := next(pieces, b"")):
            head += piece
        name = encodings.root_name(head)
    except BadPart as problem:
        raise refuse(path, str(problem), "plain XML without DOCTYPE or entities") from None
    if name not in (CLAIM, EXAMINATION):
        raise refuse(path, "no health record envelope", f"{CLAIM} or {EXAMINATION} as the first element")
    return name, chain([head], pieces)


def _utf8(path: Path) -> Iterator[bytes]:
    encoding = _encoding(path)
    try:
        yield from (piece for piece in encodings.to_utf8(_raw(path), encoding) if piece)
    except UnicodeError:
        raise refuse(path, "the text is damaged: it is not in the encoding it begins in", _WHOLE) from None


def _encoding(path: Path) -> str:
    head = _head(path)[:_CHUNK]
    encoding = encodings.guess(head)
    if encoding == "utf-8" and encodings.says_vietnamese(head) and not encodings.is_utf8(_raw(path)):
        return encodings.VIETNAMESE
    return encoding


def _raw(path: Path) -> Iterator[bytes]:
    """The bytes unpacked, in pieces. Raises :class:`UserError` for a damaged gzip file and beyond the limits."""
    if not path.name.lower().endswith(".gz"):
        with path.open("rb") as file:
            yield from iter(lambda: file.read(_CHUNK), b"")
        return
    limit = min(UNPACKED_LIMIT, max(RATIO_FREE, path.stat().st_size * RATIO_LIMIT))
    unpacked = 0
    try:
        with gzip.open(path) as packed:
            for chunk in iter(lambda: packed.read(_CHUNK), b""):
                unpacked += len(chunk)
                if unpacked > limit:
                    raise _exploding(path)
                yield chunk
    except (OSError, EOFError, zlib.error):
        raise refuse(path, "the compressed file is damaged", _WHOLE) from None


def _exploding(path: Path) -> UserError:
    message = f"the file unpacks to more than {RATIO_LIMIT} times its size, or {UNPACKED_LIMIT >> 30} GB"
    return refuse(path, message, "an ordinary file, packed once")


def _head(path: Path) -> bytes:
    """The first megabyte, unpacked; what can be had of it when the file is damaged, which reading will say."""
    with path.open("rb") as file:
        if not path.name.lower().endswith(".gz"):
            return file.read(HEAD_BYTES)
        try:
            with gzip.open(file) as unpacked:
                return cast("IO[bytes]", unpacked).read(HEAD_BYTES)
        except (OSError, EOFError, zlib.error):
            file.seek(0)
            return _rescued(file.read(HEAD_BYTES))


def _rescued(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(packed, HEAD_BYTES)
    except zlib.error:
        return b""
