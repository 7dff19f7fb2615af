"""From the pieces of a file to its visits one after another, each with its parts, in constant memory.

lxml's pull parser builds the tree of one HOSO at a time; it is emptied before the next. A file that ends early, or is
not well-formed anywhere, is refused whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from warehouse.errors import UserError
from warehouse.readers.health_xml.faults import refuse
from warehouse.readers.health_xml.opening import opened
from warehouse.readers.health_xml.parts import SAFE, local_name

#: Bytes of one visit (and of what stands before the first). Long stays reach some megabytes.
VISIT_LIMIT = 16_777_216
#: Elements around a visit. The format has three.
DEEPEST = 16
#: Parts are told by their letters and number; another name may be anybody's text.
_UNNAMED = "other"


class Part(NamedTuple):
    """One FILEHOSO: its kind (``XML1``; ``other`` when it is none of the format's) and its content, not yet opened."""

    kind: str
    content: etree._Element | None


class Visit(NamedTuple):
    """One HOSO, numbered from 1 in the file; ``sender`` is the MACSKCB of the envelope.

    Its parts are emptied when the next visit is asked for.
    """

    row: int
    sender: str | None
    parts: tuple[Part, ...]


class Envelope:
    """The visits of one file. ``name``: GIAMDINHHS or KHAMSUCKHOE. Raises :class:`UserError`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sender: str | None = None
        self._count = 0
        self._open = 0
        self.name, self._pieces = opened(path)

    def visits(self) -> Iterator[Visit]:
        """Every visit in the order of the file. Raises :class:`UserError` when the file is refused whole."""
        # Long base64 needs the parser's limits lifted; VISIT_LIMIT stands in for them.
        parser = etree.XMLPullParser(events=("start", "end"), tag="{*}HOSO", huge_tree=True, **SAFE)
        since = 0
        try:
            for piece in self._pieces:
                # What came before the last HOSO of a piece is charged to the next visit: at most one piece.
                since += len(piece)
                parser.feed(piece)
                for event, element in parser.read_events():
                    if (visit := self._taken(event, element)) is not None:
                        since = 0
                        yield visit
                        _empty(element)
                if since > VISIT_LIMIT:
                    message = f"one visit (HOSO) is larger than {VISIT_LIMIT >> 20} MB"
                    raise refuse(self._path, message, "visits of an ordinary size")
            parser.close()
        except etree.XMLSyntaxError as error:
            raise self._refused(error) from None

    def _refused(self, error: etree.XMLSyntaxError) -> UserError:
        """The parser's own words may hold what it read: only the line is told."""
        if error.code == etree.ErrorTypes.ERR_INVALID_ENCODING:
            message = f"the text is not UTF-8 at line {error.lineno}, and does not say what else it is"
            return refuse(self._path, message, "UTF-8, or windows-1258 where the first line says so")
        message = f"the XML is damaged or cut short at line {error.lineno}"
        return refuse(self._path, message, "a whole XML file in UTF-8; send it again")

    def _taken(self, event: str, element: etree._Element) -> Visit | None:
        """The visit an element ends; None for an element of that name inside a part."""
        if event == "start":
            self._open += 1
            if len(list(islice(element.iterancestors(), DEEPEST + 1))) > DEEPEST:
                raise refuse(self._path, "a visit (HOSO) is nested too deep", "an ordinary envelope")
            return None
        self._open -= 1
        if self._open:
            return None
        self._count += 1
        self._sender = self._sender or _sender(element)
        return Visit(row=self._count, sender=self._sender, parts=tuple(_parts(element)))


def _sender(visit: etree._Element) -> str | None:
    """The MACSKCB that stands before a visit, outside of any."""
    for element in (visit, *visit.iterancestors()):
        for before in element.itersiblings(preceding=True):
            for found in before.iter("{*}MACSKCB"):
                if text := (found.text or "").strip():
                    return text
    return None


def _parts(visit: etree._Element) -> Iterator[Part]:
    for file in visit:
        if local_name(str(file.tag)) != "FILEHOSO":
            continue
        kind = content = None
        for child in file:
            name = local_name(str(child.tag))
            if name == "LOAIHOSO":
                kind = (child.text or "").strip().upper()
            elif name == "NOIDUNGFILE":
                content = child
        if content is None and len(file) > (kind is not None):
            # Some write the rows beside LOAIHOSO.
            content = file
        yield Part(kind=_told(kind), content=content)


def _told(kind: str | None) -> str:
    is_known = kind is not None and kind.startswith("XML") and kind[3:].isdecimal() and len(kind) <= 5
    return kind if kind is not None and is_known else _UNNAMED


def _empty(visit: etree._Element) -> None:
    """Free a visit that was used, and what is left of those before it."""
    visit.clear()
    for element in (visit, *visit.iterancestors()):
        parent = element.getparent()
        while parent is not None and element.getprevious() is not None:
            del parent[0]
