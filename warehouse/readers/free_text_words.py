"""The words of :mod:`warehouse.readers.free_text`: how clinical text is cut into tokens, and what each word is for.

Words stand here in lower case without tone marks, as a text that lost them is read too. They are the usual
abbreviations of Vietnamese notes (``HA`` huyết áp, ``HATT`` tâm thu, ``HATTr`` tâm trương, ``M`` mạch, ``CN`` cân nặng,
``VB`` vòng bụng, ``ĐH`` đường huyết), collected by hand: how many values of real notes they find has not been measured.
Units are those of ``warehouse/units/units.csv``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

#: No quantifier inside a quantifier: every sign of the text is looked at a bounded number of times.
TOKEN = re.compile(r"hba1c|a1c|[a-z]+|[0-9][0-9.,]*(?<=[0-9])|\n|[^\sa-z0-9]")
NUMBER = re.compile(r"[0-9]{1,5}(?:[.,][0-9]{1,3})?")
_LONGEST_NUMBER = 9
#: How many tokens are looked at between a name and its number, before a name, and past the end of the text.
AHEAD, BACK, PADDING = 12, 12, 48
#: More signs than any name has: longer tokens are not written out, as putting many marks in order takes long.
_LONGEST = 40
_PAST_THE_END = [""] * PADDING
#: First word -> the names that begin with it, in the order they are tried.
Names = Mapping[str, tuple[list[str], ...]]
#: First word -> the spellings of units that begin with it, and the unit each means.
Units = Mapping[str, tuple[tuple[list[str], str], ...]]


class Tokens:
    """The words, numbers and signs of a text: ``words`` in lower case without tones, then empty ones.

    The empty ones let a rule look ahead of the last. Where a token stands in the text, and how it is written there,
    is found when it is asked for: few tokens are. ``said``: the words as a set. ``is_of_now``: none of them tells of
    another time or of home.
    """

    __slots__ = ("_matches", "_places", "_text", "count", "is_of_now", "said", "words")

    def __init__(self, text: str) -> None:
        folded, self._places = _folded(text)
        self._text = text
        self._matches = list(TOKEN.finditer(folded))
        self.words = [match[0] for match in self._matches]
        self.said = frozenset(self.words)
        self.is_of_now = self.said.isdisjoint(OF_ANOTHER_TIME_OR_HOME)
        self.count = len(self.words)
        self.words += _PAST_THE_END

    def span(self, at: int) -> tuple[int, int]:
        """Where in the text a token begins and ends."""
        start, last = self._matches[at].span()
        places = self._places
        if places is None:
            return start, last
        # In NFD the marks of the last sign stand behind it; they end where the next sign that is none begins.
        end = places[last - 1] + 1
        while end < places[last] and unicodedata.combining(self._text[end]):
            end += 1
        return places[start], end

    def written(self, at: int) -> str:
        """A token as it stands in the text, in NFC; "" for one longer than any name."""
        start, end = self.span(at)
        if end - start > _LONGEST:
            return ""
        text = self._text[start:end]
        return text if self._places is None else unicodedata.normalize("NFC", text)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What is written as one number. ``loose`` names are common words: they need a unit and the start of a clause."""

    quantity: str
    names: Names
    units: Units
    loose: Names = field(default_factory=dict)
    between: frozenset[str] = field(default_factory=frozenset)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _names(*names: str) -> Names:
    begun: dict[str, tuple[list[str], ...]] = {}
    for name in map(str.split, names):
        begun[name[0]] = (*begun.get(name[0], ()), name)
    return begun


def _units(*spelled: tuple[str, Sequence[str]]) -> Units:
    begun: dict[str, tuple[tuple[list[str], str], ...]] = {}
    for unit, spellings in spelled:
        for words in map(str.split, spellings):
            begun[words[0]] = (*begun.get(words[0], ()), (words, unit))
    return begun


def number(text: str) -> float | None:
    """A number with at most one decimal sign; none for anything else ("12.10.2024")."""
    return _number(text) if len(text) <= _LONGEST_NUMBER else None


@lru_cache(maxsize=4_096)
def _number(text: str) -> float | None:
    return float(text.replace(",", ".")) if NUMBER.fullmatch(text) else None


def _parts(sign: str) -> list[str]:
    """A sign in lower case without tone marks: mostly one, none for a mark, several for a ligature."""
    plain = "d" if sign in "đĐ" else sign.lower()
    return [part for part in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(part)]


def _single(signs: Iterable[int]) -> dict[int, str]:
    """Signs that become one sign each, and which."""
    parts = {sign: _parts(chr(sign)) for sign in signs}
    return {sign: found[0] for sign, found in parts.items() if len(found) == 1}


#: The letters of Vietnamese and the signs of clinical text, all of them NFC, that become one sign each.
_PLAIN = _single((*range(0x250), *range(0x1E00, 0x1F00), *range(0x2010, 0x2040), *range(0x2190, 0x2270)))
_IS_PLAIN = re.compile(f"[{re.escape(''.join(map(chr, _PLAIN)))}]*")


def _folded(text: str) -> tuple[str, list[int] | None]:
    """Lower case without tone marks, and which sign of ``text`` each sign of it comes from; None: each from its own."""
    if text.isascii():
        return text.lower(), None
    if _IS_PLAIN.fullmatch(text):
        return text.translate(_PLAIN), None
    return _folded_by_sign(text)


def _folded_by_sign(text: str) -> tuple[str, list[int]]:
    """The same for any text: signs may vanish, as marks do, or become several."""
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        parts = _parts(sign)
        signs += parts
        places += [place] * len(parts)
    return "".join(signs), [*places, len(text)]


#: Words that are others with other tones ("hạ", "căn", "tái khám"): how they are written here, with tones or without.
TONES = {
    "ha": _words("ha"),
    "bp": _words("bp"),
    "cao": _words("cao"),
    "cn": _words("cn"),
    "vb": _words("vb"),
    "can": _words("can cân"),
    "nang": _words("nang nặng"),
    "mach": _words("mach mạch"),
    "vong": _words("vong vòng"),
    "m": _words("m"),
    "tai": _words("tai tại"),
    "sau": _words("sau"),
}
PRESSURE = _names("huyet ap", "ha", "bp")
SYSTOLIC = _names("huyet ap tam thu", "ha tam thu", "ha tt", "hatt")
DIASTOLIC = _names("huyet ap tam truong", "ha tam truong", "ha ttr", "hattr", "tam truong")
PRESSURE_UNITS = _units(("mmHg", ("mmhg", "mm hg")), ("cmHg", ("cmhg", "cm hg")))
MEASURES = (
    Measure(
        quantity="height",
        names=_names("chieu cao"),
        loose=_names("cao", "cc"),
        units=_units(("cm", ("cm",)), ("m", ("m", "met"))),
    ),
    Measure(
        quantity="weight",
        names=_names("can nang", "cn"),
        loose=_names("nang", "can", "p"),
        units=_units(
            ("kg", ("kg", "kgs", "ki", "ky", "kilogam")),
            ("g", ("g", "gr", "gam", "gram")),
        ),
    ),
    Measure(quantity="waist", names=_names("vong bung", "vong eo", "vb"), units=_units(("cm", ("cm",)))),
    Measure(
        quantity="heart_rate",
        names=_names("tan so tim", "nhip tim", "mach", "m"),
        units=_units(
            ("/min", ("lan / phut", "lan / ph", "lan / p", "l / phut", "l / ph", "l / p", "l p")),
            ("/min", ("ck / phut", "ck / p", "chu ky / phut", "/ phut", "/ ph", "/ p", "/ min")),
            ("bpm", ("bpm",)),
        ),
        between=_words("deu ro quay nhanh cham"),
    ),
    Measure(
        quantity="hba1c",
        names=_names("hba1c", "hb a1c", "a1c"),
        units=_units(("%", ("%",)), ("mmol/mol", ("mmol / mol",))),
        between=_words("xn"),
    ),
    Measure(
        quantity="random_glucose",
        names=_names("duong huyet", "duong mau", "dh", "dhmm", "glucose"),
        units=_units(
            ("mmol/L", ("mmol / l", "mmol l", "mmol")),
            ("mg/dL", ("mg / dl", "mg dl", "mg %")),
        ),
        between=_words("doi sau an mao mach tinh huyet tuong bat ky mau xn"),
    ),
)
#: First words of the names of pressures, and of all names: all other tokens are passed over at once.
PRESSURE_WORDS = frozenset((*PRESSURE, *SYSTOLIC, *DIASTOLIC))
#: First word -> the measures that names beginning with it may mean, in the order they are tried.
MEASURES_BY_WORD = {
    word: tuple(one for one in MEASURES if word in one.names or word in one.loose)
    for measure in MEASURES
    for word in (*measure.names, *measure.loose)
}
FIRST_WORDS = PRESSURE_WORDS | frozenset(MEASURES_BY_WORD)
#: What may stand between any name and its number: when and where, and signs.
WORDS_BETWEEN = _words(
    ": = ( ) la do duoc luc hien tai hom nay sang chieu toi o nha vao nhap vien kham phong pk bv tram ket qua kq"
)
#: And between "HA" and its numbers: which arm, which posture, which turn.
POSITIONS = _words("tay trai phai ben t p nam ngoi dung tu the lan thu sau")
#: Words that tell one reading from another: which arm, posture, turn, part of the day; and looser ones.
SIDES, TIMES = _words("tay trai phai t p nam ngoi dung lan nha sang chieu toi"), _words("luc sau")
#: Words of a place that is no home.
CLINIC = _words("vien kham pk bv tram")
#: Between one reading and the next.
SEPARATORS = _words(", ; va &") | {".", "\n", "/", "-"}
#: Before a weight: by how much it changed.
CHANGES = _words("giam sut tang len")
#: What may stand before a loose name, besides a sign or a number: "BN cao 1m60", "60kg cao 1m60".
BEFORE_LOOSE = _words("tuoi bn nhan tre be nu va kg cm p phut mmhg")
#: After a number without a unit: it counts something else.
COUNTED = _words(
    "nam thang ngay tuan tuoi lan vien gio h phut p nguoi % / cm m kg g gr mg ml l mcg ui iu mmol mmhg cmhg"
)
#: After two numbers with a stroke: they are of a drug, "thuốc hạ HA 10/5 mg".
STRENGTHS = _words("mg mcg vien v")
CLOCK = _words("h g gio p ph phut")
#: Ends of a clause; "nay" and "hiện" begin a new one: "tiền sử HA 180/100, nay HA 150/90".
ENDS, NOW = frozenset((".", ";", "\n")), _words("nay hien")
TARGETS = frozenset((("muc", "tieu"), ("dat", "muc")))
LONG_AGO = frozenset(
    (
        *(
            ("truoc", "day"),
            ("truoc", "do"),
            ("cach", "day"),
            ("nam", "ngoai"),
            ("hom", "qua"),
            ("dem", "qua"),
            ("ngay", "truoc"),
            ("lan", "truoc"),
        ),
        *(("thang", "truoc"), ("nam", "truoc"), ("tuan", "truoc")),
    )
)
#: Before a name, in its clause: what follows is no reading of this visit.
NOT_READ = LONG_AGO | frozenset(
    (
        *(("tien", "su"), ("tien", "can"), ("cao", "nhat"), ("thap", "nhat"), ("co", "luc"), ("toi", "da")),
        *(("duy", "tri"), ("kiem", "soat"), ("dao", "dong")),
    )
)
HISTORY_WORDS = _words("neu max min ts")
HOME = frozenset((("o", "nha"), ("tai", "nha"), ("tu", "do")))
#: A text with none of these tells nothing of home or of another time.
OF_ANOTHER_TIME_OR_HOME = HISTORY_WORDS | {second for _, second in TARGETS | NOT_READ | HOME} | {"khi", "nam"}
