"""Marts of activities, budget, facilities, quality, visits: recounted in plain Python, and by hand through a build."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.home import fingerprints, marts, pressure, record, resident, run_build, write_csv
from tests.support.plan import plan_home, write_plan_extract
from warehouse.engine import load_tables
from warehouse.lineage import explain

AS_OF = date(2024, 12, 31)
MARTS = ("activity", "arrival", "budget", "facility", "load", "quality", "reach", "visit")
days = st.dates(date(2024, 1, 1), date(2025, 2, 28))
amounts = st.one_of(st.none(), st.integers(0, 50))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plan_home(tmp_path_factory.mktemp("marts"))


@contextmanager
def made(mart: str, raw: str, rows: list[tuple[Any, ...]], schema: dict[str, Any]) -> Iterator[list[Any]]:
    """The rows of one mart made from one raw table."""
    with duckdb.connect() as connection:
        connection.register("_rows", pl.DataFrame(rows, schema=schema, orient="row"))
        connection.execute(f"create table {raw} as select * from _rows").fetchall()
        [sql] = [table.sql for table in load_tables() if table.name == mart]
        yield connection.execute(sql, {"as_of": AS_OF}).fetchall()


@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["79", "760"]), st.sampled_from(["leaflet", "other"]), days, amounts, amounts
        )
    )
)
def test_activities_are_added_up_by_month_unit_and_kind(rows: list[tuple[Any, ...]]) -> None:
    expected: dict[Any, list[Any]] = defaultdict(lambda: [0, 0, None, None])
    for unit, kind, day, done, planned in rows:
        if day <= AS_OF:
            cell = expected[(day.replace(day=1), unit, kind)]
            did = 1 if done is None else done
            cell[0] += 1
            cell[1] += did
            if planned is not None:
                cell[2] = (cell[2] or 0) + did
                cell[3] = (cell[3] or 0) + planned
    schema = {
        "unit_code": pl.String, "kind": pl.String, "on_date": pl.Date, "quantity": pl.Float64,
        "quantity_planned": pl.Float64,
    }  # fmt: skip
    with made("mart_activity", "raw_activity", rows, schema) as found:
        assert {row[:3]: list(row[3:]) for row in found} == expected


@settings(max_examples=examples(40), deadline=None)
@given(st.dictionaries(st.tuples(st.sampled_from(["hd1", "hd2_1"]), days), st.tuples(amounts, amounts)))
def test_what_a_budget_adds_runs_up_to_what_it_states(stated: dict[Any, Any]) -> None:
    rows = [(*key, *value) for key, value in stated.items()]
    schema = {"line": pl.String, "on_date": pl.Date, "allocated_vnd": pl.Int64, "disbursed_vnd": pl.Int64}
    with made("mart_budget", "raw_budget", rows, schema) as found:
        running: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for line, month, allocated, disbursed, *added in found:
            running[line] = [total + more for total, more in zip(running[line], added, strict=True)]
            assert running[line] == [allocated, disbursed]
            until = (month + timedelta(days=31)).replace(day=1)
            for place, total in enumerate((allocated, disbursed)):
                told = [
                    (day, value[place])
                    for (name, day), value in stated.items()
                    if name == line and day < until and day <= AS_OF and value[place] is not None
                ]
                assert total == (max(told)[1] if told else 0)


def test_facilities_are_registered_connected_and_sending(home: Path) -> None:
    found = marts(home, "select step, kind, month, sum(facilities)::int from mart_facility group by all")
    december = date(2024, 12, 1)
    assert set(found) == {
        ("registered", "hospital", december, 2), ("registered", "health_station", december, 2),
        ("connected", "hospital", date(2023, 1, 1), 1), ("connected", "health_station", date(2023, 1, 1), 1),
        ("connected", "hospital", december, 1), ("sending", "hospital", december, 2),
    }  # fmt: skip


def test_only_a_persons_latest_visit_is_judged_once_a_week_has_passed(home: Path) -> None:
    found = marts(
        home,
        "select month, sum(visits)::int, sum(judged)::int, sum(reflected)::int from mart_visit group by 1",
    )
    assert set(found) == {
        (date(2024, 10, 1), 1, 0, 0),
        (date(2024, 11, 1), 1, 1, 1),
        (date(2024, 12, 1), 3, 2, 0),
    }


def test_quality_accounts_for_every_row_of_every_file(tmp_path: Path) -> None:
    source = tmp_path / "in"
    write_csv(
        source / "resident.csv",
        [resident("A"), resident("A"), resident("B", sex="x"), resident("A", source="b")],
    )
    write_csv(source / "health_record.csv", [record("A")])
    readings = [*pressure("A", "2024-03-05", 120), *pressure("A", "2024-03-06", 999)]
    readings[0]["unit"] = ""
    write_csv(source / "measurement.csv", readings)
    sections = [("R-A", "administrative", "present"), ("R-A", "blood_group", "unknown")]
    names = ("record_id", "section", "value_state")
    write_csv(source / "record_section.csv", [dict(zip(names, row, strict=True)) for row in sections])
    run_build(tmp_path / "home", source, quarantine_share_limit=0.5)

    found = marts(tmp_path / "home", "select table_name, outcome, subject, rule, rows from mart_quality")
    by_key = {row[:4]: row[4] for row in found}
    residents = {outcome: count for (table, outcome, *_), count in by_key.items() if table == "resident"}
    assert residents == {
        "received": 4, "accepted": 2, "duplicate": 1, "quarantined": 1, "refused": 1, "shared_reference": 1,
    }  # fmt: skip
    assert by_key[("resident", "refused", "sex", "allowed")] == 1
    assert by_key[("measurement", "implausible", "systolic", "")] == 1
    assert by_key[("record_section", "unknown", "blood_group", "")] == 1
    assert by_key[("record_section", "present", "administrative", "")] == 1


def test_the_marts_are_fingerprinted_explained_and_the_same_however_the_files_come(tmp_path: Path) -> None:
    whole = plan_home(tmp_path / "a")
    for mart in MARTS:
        assert fingerprints(whole)[f"mart_{mart}"]["rows"] > 0, mart
    files = explain(whole, "mart_activity")["files"]
    assert [file["table_name"] for file in files] == ["activity"]

    home = tmp_path / "b"
    extract = write_plan_extract(home / "extract")
    later = home / "later" / "extract"
    later.mkdir(parents=True)
    (extract / "activity.csv").rename(later / "activity.csv")
    run_build(home, extract, as_of=AS_OF)
    run_build(home, later, as_of=AS_OF)
    assert {f"mart_{mart}": fingerprints(home)[f"mart_{mart}"] for mart in MARTS} == {
        f"mart_{mart}": fingerprints(whole)[f"mart_{mart}"] for mart in MARTS
    }
