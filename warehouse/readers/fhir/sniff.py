"""What a file is, from its first bytes: FHIR resources, the manifest of a Bulk Data export, or neither."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

LINE_SUFFIXES = (".ndjson", ".ndjson.gz")
DOCUMENT_SUFFIXES = (".json", ".json.gz")
SUFFIXES = LINE_SUFFIXES + DOCUMENT_SUFFIXES
_HEAD_BYTES = 1_048_576
_MARK = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\n"
#: A text, a bracket, a colon or a comma; everything else is skipped.
_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"|([{}\[\]:,])', re.DOTALL)
_KIND_ANYWHERE = re.compile(rb'"resourceType"\s*:')
_KIND = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]+)"')


def is_fhir(path: Path) -> bool:
    """True when the first JSON object of the file is a FHIR resource: it has a ``resourceType``."""
    if not path.name.lower().endswith(SUFFIXES):
        return False
    start = _first_object(head(path))
    if start is None:
        return False
    keys, is_whole = _keys(start, until=b"resourceType")
    # The type of a long Bundle may stand behind its entries, out of sight: then theirs tell.
    return b"resourceType" in keys or (
        not is_whole and b"entry" in keys and bool(_KIND_ANYWHERE.search(start))
    )


def is_export_manifest(path: Path) -> bool:
    """True for the manifest of a Bulk Data export: ``transactionTime`` and ``output``, no resource."""
    if not path.name.lower().endswith(DOCUMENT_SUFFIXES):
        return False
    start = _first_object(head(path))
    keys = _keys(start)[0] if start else set()
    return {b"transactionTime", b"output"} <= keys and b"resourceType" not in keys


def first_kind(path: Path) -> str | None:
    """The resource type the first line names first; a guess, which reading the file proves or not."""
    found = _KIND.search(head(path).lstrip(_MARK + _BLANKS).partition(b"\n")[0])
    return found.group(1).decode("ascii") if found else None


def head(path: Path) -> bytes:
    """The first megabyte, unpacked; what can be had of it when the file is damaged, which reading will say."""
    is_packed = path.name.lower().endswith(".gz")
    with path.open("rb") as file:
        if not is_packed:
            return file.read(_HEAD_BYTES)
        try:
            with gzip.open(file) as unpacked:
                return unpacked.read(_HEAD_BYTES)
        except (OSError, EOFError, zlib.error):
            file.seek(0)
            return _rescued(file.read(_HEAD_BYTES))


def _rescued(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(packed, _HEAD_BYTES)
    except zlib.error:
        return b""


def _first_object(text: bytes) -> bytes | None:
    """The text from the first line on that begins an object; nothing of a JSON array."""
    text = text.removeprefix(_MARK).lstrip(_BLANKS)
    if text.startswith(b"["):
        return None
    found = re.search(rb"^[ \t\r]*\{", text, re.MULTILINE)
    return text[found.end() - 1 :] if found else None


def _keys(text: bytes, *, until: bytes | None = None) -> tuple[set[bytes], bool]:
    """Names at the first level of the object ``text`` begins with, and whether its end is in sight.

    The search ends at the name ``until``, when there is one.
    """
    keys: set[bytes] = set()
    depth, last = 0, b""
    for kind, token in _tokens(text):
        if kind == b"text":
            last = token
        elif token == b":" and depth == 1:
            keys.add(last)
            if last == until:
                return keys, False
        elif token in b"{[":
            depth += 1
        elif token in b"}]":
            depth -= 1
            if depth == 0:
                return keys, True
    return keys, False


def _tokens(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    for match in _TOKEN.finditer(text):
        word, mark = match.groups()
        yield (b"mark", mark) if mark else (b"text", word)


def holds_lines(path: Path) -> bool:
    """True when the first line is a whole object and something follows: NDJSON under another name."""
    first, _, rest = head(path).removeprefix(_MARK).lstrip(_BLANKS).partition(b"\n")
    return bool(rest.strip()) and first.startswith(b"{") and _keys(first)[1]
