"""The person SQL keeps to the subset that means the same on DuckDB and on Apache Spark (architecture rule 5).

An allow-list, because the differences that hurt are silent: date subtraction is an interval on Spark, a cast of 2.5
to an integer is 3 on one engine and 2 on the other, and months are counted differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

import pytest
import sqlglot
from sqlglot import exp

FOLDER = resources.files("warehouse") / "sql" / "person"
FILES = {item.name: item.read_text("utf-8") for item in FOLDER.iterdir() if item.name.endswith(".sql")}

#: Everything the files may call or do. Add a line only after it gave equal rows on both engines.
ALLOWED = (
    exp.Add, exp.Alias, exp.And, exp.BitwiseAnd, exp.BitwiseAndAgg, exp.BitwiseNot, exp.BitwiseOr,
    exp.BitwiseOrAgg, exp.Boolean, exp.CTE, exp.Case, exp.Cast, exp.Coalesce, exp.Column, exp.Count,
    exp.DataType, exp.Distinct, exp.Div, exp.EQ, exp.Floor, exp.From, exp.GT, exp.GTE, exp.Greatest,
    exp.Group, exp.Having, exp.Identifier, exp.If, exp.Is, exp.Join, exp.LT, exp.LTE, exp.Lag, exp.Lead,
    exp.Least, exp.Length, exp.Literal, exp.Max, exp.Median, exp.Min, exp.Mod, exp.Mul, exp.NEQ, exp.Neg,
    exp.Not, exp.Null, exp.NullSafeEQ, exp.Nullif, exp.Or, exp.Order, exp.Ordered, exp.Parameter, exp.Paren, exp.Pow,
    exp.Round, exp.RowNumber, exp.Select, exp.Star, exp.Sub, exp.Subquery, exp.Substring, exp.Sum, exp.Table,
    exp.TableAlias, exp.Union, exp.Var, exp.Where, exp.Window, exp.WindowSpec, exp.With,
)  # fmt: skip
#: Types a cast may name. To an integer only around floor() or round(), or from a sum or count of integers.
TYPES = {"BIGINT", "INT", "SMALLINT", "TINYINT", "DOUBLE"}
INTEGERS = {"BIGINT", "INT", "SMALLINT", "TINYINT"}
WHOLE = (
    exp.Floor,
    exp.Round,
    exp.Sum,
    exp.Count,
    exp.RowNumber,
    exp.Window,
    exp.Mod,
    exp.Neg,
    exp.Literal,
    exp.Column,
)
#: Columns with a fraction: they reach an integer through floor() or round() only.
FRACTIONS = re.compile(r"value|mmhg|kg|cm|factor|measured|at_least$|below$")
#: Columns that are dates or times: subtraction would be a number on one engine and an interval on the other.
CLOCKS = re.compile(r"_at$|_on$|_date$|date")


def faults(sql: str) -> Iterator[str]:
    """What in one file is outside the subset."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    for node in tree.walk():
        if type(node) not in ALLOWED:
            yield f"{type(node).__name__}: {node.sql()}"
        yield from _node_faults(node)


def _node_faults(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.Sub) and any(CLOCKS.search(column.name) for column in node.find_all(exp.Column)):
        yield f"date or time arithmetic: {node.sql()}"
    if isinstance(node, exp.Cast):
        yield from _cast_faults(node)
    if isinstance(node, exp.Lag | exp.Lead) and not isinstance(node.args.get("offset"), exp.Literal | None):
        yield f"offset that is not a constant: {node.sql()}"
    if isinstance(node, exp.Div) and not isinstance(node.expression.unnest(), exp.Literal | exp.Nullif):
        yield from [] if _cannot_be_zero(node.expression) else [f"division without nullif: {node.sql()}"]
    if isinstance(node, exp.Literal) and node.is_string and re.fullmatch(r"[A-Z]\d\d.*|\d+-\d", node.name):
        yield f"a medical code in SQL: {node.sql()}"


def _cast_faults(cast: exp.Cast) -> Iterator[str]:
    kind = cast.to.this.name
    if kind not in TYPES:
        yield f"cast to {kind}: {cast.sql()}"
    inner = cast.this.unnest()
    if kind in INTEGERS and not isinstance(inner, WHOLE):
        yield f"cast of a number that may have a fraction; use floor(): {cast.sql()}"
    if kind in INTEGERS and isinstance(inner, exp.Column) and FRACTIONS.search(inner.name):
        yield f"cast of a fraction; use floor() or round(): {cast.sql()}"


def _cannot_be_zero(divisor: exp.Expr) -> bool:
    """``100 * greatest(n, 1)`` and the square of a plausible height: nothing else is divided by."""
    return (
        isinstance(divisor.find(exp.Greatest), exp.Greatest) or divisor.sql() == "(h.measured * h.measured)"
    )


@pytest.mark.parametrize("name", sorted(FILES))
def test_person_sql_keeps_to_the_portable_subset(name: str) -> None:
    assert list(faults(FILES[name])) == []


@pytest.mark.parametrize("name", sorted(FILES))
def test_person_sql_translates_to_spark_without_loss(name: str) -> None:
    tree = sqlglot.parse_one(FILES[name], dialect="duckdb")
    spark = tree.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    again = sqlglot.parse_one(spark, dialect="spark")
    assert {table.name for table in again.find_all(exp.Table)} == {
        table.name for table in tree.find_all(exp.Table)
    }


@pytest.mark.parametrize("name", sorted(FILES))
def test_header_says_grain_and_sources(name: str) -> None:
    header = FILES[name].split("\nwith ")[0].split("\nselect")[0]
    assert "-- grain:" in header
    assert "-- sources:" in header


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select taken_at - created_at as gap from core_measurement", "date or time arithmetic"),
        ("select value::int as whole from core_measurement", "use floor()"),
        ("select cast(a / 2 as integer) as half from t", "use floor()"),
        ("select date_diff('month', a, b) as months from t", "DateDiff"),
        ("select quantile_cont(value, 0.5) as middle from t", "PercentileCont"),
        ("select a / b as ratio from t", "division without nullif"),
        ("select lag(day, how_far) over (order by day) as earlier from t", "offset that is not a constant"),
        ("select * from read_parquet('x.parquet')", "ReadParquet"),
        ("select 1 as found from t where code in ($codes)", "In"),
        ("select 1 as found from t where icd10 = 'I10'", "a medical code"),
    ],
)
def test_lint_refuses_what_differs_between_engines(sql: str, said: str) -> None:
    assert any(said in fault for fault in faults(sql)), list(faults(sql))
