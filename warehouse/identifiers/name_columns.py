"""Vietnamese names in the forms that linkage compares: plain, with marks, in parts, sorted, folded, abbreviated.

Family name first, given name last, whatever stands between is the middle name. Words and letters come from
``names.toml``. A name that says there is none, or is the mother's of a newborn, has no form.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import product

import polars as pl

from warehouse.identifiers.definitions import name_words
from warehouse.identifiers.distinct import by_distinct

NAME = "full_name"
#: Grave, acute, tilde, hook above, dot below.
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_VOWELS_AFTER_Q = "AÂEÊIOƠY"
#: From a sign that is neither letter nor mark (or marks without a letter) up to the next letter.
_BETWEEN_NAMES = r"(?:^\p{M}+|[^\p{L}\p{M}])[^\p{L}]*"
_LEAST_LETTERS = 2


def standard_names(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the forms of ``full_name`` (text, nulls allowed) added, all String, all null for no name.

    ``name_std``: upper case, letters and single blanks, no marks: NGUYEN THI LY.
    ``name_marked``: upper case with marks, composed, tones in one place: NGUYỄN THỊ LÝ; HÒA for HOÀ.
    ``name_family``, ``name_middle``, ``name_given``: parts of ``name_std``; a name of one word is a given name.
    ``name_sorted``: the words of ``name_std`` in the order of the alphabet, for names written given name first.
    ``name_spelling``: ``name_std`` with one spelling for several: NGUYEN LI (Lý, Lí; Ng.; Thị, T., left out).
    ``name_initials``: middle names by their first letters, the family name written out: NGUYEN T LY.
    """
    return by_distinct(frame, NAME, _forms)


def _forms(names: pl.DataFrame) -> pl.DataFrame:
    marked = names.with_columns(_marked(pl.col(NAME)).alias("name_marked"))
    plain = marked.with_columns(_plain(pl.col("name_marked")).alias("name_std"))
    std = pl.col("name_std")
    parts = plain.filter(~_is_filler(std)).with_columns(
        std.str.extract(r"^([^ ]+) ").alias("name_family"),
        std.str.extract(r"^[^ ]+ (.+) [^ ]+$").alias("name_middle"),
        std.str.extract(r"([^ ]+)$").alias("name_given"),
        std.str.split(" ").list.sort().list.join(" ").alias("name_sorted"),
    )
    return parts.with_columns(_folded().alias("name_spelling"), _shortened().alias("name_initials"))


def _marked(name: pl.Expr) -> pl.Expr:
    letters = name.str.normalize("NFC").str.to_uppercase().str.replace_all(_BETWEEN_NAMES, " ")
    # The blank at the end lets an open syllable be told at the end of the name too.
    spaced = letters.str.strip_chars() + " "
    moved = tone_moves()
    return spaced.str.replace_many(list(moved), list(moved.values()), leftmost=True).str.strip_chars()


def _plain(marked: pl.Expr) -> pl.Expr:
    return marked.str.normalize("NFD").str.replace_all(r"\p{M}+", "").str.replace_all("Đ", "D", literal=True)


@cache
def tone_moves() -> dict[str, str]:
    """Letters with a tone in one place -> in the other; upper case, composed, a blank for the end of a syllable."""
    words = name_words()
    # The Icelandic letter looks the same and comes out of old code pages. Syllables with Q are named before those
    # they contain, so that they are left as they are.
    moves = {"Ð": "Đ"}
    for tone, vowel in product(_TONES, _VOWELS_AFTER_Q):
        right = "QU" + _with(vowel, tone)
        moves |= {right + " ": right + " ", "Q" + _with("U", tone) + vowel: right}
    for tone, pair in product(_TONES, words.tone_pairs):
        first, second = pair[0], pair[1]
        on_first, on_second = _with(first, tone) + second, first + _with(second, tone)
        moves[on_second + " "] = on_first + " "
        moves |= {on_first + ending: on_second + ending for ending in words.tone_endings}
    return moves


def _with(vowel: str, tone: str) -> str:
    return unicodedata.normalize("NFC", vowel + tone)


def _is_filler(std: pl.Expr) -> pl.Expr:
    """No name: nothing or one letter left, words for none, or a newborn's parent."""
    words = name_words()
    around = " " + std + " "
    return (
        (std.str.len_chars() < _LEAST_LETTERS)
        | std.is_in(list(words.fillers))
        | around.str.contains_any([f" {word} " for word in words.filler_words])
        | std.str.contains(f"^(?:{'|'.join(words.named_for_parent)})(?: |$)")
    )


def _folded() -> pl.Expr:
    """One spelling: usual middle names left out, y as i where both are written."""
    words = name_words()
    # Each word between blanks of its own, so that neighbours are found too.
    apart = " " + pl.col("name_middle").str.replace_all(" ", "  ", literal=True) + " "
    kept = apart.str.replace_many([f" {word} " for word in words.middles_left_out], [""])
    middle = kept.str.replace_all(" +", " ").str.strip_chars()
    joined = _joined(pl.when(middle != "").then(middle))
    single = joined.str.replace_all(rf"\b([{words.y_as_i_after}]+)Y\b", "${1}I")
    return single.str.replace_all("QUY", "QUI", literal=True)


def _shortened() -> pl.Expr:
    return _joined(pl.col("name_middle").str.replace_all("([^ ])[^ ]*", "${1}"))


def _joined(middle: pl.Expr) -> pl.Expr:
    """A name with another middle name, the family name written out."""
    family = pl.col("name_family").replace(dict(name_words().families))
    return pl.concat_str(family, middle, pl.col("name_given"), separator=" ", ignore_nulls=True)
