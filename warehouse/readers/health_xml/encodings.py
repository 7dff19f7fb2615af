"""Which encoding bytes are in, whatever their label says, and whether a document begins as an honest one does.

The parser is always told UTF-8: a label can then neither mislead it nor hide a document type from us.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator

from warehouse.readers.health_xml.faults import BadPart

UTF8_MARK = b"\xef\xbb\xbf"
VIETNAMESE = "cp1258"
_LABEL = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_VIETNAMESE_LABELS = (b"windows-1258", b"cp1258", b"windows1258")
#: What may stand before the first element: blanks, the XML declaration, comments, processing instructions.
_PROLOG = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")
DOCUMENT_TYPE = "a document type (DOCTYPE) is declared, which this format has no use for"


def guess(head: bytes) -> str:
    """``utf-8``, ``utf-16-le`` or ``utf-16-be``, from a byte order mark or the zero bytes beside the first ``<``."""
    if head.startswith((codecs.BOM_UTF16_LE, b"<\x00")):
        return "utf-16-le"
    if head.startswith((codecs.BOM_UTF16_BE, b"\x00<")):
        return "utf-16-be"
    return "utf-8"


def says_vietnamese(head: bytes) -> bool:
    """True when the label says windows-1258, which the bytes may contradict."""
    found = _LABEL.match(head.removeprefix(UTF8_MARK))
    return found is not None and found.group(1).lower() in _VIETNAMESE_LABELS


def is_utf8(chunks: Iterable[bytes]) -> bool:
    """True when all bytes together are UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in chunks:
            if not chunk.isascii() or decoder.getstate()[0]:
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def to_utf8(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The same text in UTF-8 without a byte order mark. Raises UnicodeDecodeError."""
    if encoding == "utf-8":
        yield from _without_mark(chunks)
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    held = ""
    for place, chunk in enumerate(chunks):
        text = held + decoder.decode(chunk)
        # windows-1258 writes a letter and its tone mark apart: they must not end up in two pieces.
        text, held = text[:-1], text[-1:]
        text = text if place else text.removeprefix("\ufeff")
        yield (unicodedata.normalize("NFC", text) if encoding == VIETNAMESE else text).encode()
    yield (held + decoder.decode(b"", final=True)).encode()


def _without_mark(chunks: Iterable[bytes]) -> Iterator[bytes]:
    is_first = True
    for chunk in chunks:
        yield chunk.removeprefix(UTF8_MARK) if is_first else chunk
        is_first = False


def root_name(head: bytes) -> str | None:
    """The local name of the first element; None when it is not in sight.

    Raises :class:`BadPart` when a document type stands before it: the only place where XML allows one.
    """
    text = head.decode("utf-8", "replace")
    prolog = _PROLOG.match(text)
    rest = text[prolog.end() :] if prolog else text
    if rest.startswith("<!DOCTYPE"):
        raise BadPart(DOCUMENT_TYPE)
    found = _ROOT.match(rest)
    return found.group(1) if found else None
