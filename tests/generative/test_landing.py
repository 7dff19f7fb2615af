"""Whatever the cells hold: no traceback, no lost row, and every good row arrives."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support import home as support
from tests.support.examples import examples
from warehouse.casting import text_expression
from warehouse.check import check
from warehouse.contracts import load_contracts

COLUMNS = ("measurement_id", "person_ref", "code", "value", "unit", "taken_at", "note")
#: Blank, tab, line ends, and the blanks of Unicode that spreadsheets leave.
BLANKS = " \t\n\r\u00a0\u200b\u3000\ufeff"
cell = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
dirty_row = st.fixed_dictionaries(
    {
        "measurement_id": cell,
        "person_ref": cell,
        "code": st.one_of(st.just("8480-6"), cell),
        "value": st.one_of(st.floats().map(str), cell),
        "unit": st.one_of(st.just("mm[Hg]"), cell),
        "taken_at": st.one_of(st.dates().map(str), st.datetimes().map(str), cell),
        "note": cell,
    }
)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(dirty_row, max_size=12), good=st.integers(1, 5), delimiter=st.sampled_from(",;\t"))
@example(rows=[dict.fromkeys(COLUMNS, '"')], good=1, delimiter=",")
@example(rows=[dict.fromkeys(COLUMNS, "\r\n")], good=1, delimiter=";")
@example(rows=[dict.fromkeys(COLUMNS, "=cmd|' /C calc'!A0")], good=1, delimiter=",")
def test_rows_add_up_and_good_rows_arrive(rows: list[dict[str, str]], good: int, delimiter: str) -> None:
    fine = [
        {
            "measurement_id": f"good-{n}", "person_ref": f"P{n}", "code": "8480-6", "value": "120", "unit": "mm[Hg]",
            "taken_at": "2024-01-02T08:00:00", "note": "",
        }
        for n in range(good)
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in" / "measurement.csv"
        path.parent.mkdir()
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, delimiter=delimiter, quoting=csv.QUOTE_ALL)
            writer.writeheader()
            writer.writerows([*fine, *rows])
        [item] = check(support.settings(Path(folder) / "home"), [path.parent]).landed
    assert item.received == len(fine) + len(rows)
    assert item.accepted + item.quarantined + item.duplicate == item.received
    assert item.accepted >= good
    assert item.unknown_columns == ("note",)


@given(
    st.text(
        st.one_of(st.sampled_from(BLANKS), st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
    )
)
def test_a_cell_loses_its_blanks_at_both_ends_and_nothing_else(text: str) -> None:
    column = load_contracts()["measurement"].column("unit")
    with duckdb.connect() as connection:
        sql = f'select {text_expression(column, "VARCHAR")} from (select $text as "unit")'
        [(found,)] = connection.execute(sql, {"text": text}).fetchall()
    assert found == (text.strip(BLANKS) or None)
