"""Everything that can be wrong with a mapping file, found in one pass."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import duckdb

from warehouse.codes import Atc, DistrictCode, Icd10, Loinc, WardCode
from warehouse.contracts import Column, Contract, load_contracts
from warehouse.errors import Fault, suggest
from warehouse.readers.wild.headers import folded

#: What a rule reads from: one of these.
SHAPES = ("column", "columns", "constant")
_FIELDS = ("files", "source", "reviewed", "sheet", "decimal", "values", "only", "tables")
_REQUIRED = ("files", "source", "reviewed", "tables")
_RULE_FIELDS: dict[str, type | tuple[type, ...]] = {
    "column": str, "columns": list, "constant": str, "separator": str, "values": (str, dict), "dates": (str, list),
    "times": (int, float), "pad": int, "optional": bool, "named": bool,
}  # fmt: skip
_NOT_OF_A_CONSTANT = ("separator", "values", "dates", "times", "pad", "optional")
_CODES = {"icd10": Icd10, "atc": Atc, "loinc": Loinc, "ward": WardCode, "district": DistrictCode}
_MOST_DIGITS = 20


def faults_of(file: str, raw: Mapping[str, Any]) -> list[Fault]:
    """Every fault of a mapping as TOML gives it."""
    found = [*_fields(raw), *_lists(raw), *_only(raw), *_tables(raw)]
    return [
        Fault(message=message, file=file, field=field or None, expected=expected)
        for field, message, expected in found
    ]


#: (field, message, expected)
_Found = Iterator[tuple[str, str, str | None]]


def _fields(raw: Mapping[str, Any]) -> _Found:
    for name in raw:
        if name not in _FIELDS:
            yield name, "unknown field", suggest(name, _FIELDS)
    for name in _REQUIRED:
        if name not in raw:
            yield name, "missing field", None
    files = raw.get("files", ["*"])
    if not _is_texts(files):
        yield "files", "wrong type", 'a list of file names, like ["kham_*.csv"]'
    for name in ("source", "sheet"):
        if not isinstance(raw.get(name, ""), str):
            yield name, "wrong type", "a text in quotation marks"
    reviewed = raw.get("reviewed", date.min)
    if not isinstance(reviewed, date) or isinstance(reviewed, datetime):
        yield "reviewed", "not a date", "like 2026-11-27, without quotation marks"
    if raw.get("decimal", ".") not in (",", "."):
        yield "decimal", "unknown sign", '"," or "."'


def _lists(raw: Mapping[str, Any]) -> _Found:
    lists = raw.get("values", {})
    if not isinstance(lists, dict):
        yield "values", "wrong type", "tables like [values.sex]"
        return
    for name, words in lists.items():
        yield from _words(f"values.{name}", words)


def _words(field: str, words: Any) -> _Found:
    if not isinstance(words, dict) or not all(isinstance(word, str) for word in words.values()):
        yield field, "wrong type", 'words in quotation marks, like Nam = "male"'
        return
    seen: dict[str, str] = {}
    for word, meaning in words.items():
        if seen.setdefault(folded(word), meaning) != meaning:
            yield field, f"{word!r} is there twice with two meanings (case and blanks do not count)", None


def _only(raw: Mapping[str, Any]) -> _Found:
    only = raw.get("only", {})
    if not isinstance(only, dict):
        yield "only", "wrong type", "columns with lists of words"
        return
    for name, words in only.items():
        if not _is_texts(words):
            yield f"only.{name}", "wrong type", "a list of words"


def _tables(raw: Mapping[str, Any]) -> _Found:
    tables = raw.get("tables", {"": {}})
    if not isinstance(tables, dict) or not tables:
        yield "tables", "no table", "tables like [tables.resident]"
        return
    contracts = load_contracts()
    for name, spec in tables.items():
        field = f"tables.{name}"
        if name not in contracts:
            if name:
                yield field, "unknown table", suggest(name, contracts)
        elif not isinstance(spec, dict):
            yield field, "wrong type", "columns of the contract"
        else:
            yield from _table(field, spec, contracts[name], raw)


def _table(field: str, spec: Mapping[str, Any], contract: Contract, raw: Mapping[str, Any]) -> _Found:
    shared = {name: rule for name, rule in spec.items() if name != "rows"}
    yield from _columns(field, shared, contract, raw)
    rows = spec.get("rows", {})
    if not isinstance(rows, dict) or not all(isinstance(entry, dict) for entry in rows.values()):
        yield f"{field}.rows", "wrong type", f"tables like [{field}.rows.systolic]"
        return
    for name, entry in rows.items():
        yield from _columns(f"{field}.rows.{name}", entry, contract, raw)
        for column in sorted(set(shared) & set(entry)):
            yield f"{field}.rows.{name}", f"{column} is given above the rows too", "one rule for a column"
        if not any(_alone(rule) for rule in entry.values()):
            yield (
                f"{field}.rows.{name}",
                "no column of the file decides whether there is a row",
                'like value = "HATT"',
            )
    yield from _missing(
        field, [set(shared) | set(entry) for entry in rows.values()] or [set(shared)], contract
    )
    yield from _keys(field, shared, rows, contract)


def _missing(field: str, given: Sequence[set[str]], contract: Contract) -> _Found:
    for column in contract.columns:
        if column.required and not all(column.name in names for names in given):
            yield field, f"required column {column.name} is not given", None


def _keys(field: str, shared: Mapping[str, Any], rows: Mapping[str, Any], contract: Contract) -> _Found:
    def differs(name: str) -> bool:
        return _is_named(shared.get(name)) or all(name in entry for entry in rows.values())

    if not any(differs(name) for name in contract.key):
        expected = f"named = true for one of {', '.join(contract.key)}, or a rule of its own in every row"
        yield field, "the rows that one row gives would share their key", expected


def _columns(field: str, rules: Mapping[str, Any], contract: Contract, raw: Mapping[str, Any]) -> _Found:
    for name, rule in rules.items():
        if name not in contract.names:
            yield f"{field}.{name}", "unknown column", suggest(name, contract.names)
        else:
            yield from _rule(f"{field}.{name}", rule, contract.column(name), raw)


def _rule(field: str, rule: Any, column: Column, raw: Mapping[str, Any]) -> _Found:
    if isinstance(rule, str):
        rule = {"column": rule}
    if isinstance(rule, list):
        rule = {"columns": rule}
    if not isinstance(rule, dict):
        yield field, "wrong type", "a column's name, a list of names, or { column = ... }"
        return
    wrong = False
    for name, value in rule.items():
        if name not in _RULE_FIELDS:
            yield field, f"unknown property {name!r}", suggest(name, _RULE_FIELDS)
        elif not isinstance(value, _RULE_FIELDS[name]) or (
            isinstance(value, bool) and name in ("times", "pad")
        ):
            wrong = True
            yield field, f"wrong type of {name}", None
    shapes = [name for name in SHAPES if name in rule]
    if len(shapes) != 1:
        yield field, "the rules clash" if shapes else "no source", "one of " + ", ".join(SHAPES)
    elif not wrong:
        yield from _source(field, rule, column)
        yield from _options(field, rule, column, raw)


def _source(field: str, rule: Mapping[str, Any], column: Column) -> _Found:
    if "constant" in rule:
        yield from _meaning(field, rule["constant"], column)
        for name in _NOT_OF_A_CONSTANT:
            if name in rule:
                yield field, f"{name} has no meaning for a constant", None
    parts = rule.get("columns", [rule.get("column", "x")])
    for part in parts:
        constant = isinstance(part, dict) and set(part) == {"constant"} and isinstance(part["constant"], str)
        if not constant and not (isinstance(part, str) and folded(part)):
            yield field, "not a column's name", 'a text, or { constant = "..." } in a list'
    if not parts:
        yield field, "an empty list of columns", None


def _options(field: str, rule: Mapping[str, Any], column: Column, raw: Mapping[str, Any]) -> _Found:
    words = rule.get("values", {})
    if isinstance(words, str):
        lists = raw.get("values", {})
        if not isinstance(lists, dict) or words not in lists:
            yield field, f"no list of values {words!r}", suggest(words, lists) if lists else "[values.NAME]"
        words = lists.get(words, {}) if isinstance(lists, dict) else {}
    else:
        yield from _words(f"{field}.values", words)
    for meaning in dict.fromkeys(words.values()) if isinstance(words, dict) else ():
        if isinstance(meaning, str) and meaning:
            yield from _meaning(field, meaning, column)
    yield from _dates(field, rule, column)
    if "times" in rule and column.type not in ("decimal", "integer"):
        yield field, f"times is for numbers, and {column.name} is a {column.type}", None
    if not 1 <= rule.get("pad", 1) <= _MOST_DIGITS:
        yield field, "pad is a number of digits", f"1 to {_MOST_DIGITS}"
    if "pad" in rule and column.type != "text":
        yield field, f"pad is for references and codes, and {column.name} is a {column.type}", None


def _dates(field: str, rule: Mapping[str, Any], column: Column) -> _Found:
    if "dates" not in rule:
        return
    if column.type not in ("date", "partial_date", "timestamp"):
        yield field, f"dates is for dates, and {column.name} is a {column.type}", None
    formats = [rule["dates"]] if isinstance(rule["dates"], str) else rule["dates"]
    if not _is_texts(formats):
        yield field, "dates is a format or a list of them", 'like "%d/%m/%Y"'
        return
    for form in formats:
        try:
            duckdb.execute("select try_strptime('', $form)", {"form": form}).fetchall()
        except duckdb.Error:
            yield field, f"not a date format: {form!r}", 'like "%d/%m/%Y" or "%Y%m%d%H%M"'


def _meaning(field: str, word: str, column: Column) -> _Found:
    """A word of the mapping that goes into the column: landing would refuse every row of it."""
    if column.allowed and word.lower() not in column.allowed:
        yield field, f"{word!r} is no value of {column.name}", suggest(word, column.allowed)
    pattern = column.pattern or (_CODES[column.code].pattern.pattern if column.code in _CODES else None)
    # Landing takes ICD-10 with its dot and its signs, and both in small letters.
    text = re.sub(r"[.*†+]", "", word.upper()) if column.code in ("icd10", "atc") else word
    if pattern and not re.fullmatch(pattern, text):
        yield field, f"{word!r} is no value of {column.name}", column.code or f"like {pattern}"


def _alone(rule: Any) -> bool:
    return isinstance(rule, str) or (isinstance(rule, dict) and isinstance(rule.get("column"), str))


def _is_named(rule: Any) -> bool:
    return isinstance(rule, dict) and rule.get("named") is True


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) and item for item in value)
