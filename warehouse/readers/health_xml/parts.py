"""From the content of a part to its rows: base64, nested elements, or XML written as text."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, cast

from lxml import etree

from warehouse.readers.health_xml import encodings
from warehouse.readers.health_xml.faults import BadPart
from warehouse.readers.health_xml.forms import Form

#: No entity is resolved, nothing is fetched, and the bytes are UTF-8 whatever they say of themselves.
SAFE: Final[Mapping[str, Any]] = {
    "encoding": "utf-8", "resolve_entities": False, "no_network": True, "load_dtd": False,
    "remove_comments": True, "remove_pis": True, "collect_ids": False,
}  # fmt: skip
#: Blanks between elements say nothing, and building them takes a sixth of the time.
_PARSER = etree.XMLParser(remove_blank_text=True, **SAFE)
_MARKS = "\ufeff \t\r\n"
_DOCTYPE = b"<!DOCTYPE"
ROW = "row"
Row = dict[str, str]


@lru_cache(maxsize=256)
def local_name(tag: str) -> str:
    """The name without its namespace."""
    return tag.rpartition("}")[2]


def rows(content: etree._Element | None, form: Form) -> list[Row]:
    """The rows of a part: text by what it means, blank fields left out. Empty when nothing is there.

    Raises :class:`BadPart`.
    """
    if content is None:
        return []
    if len(content):
        return _rows(content, form)
    text = (content.text or "").strip(_MARKS)
    return _rows(_parsed(_bytes(text)), form) if text else []


def _bytes(text: str) -> bytes:
    """The document as bytes: itself when it begins with a tag, else what its base64 says."""
    if text.startswith("<"):
        return text.encode()
    try:
        return binascii.a2b_base64(
            text + "=="
        )  # some senders leave the padding out; more of it is passed over
    except ValueError:
        raise BadPart("the content is neither base64 nor XML") from None


def _parsed(data: bytes) -> etree._Element:
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")):
        data = _decoded(data, encodings.guess(data))
    data = data.removeprefix(encodings.UTF8_MARK).lstrip()
    try:
        return _parse(data)
    except BadPart:
        if not encodings.says_vietnamese(data) or encodings.is_utf8([data]):
            raise
    return _parse(_decoded(data, encodings.VIETNAMESE))


def _parse(data: bytes) -> etree._Element:
    if _DOCTYPE in data:
        encodings.root_name(data)
    try:
        return cast("etree._Element", etree.fromstring(data, _PARSER))
    except etree.XMLSyntaxError:
        is_text = encodings.is_utf8([data])
        raise BadPart(
            "the content is not well-formed XML" if is_text else "the content is not UTF-8"
        ) from None


def _decoded(data: bytes, encoding: str) -> bytes:
    try:
        return b"".join(encodings.to_utf8([data], encoding))
    except UnicodeError:
        raise BadPart("the content is not in the encoding it names") from None


def _rows(root: etree._Element, form: Form) -> list[Row]:
    """One pass in document order: a row element begins a row; fields outside of any are a row of their own."""
    means = form.means
    row: Row = {}
    found = [row]
    for element in root.iter(*form.tags):
        tag: Any = element.tag
        name = means.get(tag) or means[local_name(tag)]
        if name == ROW:
            row = {}
            found.append(row)
        elif (text := element.text) and (text := text.strip()):
            row[name] = text
    return [row for row in found if row]
