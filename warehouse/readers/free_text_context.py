"""What stands around a value in clinical text, and what it makes of the value: a target, a history, a reading at home.

Every function looks a fixed number of tokens ahead or back.
"""

from __future__ import annotations

from collections.abc import Sequence

from warehouse.readers.free_text_words import (
    AHEAD,
    BACK,
    BEFORE_LOOSE,
    CLINIC,
    CLOCK,
    ENDS,
    HISTORY_WORDS,
    HOME,
    LONG_AGO,
    NOT_READ,
    NOW,
    TARGETS,
    TONES,
    WORDS_BETWEEN,
    Names,
    Tokens,
    Units,
    number,
)

_HOURS = 24
_NOTHING: frozenset[str] = frozenset()


def named(tokens: Tokens, at: int, names: Names) -> int:
    """How many tokens name a thing here; 0 if none does."""
    words = tokens.words
    for name in names.get(words[at], ()):
        length = len(name)
        if words[at : at + length] == name and _has_its_tones(tokens, at):
            return length
    return 0


def _has_its_tones(tokens: Tokens, at: int) -> bool:
    """Whether a word is the one meant and not another that differs by its tone."""
    tones = TONES.get(tokens.words[at])
    return tones is None or tokens.written(at).lower() in tones


def gap(tokens: Tokens, at: int, more: frozenset[str]) -> tuple[int, frozenset[str]]:
    """The token after the words that may stand between a name and its number, and those words."""
    words = tokens.words
    said: set[str] = set()
    end = at + AHEAD
    while at < end:
        word, following = words[at], words[at + 1]
        if word in ("lan", "thu") and len(following) == 1 and number(following) is not None:
            step = 2  # "lần 1", "lần thứ 2"
        elif word in ("luc", "sau") and number(following) is not None and words[at + 2] in CLOCK:
            step = 3 + is_joined_number(tokens, at + 3)  # "lúc 8h30", "sau 5 phút"
        elif following in ("h", "gio") and (number(word) or _HOURS) < _HOURS and "an" not in said:
            step, word = 2 + is_joined_number(tokens, at + 2), "luc"  # "8h 150/90"
        elif "an" in said and number(word) is not None and following in CLOCK:
            step, word = 2, "an"  # "sau ăn 2h"
        elif (word in WORDS_BETWEEN or word in more) and _has_its_tones(tokens, at):
            step = 1
        else:
            break
        said.add(word)
        at += step
    return at, frozenset(said) if said else _NOTHING


def unit_in_brackets(tokens: Tokens, at: int, units: Units) -> tuple[str, int]:
    """The unit that a form prints behind a name, and how many tokens it takes: "Cân nặng (kg): 60"."""
    if tokens.words[at] != "(":
        return "", 0
    unit, length = unit_at(tokens, at + 1, units)
    return (unit, length + 2) if length and tokens.words[at + 1 + length] == ")" else ("", 0)


def unit_at(tokens: Tokens, at: int, units: Units) -> tuple[str, int]:
    """The unit written here and how many tokens it takes; none is "" and 0."""
    words = tokens.words
    for spelling, unit in units.get(words[at], ()):
        length = len(spelling)
        if words[at : at + length] == spelling:
            return unit, length
    return "", 0


def is_joined_number(tokens: Tokens, at: int) -> bool:
    """Whether a number follows the token before it without a blank."""
    return tokens.words[at][:1].isdecimal() and tokens.span(at)[0] == tokens.span(at - 1)[1]


def is_of_this_visit(tokens: Tokens, first: int, after: int) -> bool:
    """Whether neither what stands before the name nor what follows the value makes it a target or a history."""
    return tokens.is_of_now or not (_is_of_another_time(tokens, first) or is_dated(tokens, after))


def _is_of_another_time(tokens: Tokens, first: int) -> bool:
    """Whether what stands before a name makes it a target or a history: "tiền sử HA 180/100"."""
    words = tokens.words
    if first and words[first - 1] == "khi":
        return True  # "báo bác sĩ khi HA 180/110"
    is_same_clause = True
    for at in range(first - 1, max(first - 1 - BACK, -1), -1):
        word = words[at]
        if word in ENDS or word in NOW:
            return False
        is_same_clause = is_same_clause and word != ","
        two = word, words[at + 1]
        if two in TARGETS or (is_same_clause and (two in NOT_READ or word in HISTORY_WORDS)):
            return True
    return False


def is_dated(tokens: Tokens, after: int) -> bool:
    """Whether what follows a value puts it into the past: "HA 180/100 năm ngoái", "(năm 2019)"."""
    if tokens.is_of_now:
        return False
    words = tokens.words
    at = after + (words[after] == "(")
    at += number(words[at]) is not None  # "8% (3 tháng trước)"
    in_year = words[at] == "nam" and len(words[at + 1]) == 4 and number(words[at + 1])
    return bool(in_year) or (words[at], words[at + 1]) in LONG_AGO


def is_at_home(
    tokens: Tokens, first: int, after: int, said: frozenset[str], *, otherwise: bool = False
) -> bool:
    """Whether a value was measured at home: said before its name, between name and number, or behind."""
    if "nha" in said or said & CLINIC:
        return "nha" in said
    if tokens.is_of_now:
        return otherwise
    words = tokens.words
    behind = after + (words[after] == "(")
    if (words[behind], words[behind + 1]) in HOME and not _is_number_next(words, behind + 2):
        return True
    for at in range(first - 1, max(first - 1 - BACK, -1), -1):
        if words[at] in ENDS or words[at] == ",":
            break
        if (words[at], words[at + 1]) in HOME:
            return True
    return otherwise


def _is_number_next(words: Sequence[str], at: int) -> bool:
    return number(words[at + (words[at] == ":")]) is not None


def may_be_name(tokens: Tokens, first: int, *, is_loose: bool) -> bool:
    """Whether a common word is a name here: "cao" in "huyết áp cao" and "m" in "1 m 60" are none."""
    words = tokens.words
    before = words[first - 1] if first else ""
    if words[first] == "m":
        is_metres = len(before) == 1 and number(before) is not None
        return not is_metres and (tokens.written(first) == "M" or words[first + 1] == ":")
    return not is_loose or before in BEFORE_LOOSE or not before.isalpha()


def is_fasting(tokens: Tokens, after: int, said: frozenset[str]) -> bool:
    """Whether glucose was measured fasting: "ĐH đói 7,8", "ĐH 7,8 (lúc đói)"."""
    behind = after + (tokens.words[after] == "(")
    behind += tokens.words[behind] == "luc"
    return "doi" in said or tokens.words[behind] == "doi"
