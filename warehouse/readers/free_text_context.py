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
    Token,
    number,
)

_HOURS = 24


def starts(tokens: Sequence[Token], at: int, words: Sequence[str]) -> bool:
    """Whether these words begin at a token."""
    return all(tokens[at + step].text == word for step, word in enumerate(words))


def named(tokens: Sequence[Token], at: int, names: Sequence[tuple[str, ...]]) -> int:
    """How many tokens name a thing here; 0 if none does."""
    return next((len(name) for name in names if starts(tokens, at, name) and _has_its_tones(tokens[at])), 0)


def _has_its_tones(token: Token) -> bool:
    """Whether a word is the one meant and not another that differs by its tone."""
    tones = TONES.get(token.text)
    return tones is None or token.written.lower() in tones


def gap(tokens: Sequence[Token], at: int, more: frozenset[str]) -> tuple[int, frozenset[str]]:
    """The token after the words that may stand between a name and its number, and those words."""
    said: set[str] = set()
    end = at + AHEAD
    while at < end:
        word, following = tokens[at].text, tokens[at + 1].text
        if word in ("lan", "thu") and len(following) == 1 and number(following) is not None:
            step = 2  # "lần 1", "lần thứ 2"
        elif word in ("luc", "sau") and number(following) is not None and tokens[at + 2].text in CLOCK:
            step = 3 + is_joined_number(tokens, at + 3)  # "lúc 8h30", "sau 5 phút"
        elif following in ("h", "gio") and (number(word) or _HOURS) < _HOURS and "an" not in said:
            step, word = 2 + is_joined_number(tokens, at + 2), "luc"  # "8h 150/90"
        elif "an" in said and number(word) is not None and following in CLOCK:
            step, word = 2, "an"  # "sau ăn 2h"
        elif (word in WORDS_BETWEEN or word in more) and _has_its_tones(tokens[at]):
            step = 1
        else:
            break
        said.add(word)
        at += step
    return at, frozenset(said)


def unit_in_brackets(
    tokens: Sequence[Token], at: int, units: Sequence[tuple[tuple[str, ...], str]]
) -> tuple[str, int]:
    """The unit that a form prints behind a name, and how many tokens it takes: "Cân nặng (kg): 60"."""
    if tokens[at].text != "(":
        return "", 0
    unit, length = unit_at(tokens, at + 1, units)
    return (unit, length + 2) if length and tokens[at + 1 + length].text == ")" else ("", 0)


def unit_at(
    tokens: Sequence[Token], at: int, units: Sequence[tuple[tuple[str, ...], str]]
) -> tuple[str, int]:
    """The unit written here and how many tokens it takes; none is "" and 0."""
    return next(((unit, len(words)) for words, unit in units if starts(tokens, at, words)), ("", 0))


def is_joined_number(tokens: Sequence[Token], at: int) -> bool:
    """Whether a number follows the token before it without a blank."""
    return tokens[at].text[:1].isdecimal() and tokens[at].start == tokens[at - 1].end


def is_of_another_time(tokens: Sequence[Token], first: int) -> bool:
    """Whether what stands before a name makes it a target or a history: "tiền sử HA 180/100"."""
    is_same_clause = True
    if first and tokens[first - 1].text == "khi":
        return True  # "báo bác sĩ khi HA 180/110"
    for at in range(first - 1, max(first - 1 - BACK, -1), -1):
        word = tokens[at].text
        if word in ENDS or word in NOW:
            return False
        is_same_clause = is_same_clause and word != ","
        two = word, tokens[at + 1].text
        if two in TARGETS or (is_same_clause and (two in NOT_READ or word in HISTORY_WORDS)):
            return True
    return False


def is_dated(tokens: Sequence[Token], after: int) -> bool:
    """Whether what follows a value puts it into the past: "HA 180/100 năm ngoái", "(năm 2019)"."""
    at = after + (tokens[after].text == "(")
    at += number(tokens[at].text) is not None  # "8% (3 tháng trước)"
    in_year = tokens[at].text == "nam" and len(tokens[at + 1].text) == 4 and number(tokens[at + 1].text)
    return bool(in_year) or (tokens[at].text, tokens[at + 1].text) in LONG_AGO


def is_at_home(
    tokens: Sequence[Token], first: int, after: int, said: frozenset[str], *, otherwise: bool = False
) -> bool:
    """Whether a value was measured at home: said before its name, between name and number, or behind."""
    if "nha" in said or said & CLINIC:
        return "nha" in said
    behind = after + (tokens[after].text == "(")
    if (tokens[behind].text, tokens[behind + 1].text) in HOME and not _is_number_next(tokens, behind + 2):
        return True
    for at in range(first - 1, max(first - 1 - BACK, -1), -1):
        if tokens[at].text in ENDS or tokens[at].text == ",":
            break
        if (tokens[at].text, tokens[at + 1].text) in HOME:
            return True
    return otherwise


def _is_number_next(tokens: Sequence[Token], at: int) -> bool:
    return number(tokens[at + (tokens[at].text == ":")].text) is not None


def may_be_name(tokens: Sequence[Token], first: int, *, is_loose: bool) -> bool:
    """Whether a common word is a name here: "cao" in "huyết áp cao" and "m" in "1 m 60" are none."""
    before = tokens[first - 1].text if first else ""
    if tokens[first].text == "m":
        is_metres = len(before) == 1 and number(before) is not None
        return not is_metres and (tokens[first].written == "M" or tokens[first + 1].text == ":")
    return not is_loose or before in BEFORE_LOOSE or not before.isalpha()


def is_fasting(tokens: Sequence[Token], after: int, said: frozenset[str]) -> bool:
    """Whether glucose was measured fasting: "ĐH đói 7,8", "ĐH 7,8 (lúc đói)"."""
    behind = after + (tokens[after].text == "(")
    behind += tokens[behind].text == "luc"
    return "doi" in said or tokens[behind].text == "doi"
