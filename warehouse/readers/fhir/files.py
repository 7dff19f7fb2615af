"""The bytes of a file as lines or as one document, within limits: long lines, large documents, gzip bombs."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa

from warehouse.errors import EXIT_DATA, UserError

#: A longer line is a bad record. Bundles of one patient reach 20 MB.
LINE_LIMIT = 268_435_456
#: DuckDB parses a document whole: 300 MB of Observations took 3.2 GB of memory.
DOCUMENT_LIMIT = 536_870_912
#: Unpacked bytes for one packed byte. Exports reach 40; the format itself cannot exceed 1032.
RATIO_LIMIT = 250
#: Below this size no ratio is a danger: short files of equal lines pack well.
RATIO_FREE = 268_435_456
_CHUNK = 4_194_304
_BATCH_BYTES = 16_777_216
_MARK = b"\xef\xbb\xbf"
_SCHEMA = pa.schema([("_line", pa.int64()), ("doc", pa.large_string()), ("fault", pa.string())])
_TOO_LONG = f"the line is longer than {LINE_LIMIT >> 20} MB"


@dataclass(frozen=True)
class _Line:
    number: int
    text: bytes
    fault: str | None


def is_packed(path: Path) -> bool:
    """True when the name says gzip."""
    return path.name.lower().endswith(".gz")


def verify_packed(path: Path) -> int:
    """Unpack a gzip file once, to its end. Returns its unpacked size in bytes.

    Raises :class:`UserError` when it is damaged, and when it unpacks to more than an export honestly can.
    """
    limit = max(RATIO_FREE, path.stat().st_size * RATIO_LIMIT)
    unpacked = 0
    try:
        with gzip.open(path) as file:
            while chunk := file.read(_CHUNK):
                unpacked += len(chunk)
                if unpacked > limit:
                    message = f"the file unpacks to more than {RATIO_LIMIT} times its size"
                    raise refuse(path, message, "an ordinary export, packed once")
    except (OSError, EOFError, zlib.error):
        raise refuse(path, "the compressed file is damaged", "a whole gzip file; send it again") from None
    return unpacked


def document(path: Path) -> pa.Table:
    """The whole file as one line. Raises :class:`UserError` beyond :data:`DOCUMENT_LIMIT`."""
    with _opened(path) as file:
        text = file.read(DOCUMENT_LIMIT + 1)
    if len(text) > DOCUMENT_LIMIT:
        message = f"one JSON document of more than {DOCUMENT_LIMIT >> 20} MB"
        raise refuse(path, message, "NDJSON, or several smaller Bundles: split it")
    return pa.Table.from_batches([_batch([_Line(1, text.removeprefix(_MARK), None)])])


def lines(path: Path) -> pa.RecordBatchReader:
    """Every line that is not blank, numbered from 1, in batches of some megabytes; faulty lines without their text."""
    return pa.RecordBatchReader.from_batches(_SCHEMA, _batches(path))


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    held: list[_Line] = []
    size = 0
    with _opened(path) as file:
        for line in _lines(file):
            held.append(line)
            size += len(line.text)
            if size >= _BATCH_BYTES:
                yield _batch(held)
                held, size = [], 0
    yield _batch(held)


def _lines(file: IO[bytes]) -> Iterator[_Line]:
    number = 0
    while piece := file.readline(LINE_LIMIT + 1):
        is_long = _skip_rest(file, piece)
        text = (piece if number else piece.removeprefix(_MARK)).strip()
        if text:
            number += 1
            yield _Line(number, b"", _TOO_LONG) if is_long else _Line(number, text, None)


def _skip_rest(file: IO[bytes], piece: bytes) -> bool:
    """True for a piece of a line beyond the limit; the rest of that line is passed over."""
    is_long = len(piece) > LINE_LIMIT and not piece.endswith(b"\n")
    while len(piece) > LINE_LIMIT and not piece.endswith(b"\n"):
        piece = file.readline(LINE_LIMIT + 1)
    return is_long


def _batch(held: list[_Line]) -> pa.RecordBatch:
    texts, faults = [line.text for line in held], [line.fault for line in held]
    if not any(faults) and not any(b"\x00" in text for text in texts):
        try:
            return _as_batch(held, pa.array(texts, pa.large_binary()).cast(pa.large_string()), faults)
        except pa.ArrowInvalid:
            pass
    faults = [line.fault or _fault(line.text) for line in held]
    sound = [None if fault else text for text, fault in zip(texts, faults, strict=True)]
    return _as_batch(held, pa.array(sound, pa.large_binary()).cast(pa.large_string()), faults)


def _as_batch(held: list[_Line], texts: Any, faults: list[str | None]) -> pa.RecordBatch:
    numbers = pa.array([line.number for line in held], pa.int64())
    return pa.record_batch([numbers, texts, pa.array(faults, pa.string())], schema=_SCHEMA)


def _fault(text: bytes) -> str | None:
    if b"\x00" in text:
        return "the line holds a NUL byte"
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return "the line is not UTF-8"
    return None


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if is_packed(path) else path.open("rb")


def refuse(path: Path, message: str, expected: str) -> UserError:
    """The error for a file that is refused whole."""
    return UserError(message, file=path.name, expected=expected, exit_code=EXIT_DATA)
