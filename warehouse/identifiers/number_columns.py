"""Numbers of people in standard forms, for whole frames: what :mod:`person_numbers` and :mod:`agreement` say of one.

A test holds the two equal. A number that is malformed or a filler has no standard form: it is no key for linkage.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import polars as pl

from warehouse.identifiers.birth_columns import standard_births
from warehouse.identifiers.definitions import (
    number_faults,
    phone_prefixes,
    placeholders,
    places,
    unusable_mask,
)
from warehouse.identifiers.person_numbers import (
    COUNTRY_CODE,
    LOST_ZERO,
    PHONE_SEPARATORS,
    SEPARATORS,
    InsuranceNumber,
    NationalId,
    OldId,
    PersonNumber,
    Phone,
)

_TEXT, _FAULTS = "_text", "_faults"
_FUTURE_DIGIT = 4


def standard_identifiers(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the standard forms of its numbers added, and what is wrong with each.

    Needs ``national_id``, ``old_id``, ``insurance_no``, ``phone``, ``sex``, ``birth_date`` as text, nulls allowed.

    Adds ``national_id_std`` (12 digits), ``old_id_std`` (9), ``insurance_code`` (10), ``phone_std`` (0 and 9 or 10),
    all String and null where unusable; ``national_id_faults``, ``old_id_faults``, ``insurance_faults`` and
    ``phone_faults``, UInt16, never null: the bits of ``faults.toml``, 0 for a number without faults or no number.
    """
    row = standard_births(frame.select("sex", "birth_date")).select("sex", "birth_year")
    numbers = (
        ("national_id_std", "national_id_faults", _national_ids(frame["national_id"], row)),
        ("old_id_std", "old_id_faults", _old_ids(frame["old_id"])),
        ("insurance_code", "insurance_faults", _insurance_numbers(frame["insurance_no"])),
        ("phone_std", "phone_faults", _phones(frame["phone"])),
    )
    columns = [
        series
        for form, faults, made in numbers
        for series in (made[_TEXT].alias(form), made[_FAULTS].alias(faults))
    ]
    return frame.with_columns(columns)


def _national_ids(written: pl.Series, row: pl.DataFrame) -> pl.DataFrame:
    text = row.with_columns(written.str.replace_all(SEPARATORS, "").alias(_TEXT))
    number = pl.col(_TEXT).cast(pl.Int64, strict=False)
    digit = number // 10**8 % 10
    year, known = pl.col("birth_year"), pl.col("sex").is_in(["male", "female"])
    own = {
        "century_ahead": digit >= _FUTURE_DIGIT,
        "place_unknown": ~_has_place(NationalId, number // 10**9),
        "sex_differs": known & ((digit % 2 == 1) != (pl.col("sex") == "female")),
        "century_differs": year // 100 != 19 + digit // 2,
        "year_differs": year % 100 != number // 10**6 % 100,
    }
    return _judged(text, NationalId, _is_filler(NationalId, pl.col(_TEXT)), own)


def _old_ids(written: pl.Series) -> pl.DataFrame:
    text = written.str.replace_all(SEPARATORS, "").alias(_TEXT).to_frame()
    number = pl.col(_TEXT).cast(pl.Int64, strict=False)
    own = {"place_unknown": ~_has_place(OldId, number // 10**7)}
    return _judged(text, OldId, _is_filler(OldId, pl.col(_TEXT)), own)


def _insurance_numbers(written: pl.Series) -> pl.DataFrame:
    text = written.str.replace_all(SEPARATORS, "").str.to_uppercase().alias(_TEXT).to_frame()
    card, code = pl.col(_TEXT), pl.col(_TEXT).str.tail(10)
    province = card.str.slice(3, 2).cast(pl.Int64, strict=False)
    own = {
        "place_unknown": (card.str.len_bytes() > 10) & ~_has_place(InsuranceNumber, province),
        "may_be_temporary": card.str.starts_with("TE1"),
    }
    judged = _judged(text, InsuranceNumber, _is_filler(InsuranceNumber, code), own)
    return judged.with_columns(code)


def _phones(written: pl.Series) -> pl.DataFrame:
    bare = pl.col(_TEXT).str.replace_all(PHONE_SEPARATORS, "")
    # ${1}: a digit stands before it, and $01 would be another group.
    national = bare.str.replace(COUNTRY_CODE, "0${1}").str.replace(LOST_ZERO, "0${1}")
    text = written.alias(_TEXT).to_frame().with_columns(national).with_columns(_present_prefix())
    return _judged(text, Phone, _is_filler(Phone, pl.col(_TEXT)), {})


def _present_prefix() -> pl.Expr:
    """The number with the prefix that replaced its own, where one did."""
    groups: dict[tuple[int, int], dict[str, str]] = defaultdict(dict)
    for prefix in phone_prefixes():
        groups[prefix.digits, len(prefix.old)][prefix.old] = prefix.new
    text = pl.col(_TEXT)
    changed = [
        pl.when(text.str.len_bytes() == digits).then(
            text.str.slice(0, length).replace_strict(new, default=None, return_dtype=pl.String)
            + text.str.slice(length)
        )
        for (digits, length), new in groups.items()
    ]
    return pl.coalesce(*changed, text)


def _has_place(kind: type[PersonNumber], code: pl.Expr) -> pl.Expr:
    """Whether a code, as a whole number, is in the list of its kind."""
    return code.is_in([int(known) for known in places(kind.system)])


def _is_filler(kind: type[PersonNumber], digits: pl.Expr) -> pl.Expr:
    fillers = placeholders(kind.system)
    return digits.is_in(sorted(fillers.whole)) | digits.str.tail(8).is_in(sorted(fillers.endings))


def _judged(
    text: pl.DataFrame, kind: type[PersonNumber], is_filler: pl.Expr, own: Mapping[str, pl.Expr]
) -> pl.DataFrame:
    """Text and faults: nothing more is said of a malformed number or a filler; unusable ones lose their text."""
    flags = {name: pl.lit(item.flag, pl.UInt16) for name, item in number_faults().items()}
    none = pl.lit(0, pl.UInt16)
    rest = [pl.when(broken).then(flags[name]).otherwise(none) for name, broken in own.items()]
    faults = (
        pl.when(pl.col(_TEXT).is_null() | (pl.col(_TEXT) == ""))
        .then(none)
        .when(~pl.col(_TEXT).str.contains(f"^(?:{kind.pattern})$"))
        .then(flags["malformed"])
        .when(is_filler)
        .then(flags["placeholder"])
        .otherwise(pl.sum_horizontal(none, *rest).cast(pl.UInt16))
    )
    is_usable = (pl.col(_FAULTS) & pl.lit(unusable_mask(), pl.UInt16) == 0) & (pl.col(_TEXT) != "")
    return text.with_columns(faults.alias(_FAULTS)).select(pl.when(is_usable).then(pl.col(_TEXT)), _FAULTS)
