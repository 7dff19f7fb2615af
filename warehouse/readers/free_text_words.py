"""The words of :mod:`warehouse.readers.free_text`: how clinical text is cut into tokens, and what each word is for.

Words stand here in lower case without tone marks, as a text that lost them is read too. They are the usual
abbreviations of Vietnamese notes (``HA`` huyết áp, ``HATT`` tâm thu, ``HATTr`` tâm trương, ``M`` mạch, ``CN`` cân nặng,
``VB`` vòng bụng, ``ĐH`` đường huyết), collected by hand: how many values of real notes they find has not been measured.
Units are those of ``warehouse/units/units.csv``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

#: No quantifier inside a quantifier: every sign of the text is looked at a bounded number of times.
TOKEN = re.compile(r"hba1c|a1c|[a-z]+|[0-9][0-9.,]*(?<=[0-9])|\n|[^\sa-z0-9]")
NUMBER = re.compile(r"[0-9]{1,5}(?:[.,][0-9]{1,3})?")
#: How many tokens are looked at between a name and its number, before a name, and past the end of the text.
AHEAD, BACK, PADDING = 12, 12, 48
#: More signs than any name has: longer tokens are not written out, as putting many marks in order takes long.
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or sign: ``text`` in lower case without tones, ``written`` as it stands in ``[start, end)``."""

    text: str
    written: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What is written as one number. ``loose`` names are common words: they need a unit and the start of a clause."""

    quantity: str
    names: tuple[tuple[str, ...], ...]
    units: tuple[tuple[tuple[str, ...], str], ...]
    loose: tuple[tuple[str, ...], ...] = ()
    between: frozenset[str] = field(default_factory=frozenset)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _spellings(unit: str, *written: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    return tuple((tuple(spelling.split()), unit) for spelling in written)


def number(text: str) -> float | None:
    """A number with at most one decimal sign; none for anything else ("12.10.2024")."""
    return float(text.replace(",", ".")) if NUMBER.fullmatch(text) else None


def _folded(text: str) -> tuple[str, list[int]]:
    """Lower case without tone marks, and which sign of ``text`` each sign of it comes from."""
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        if sign.isascii():
            signs.append(sign.lower())
            places.append(place)
            continue
        for part in unicodedata.normalize("NFKD", "d" if sign in "đĐ" else sign.lower()):
            if not unicodedata.combining(part):
                signs.append(part)
                places.append(place)
    return "".join(signs), places


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text, then empty ones, so that a rule may look ahead of the last."""
    folded, places = _folded(text)
    places.append(len(text))
    found = []
    for match in TOKEN.finditer(folded):
        # In NFD the marks of the last sign stand behind it; they end where the next sign that is none begins.
        start, end = places[match.start()], places[match.end() - 1] + 1
        while end < places[match.end()] and unicodedata.combining(text[end]):
            end += 1
        written = unicodedata.normalize("NFC", text[start:end]) if end - start <= _LONGEST else ""
        found.append(Token(match.group(), written, start, end))
    return found + [Token("", "", len(text), len(text))] * PADDING


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
PRESSURE = (("huyet", "ap"), ("ha",), ("bp",))
SYSTOLIC = (("huyet", "ap", "tam", "thu"), ("ha", "tam", "thu"), ("ha", "tt"), ("hatt",))
DIASTOLIC = (
    ("huyet", "ap", "tam", "truong"),
    ("ha", "tam", "truong"),
    ("ha", "ttr"),
    ("hattr",),
    ("tam", "truong"),
)
PRESSURE_UNITS = (*_spellings("mmHg", "mmhg", "mm hg"), *_spellings("cmHg", "cmhg", "cm hg"))
MEASURES = (
    Measure(
        quantity="height",
        names=(("chieu", "cao"),),
        loose=(("cao",), ("cc",)),
        units=(*_spellings("cm", "cm"), *_spellings("m", "m", "met")),
    ),
    Measure(
        quantity="weight",
        names=(("can", "nang"), ("cn",)),
        loose=(("nang",), ("can",), ("p",)),
        units=(
            *_spellings("kg", "kg", "kgs", "ki", "ky", "kilogam"),
            *_spellings("g", "g", "gr", "gam", "gram"),
        ),
    ),
    Measure(
        quantity="waist", names=(("vong", "bung"), ("vong", "eo"), ("vb",)), units=_spellings("cm", "cm")
    ),
    Measure(
        quantity="heart_rate",
        names=(("tan", "so", "tim"), ("nhip", "tim"), ("mach",), ("m",)),
        units=(
            *_spellings("/min", "lan / phut", "lan / ph", "lan / p", "l / phut", "l / ph", "l / p", "l p"),
            *_spellings("/min", "ck / phut", "ck / p", "chu ky / phut", "/ phut", "/ ph", "/ p", "/ min"),
            *_spellings("bpm", "bpm"),
        ),
        between=_words("deu ro quay nhanh cham"),
    ),
    Measure(
        quantity="hba1c",
        names=(("hba1c",), ("hb", "a1c"), ("a1c",)),
        units=(*_spellings("%", "%"), *_spellings("mmol/mol", "mmol / mol")),
        between=_words("xn"),
    ),
    Measure(
        quantity="random_glucose",
        names=(("duong", "huyet"), ("duong", "mau"), ("dh",), ("dhmm",), ("glucose",)),
        units=(
            *_spellings("mmol/L", "mmol / l", "mmol l", "mmol"),
            *_spellings("mg/dL", "mg / dl", "mg dl", "mg %"),
        ),
        between=_words("doi sau an mao mach tinh huyet tuong bat ky mau xn"),
    ),
)
#: Every name begins with one of these: all other tokens are passed over at once.
FIRST_WORDS = frozenset(
    name[0]
    for names in (PRESSURE, SYSTOLIC, DIASTOLIC, *(measure.names + measure.loose for measure in MEASURES))
    for name in names
)
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
