"""What hands do to names: marks lost, the middle name left out, the given name first, a letter wrong. Expressions."""

from __future__ import annotations

import polars as pl

#: A syllable that ends in y is also written with i: Lý and Lí, Mỹ and Mĩ.
_WITH_Y, _WITH_I = "yýỳỷỹỵ", "iíìỉĩị"
_LETTERS = "aeghinou"


def without_marks(name: pl.Expr) -> pl.Expr:
    """Vietnamese names in plain letters: Nguyễn Thị Đào, Nguyen Thi Dao."""
    plain = name.str.replace_many(["Đ", "đ"], ["D", "d"]).str.normalize("NFD")
    return plain.str.replace_all(r"\p{Mn}", "")


def without_middle(name: pl.Expr) -> pl.Expr:
    """Family and given name: Nguyễn Đào."""
    return name.str.replace(r"^(\S+) .* (\S+)$", "${1} ${2}")


def shortened(name: pl.Expr) -> pl.Expr:
    """The middle name by its first letter: Nguyễn T Đào."""
    return name.str.replace(r"^(\S+) (\S)\S* .*?(\S+)$", "${1} ${2} ${3}")


def given_first(name: pl.Expr) -> pl.Expr:
    """The given name before the family name: Đào Nguyễn Thị."""
    return name.str.replace(r"^(.+) (\S+)$", "${2} ${1}")


def misspelt(name: pl.Expr, draw: pl.Expr) -> pl.Expr:
    """Write i for y at the end of a syllable, or else one letter of the given name wrong, never the first.

    ``draw``: numbers between 0 and 1 that choose the letter.
    """
    ends = [f"{letter} " for letter in _WITH_Y], [f"{letter} " for letter in _WITH_I]
    with_i = (name + " ").str.replace_many(*ends).str.strip_chars_end()
    return pl.when(with_i != name).then(with_i).otherwise(_letter_wrong(name, draw))


def _letter_wrong(name: pl.Expr, draw: pl.Expr) -> pl.Expr:
    given = name.str.extract(r"(\S+)$")
    letters = given.str.len_chars().cast(pl.Int64)
    place = 1 + (draw * (letters - 1)).floor().cast(pl.Int64)
    chosen = (draw * 7919 % 1 * len(_LETTERS)).floor().cast(pl.Int64)
    letter = chosen.replace_strict(dict(enumerate(_LETTERS)), return_dtype=pl.String)
    # A letter that stands there already would change nothing.
    letter = pl.when(given.str.slice(place, 1) == letter).then(pl.lit("t")).otherwise(letter)
    before = name.str.slice(0, name.str.len_chars() - letters.cast(pl.UInt32))
    return before + given.str.slice(0, place) + letter + given.str.slice(place + 1)
