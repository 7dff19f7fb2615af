"""What the body's own tables say: windows of pregnancy, the kidney equation, growth of children; read and checked.

Each becomes one rule table for the person SQL. Grain, meaning and source stand at the function that makes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from warehouse.codes import Icd10
from warehouse.errors import Fault
from warehouse.rule_files import Row, read_rows
from warehouse.rule_types import DERIVED_UNITS, SEXES

PHYSIOLOGY_FILES = ("growth.csv", "kidney.csv", "pregnancy.csv")
#: The date of a pregnancy's end in the register of residents, among the codes of rule_pregnancy.
REGISTER = "register"

Cells = tuple[str | int | float, ...]
_PREGNANCY = {"marker": pl.String, "days_before": pl.Int32, "days_after": pl.Int32}
_KIDNEY = {
    "sex": pl.Int8,
    "age_from": pl.Int16,
    "factor": pl.Float64,
    "kappa_umol_per_l": pl.Float64,
    "alpha": pl.Float64,
    "beta": pl.Float64,
    "per_year": pl.Float64,
}
_GROWTH = {
    "indicator": pl.String,
    "sex": pl.Int8,
    "age_months": pl.Int16,
    "l": pl.Float64,
    "m": pl.Float64,
    "s": pl.Float64,
    "flag_low": pl.Float64,
    "flag_high": pl.Float64,
    "is_adjusted": pl.Boolean,
}


@dataclass(frozen=True, kw_only=True)
class Physiology:
    """Lines of the three tables, in the columns of their rule tables."""

    pregnancy: Sequence[Cells] = field(default=())
    kidney: Sequence[Cells] = field(default=())
    growth: Sequence[Cells] = field(default=())

    def tables(self) -> dict[str, pl.DataFrame]:
        """``rule_pregnancy``: a code (prefix) or the register's date, with the days before and after it in which a
        woman counts as pregnant or newly delivered.
        ``rule_kidney``: CKD-EPI 2021 by sex (Inker et al., N Engl J Med 2021;385:1737-1749).
        ``rule_growth``: L, M and S of an indicator by sex and completed month (WHO 2006 to 60 months, 2007 above),
        the z-scores beyond which a value is an error, and whether scores beyond 3 are measured in steps of SD2-SD3.
        """
        return {
            "rule_pregnancy": _frame(self.pregnancy, _PREGNANCY),
            "rule_kidney": _frame(self.kidney, _KIDNEY),
            "rule_growth": _frame(self.growth, _GROWTH),
        }


def parse(texts: Mapping[str, str], faults: list[Fault]) -> Physiology:
    """The three tables from CSV texts by file name; what is wrong is appended to ``faults``."""
    faults += [Fault(message="is missing", file=name) for name in PHYSIOLOGY_FILES if name not in texts]

    def lines(file: str, columns: Sequence[str]) -> list[Row]:
        return read_rows(file, texts[file], columns, faults) if file in texts else []

    return Physiology(
        pregnancy=[_window(row) for row in lines("pregnancy.csv", list(_PREGNANCY))],
        kidney=[_numbers(row, _KIDNEY) for row in lines("kidney.csv", list(_KIDNEY))],
        growth=[_numbers(row, _GROWTH) for row in lines("growth.csv", list(_GROWTH))],
    )


def _window(row: Row) -> Cells:
    marker = row.text("marker")
    if marker != REGISTER:
        row.checked("marker", Icd10)
    return marker, *(_days(row, name) for name in ("days_before", "days_after"))


def _days(row: Row, name: str) -> int:
    days = row.integer(name)
    if days is None or not 0 <= days <= 400:
        row.fault("must be days", field=name, value=row.raw[name], expected="0 to 400")
    return days or 0


def _numbers(row: Row, schema: Mapping[str, object]) -> Cells:
    """One cell per column; a number that is missing is a fault."""
    return tuple(_cell(row, name, kind) for name, kind in schema.items())


def _cell(row: Row, name: str, kind: object) -> str | int | float:
    if name == "sex":
        return SEXES.get(row.text(name, allowed=list(SEXES)), 0)
    if kind is pl.String:
        return row.text(name, allowed=list(DERIVED_UNITS["child_growth"]))
    if kind is pl.Boolean:
        return row.flag(name)
    value = row.integer(name) if kind is pl.Int16 else row.number(name)
    if value is None:
        row.fault("missing", field=name)
    return value or 0


def _frame(rows: Sequence[Cells], schema: Mapping[str, pl.DataType | type[pl.DataType]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict(schema), orient="row")
