"""From the text of a cell to the type of its contract, as SQL expressions.

A contract becomes three layers of one SELECT: text, typed, judged. The judged layer carries ``_fault``, the number
of the first rule the row breaks, or null. Column names come from contracts (snake_case, checked at load) and are
the only thing ever written into SQL; limits, patterns and allowed values travel as parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from warehouse.codes import Atc, DistrictCode, Icd10, Loinc, WardCode
from warehouse.contracts import PERSON, TYPES, Column, Contract
from warehouse.geography import MERGED_DISTRICTS
from warehouse.rules import load_rules

#: Wall time of the city for instants given with an offset.
TIME_ZONE = "Asia/Ho_Chi_Minh"
_ISO_OR_DAY_FIRST = "['%Y-%m-%d', '%d/%m/%Y', '%Y-%m-%dT%H:%M:%S', '%Y-%m-%d %H:%M:%S']"
#: Blank, tab, line ends, and the blanks of Unicode that spreadsheets leave at the end of a cell.
_BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(8203) || chr(12288) || chr(65279)"
#: Dates outside cannot be written as ISO dates by every program that reads them.
_FIRST_YEAR, _LAST_YEAR = 1800, 9999
_TRUE = "['true', 't', '1', 'yes', 'có']"
_FALSE = "['false', 'f', '0', 'no', 'không']"
_CODE_PATTERNS = {
    name: system.pattern.pattern
    for name, system in (
        ("icd10", Icd10), ("atc", Atc), ("loinc", Loinc), ("ward", WardCode), ("district", DistrictCode),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """One rule a row can break: the SQL condition of breaking it, and words for the person who must mend it."""

    column: str
    rule: str
    broken: str
    expected: str


def text_expression(column: Column, source_type: str) -> str:
    """The cell as trimmed text, empty text as null; a value that has its final type already is left alone."""
    name = f'"{column.name}"'
    if source_type == TYPES[column.type] and column.type not in ("text", "partial_date"):
        return name
    cell = f"{name}::varchar"
    if source_type in ("DOUBLE", "FLOAT"):
        # What a table library makes of whole numbers with gaps: 123.0 is the reference 123.
        cell = f"case when {name} = floor({name}) and abs({name}) < 1e15 then {name}::bigint::varchar else {cell} end"
    # Nearly every cell begins and ends with a sign of ASCII: to see that takes a sixth of the time of trimming it.
    is_trim = f"ascii({cell}) between 33 and 126 and right({cell}, 1) between '!' and '~'"
    text = f"case when {is_trim} then {cell} else nullif(trim({cell}, {_BLANKS}), '') end"
    if column.allowed or column.code == "definition":
        return f"lower({text})"
    if column.code == "icd10":
        return f"regexp_replace(upper({text}), '[.*†+]', '', 'g')"
    if column.code == "atc":
        return f"upper({text})"
    if column.code == "district":
        merged = " ".join(f"when '{old}' then '{new}'" for old, new in MERGED_DISTRICTS.items())
        return f"case {text} {merged} else {text} end"
    return text


def typed_expression(column: Column, source_type: str) -> str:
    """The cell in the type of its contract, null when it cannot be; over the text layer."""
    name = f'"{column.name}"'
    if column.type == "text" or (source_type == TYPES[column.type] and column.type != "partial_date"):
        return name
    if source_type != "VARCHAR" and column.type != "partial_date":
        return f"try_cast({name} as {TYPES[column.type]})"
    return _FROM_TEXT[column.type].format(name=name)


_FROM_TEXT = {
    "integer": "case when regexp_full_match({name}, '[+-]?\\d{{1,18}}(\\.0+)?') then {name}::double::bigint end",
    "decimal": "case when isfinite(try_cast(regexp_replace({name}, '^(-?\\d+),(\\d{{1,2}})$', '\\1.\\2') as double))"
    " then regexp_replace({name}, '^(-?\\d+),(\\d{{1,2}})$', '\\1.\\2')::double end",
    "date": f"try_strptime({{name}}, {_ISO_OR_DAY_FIRST})::date",
    "partial_date": "coalesce(try_strptime({name}, ['%Y-%m-%d', '%d/%m/%Y', '%Y-%m-%d %H:%M:%S'])::date,"
    " try_strptime(regexp_extract({name}, '^(\\d{{4}}-(0[1-9]|1[0-2]))(-00)?$', 1) || '-15', '%Y-%m-%d')::date,"
    " try_strptime(regexp_extract({name}, '^(\\d{{4}})(-00-00)?$', 1) || '-07-01', '%Y-%m-%d')::date)",
    "timestamp": "case when regexp_matches({name}, '\\d:\\d{{2}}.*(Z|[+-]\\d{{2}}(:?\\d{{2}})?)$')"
    f" then try_cast({{name}} as timestamptz) at time zone '{TIME_ZONE}'"
    " else coalesce(try_cast({name} as timestamp), try_strptime({name}, ['%d/%m/%Y', '%d/%m/%Y %H:%M'])) end",
    "boolean": f"case when list_contains({_TRUE}, lower({{name}})) then true"
    f" when list_contains({_FALSE}, lower({{name}})) then false end",
}


def rules(contract: Contract) -> tuple[list[Rule], dict[str, Any]]:
    """Every rule of the contract in column order, and the parameters their conditions use."""
    found: list[Rule] = []
    parameters: dict[str, Any] = {}
    for column in contract.columns:
        found += _column_rules(column, parameters)
    return found, parameters


def _column_rules(column: Column, parameters: dict[str, Any]) -> list[Rule]:
    name, text = f'"{column.name}"', f'"_text_{column.name}"'
    found = []

    def rule(kind: str, broken: str, expected: str) -> None:
        found.append(Rule(column.name, kind, broken, expected))

    if column.required:
        rule("missing", f"{text} is null", "a value")
    if column.type != "text":
        rule("type", f"{text} is not null and {name} is null", _TYPE_WORDS[column.type])
    if column.type in ("date", "partial_date", "timestamp"):
        rule(
            "year",
            f"year({name}) not between {_FIRST_YEAR} and {_LAST_YEAR}",
            "a year of four digits from 1800 on",
        )
    if allowed := _allowed(column):
        parameters[f"allowed_{column.name}"] = list(allowed)
        rule(
            "allowed",
            f"not list_contains($allowed_{column.name}, {name})",
            "one of " + ", ".join(allowed),
        )
    pattern = column.pattern or _CODE_PATTERNS.get(column.code or "")
    if pattern:
        parameters[f"pattern_{column.name}"] = pattern
        rule(
            "pattern",
            f"not regexp_full_match({name}, $pattern_{column.name})",
            column.code or f"like {pattern}",
        )
    for limit, sign in (("at_least", "<"), ("at_most", ">")):
        bound = getattr(column, limit)
        if bound is not None:
            parameters[f"{limit}_{column.name}"] = bound
            cast = "::date" if isinstance(bound, str) else ""
            words = f"{limit.replace('_', ' ')} {bound}" + (f" {column.unit}" if column.unit else "")
            rule(limit, f"{name} {sign} ${limit}_{column.name}{cast}", words)
    return found


def _allowed(column: Column) -> tuple[str, ...]:
    """The words a column may hold (empty: any). Definitions are those whose estimates are corrected."""
    return load_rules().corrected if column.code == "definition" else column.allowed


_TYPE_WORDS = {
    "integer": "a whole number",
    "decimal": "a number",
    "date": "a date like 2024-11-30",
    "partial_date": "a date like 1958-04-30, 1958-04 or 1958",
    "timestamp": "a time like 2024-11-30T09:15:00",
    "boolean": "true or false",
}


def stored_columns(contract: Contract) -> dict[str, tuple[str, str]]:
    """Columns of ``raw_<table>``: name -> (DuckDB type, expression over the judged layer).

    Identifying columns are left out, except that a date of birth leaves its month and precision; references
    become keyed hashes named ``<column>_key``.
    """
    stored: dict[str, tuple[str, str]] = {}
    if contract.has_person:
        stored["person_key"] = ("BIGINT", "person_key")
    for column in contract.columns:
        name = f'"{column.name}"'
        if column.name == PERSON:
            continue
        if column.identifying and column.type == "partial_date":
            base = column.name.removesuffix("_date")
            stored[f"{base}_month_index"] = ("INTEGER", f"(year({name}) * 12 + month({name}) - 1)::integer")
            stored[f"{base}_precision"] = ("VARCHAR", _precision(f'"_text_{column.name}"'))
        elif column.pseudonymised:
            stored[f"{column.name}_key"] = ("BIGINT", f'"{column.name}_key"')
        elif not column.identifying:
            stored[column.name] = (TYPES[column.type], name)
    return stored


def _precision(text: str) -> str:
    return (
        f"case when {text} is null then null when regexp_full_match({text}, '\\d{{4}}(-00-00)?') then 'year'"
        f" when regexp_full_match({text}, '\\d{{4}}-\\d{{2}}(-00)?') then 'month' else 'day' end"
    )
