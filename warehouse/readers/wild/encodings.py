r"""In which encoding a text table is written, told by its bytes alone.

Marks first (UTF-8, UTF-16); then zero bytes at every other place (UTF-16 without a mark); then UTF-8 if its bytes are
UTF-8, but for a few damaged ones; then one byte per sign: windows-1258, which writes a Vietnamese tone as a mark
after its vowel, or windows-1252. VNI and TCVN3 are encodings of fonts: their bytes mean other letters in every program
but one that has the font, so text in them is recognised and refused, never guessed.

Sources: https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/WINDOWS/CP1258.TXT; TCVN 5712:1993 (TCVN3 is its VN3);
the VNI-Windows table of VNI Software.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from warehouse.readers.wild.limits import refused
from warehouse.readers.wild.unpack import Member, told

_BLOCK = 1 << 20
_SAMPLE = 4 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
#: Signs that no text holds: half pairs, which stand for bytes that could not be read, and NUL.
UNREADABLE = re.compile("[\ud800-\udfff\x00]")
_ZERO_SHARE, _ZERO_WINDOW = 0.2, 512
_VOWELS = rb"[aeiouyAEIOUY\xe2\xea\xf4\xe3\xf5\xfd\xc2\xca\xd4\xc3\xd5\xdd]"
_TONE = rb"[\xcc\xd2\xde\xec\xf2]"
_TONED_1258 = re.compile(_VOWELS + _TONE)
_LETTERS_1258 = re.compile(rb"[\xd0\xf0][A-Za-z\xe2\xea\xf4\xf5\xfd\xe3]")
_TONES_1258 = re.compile(_TONE)
_UNDEFINED_1258 = re.compile(rb"[\x8a\x8d-\x90\x9a\x9d\x9e]")
_VNI = re.compile(
    rb"[aeoAEO][\xe2\xc2]|[aA][\xea\xca]|[aeoAEO][\xe3\xe4\xe5\xc3\xc4\xc5]"
    rb"|[aeiouyAEIOUY\xf4\xf6\xd4\xd6][\xf8\xf9\xfb\xef\xd8\xd9\xdb\xcf]|[\xf1\xd1][aeiouyAEIOUY\xf4\xf6\xd4\xd6]"
)
_TCVN3 = re.compile(rb"[A-Za-z][\xa8-\xae\xb5-\xb9]|[\xa8-\xae\xb5-\xb9][A-Za-z]")
_HIGH = re.compile(rb"[\x80-\xff]")
#: UTF-8 read as windows-1252 and saved again: the first bytes of Vietnamese letters, two by two.
_READ_WRONG = re.compile("á[º»]|Ä‘|Æ[°¡]")
_RIGHT = re.compile("[Ạ-ỹđươ]")


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """``name`` and ``errors`` are Python's. When ``is_suspect``, some rows hold signs of :data:`UNREADABLE`."""

    name: str
    errors: str
    is_suspect: bool


def detect(member: Member, file: str) -> Encoding:
    """The encoding of a member, read to its end once.

    Raises :class:`UserError` when it is empty, damaged, in an encoding of a font, or was saved in a wrong one.
    """
    with told(file), member.open() as stream:
        head = stream.read(_BLOCK)
    if not head.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise refused(file, "the file is empty", "a header line and rows")
    if head.startswith(_UTF32):
        raise refused(file, "the text is UTF-32", "UTF-8")
    name = next((name for mark, name in _MARKS if head.startswith(mark)), None) or _utf16(head)
    if name and name.startswith("utf-16"):
        return _checked(member, file, name, "surrogatepass")
    found = _checked(member, file, name or "utf-8", "surrogateescape")
    if found.is_suspect and name is None and not _is_mostly_utf8(member, file):
        return _checked(member, file, _single_byte(member, file), "surrogateescape")
    _refuse_read_wrong(head, file)
    return found


def _utf16(head: bytes) -> str | None:
    """UTF-16 without a mark: signs of ASCII have a zero byte each, always on the same side."""
    window = head[:_ZERO_WINDOW]
    even, odd = window[::2].count(0), window[1::2].count(0)
    if even + odd < _ZERO_SHARE * len(window) or 3 * min(even, odd) > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _checked(member: Member, file: str, name: str, errors: str) -> Encoding:
    suspect = any(UNREADABLE.search(text) for text in _texts(member, file, name, errors))
    return Encoding(name=name, errors=errors, is_suspect=suspect)


def _texts(member: Member, file: str, name: str, errors: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(name)(errors)
    # A wrong number of bytes (UTF-16) is a ValueError, and so told.
    with told(file), member.open() as stream:
        while block := stream.read(_BLOCK):
            yield decoder.decode(block)
        yield decoder.decode(b"", final=True)


def _is_mostly_utf8(member: Member, file: str) -> bool:
    """True when a few bytes are damaged, or a NUL stands among them: the rest is UTF-8 beyond doubt."""
    damaged = whole = 0
    for text in _texts(member, file, "utf-8", "surrogateescape"):
        high = len(re.findall("[^\x00-\x7f]", text))
        broken = len(re.findall("[\udc80-\udcff]", text))
        damaged, whole = damaged + broken, whole + high - broken
    # Of text in one byte a sign hardly any pair of bytes is UTF-8.
    return damaged <= whole


def _single_byte(member: Member, file: str) -> str:
    """``cp1258`` or ``cp1252``. Raises :class:`UserError` for text in VNI or TCVN3."""
    with told(file), member.open() as stream:
        sample = stream.read(_SAMPLE)
        while not _HIGH.search(sample):
            sample = stream.read(_SAMPLE)
    toned = len(_TONED_1258.findall(sample))
    vni, tcvn3 = len(_VNI.findall(sample)), len(_TCVN3.findall(sample))
    high = len(_HIGH.findall(sample))
    for name, count in (("TCVN3 (ABC)", tcvn3), ("VNI", vni)):
        if count > toned and count * 5 >= high:
            message = f"the text is written for {name} fonts, whose letters cannot be told with certainty"
            raise refused(file, message, "the file converted to Unicode (UTF-8)")
    return "cp1258" if _is_vietnamese(sample, toned) else "cp1252"


def _is_vietnamese(sample: bytes, toned: int) -> bool:
    if _UNDEFINED_1258.search(sample):
        return False
    marks = len(_TONES_1258.findall(sample))
    # In windows-1252 the bytes of the tone marks are the letters Ì Ò Þ ì ò, which follow consonants.
    return marks - toned <= toned // 10 and (toned > 0 or bool(_LETTERS_1258.search(sample)) or marks == 0)


def _refuse_read_wrong(head: bytes, file: str) -> None:
    text = head.decode("utf-8", errors="ignore")
    wrong = len(_READ_WRONG.findall(text))
    if wrong > 2 and wrong > len(_RIGHT.findall(text)):
        message = "the text was read in a wrong encoding (windows-1252) before it was saved"
        raise refused(file, message, "the file saved as UTF-8 from where it comes from")
