"""Every line of docs/cleaning_rules.md, run through landing and the first tables of a build."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.support import home as support
from tests.support.home import resident, run_build, write_csv
from warehouse import database, engine
from warehouse.database import rows
from warehouse.rules import load_rules

PAGE = Path(__file__).parents[2] / "docs" / "cleaning_rules.md"
AS_OF = date(2024, 6, 30)
TOLD = {"as written": (False, True), "unit inferred": (True, True), "unused": (None, False)}


def table(heading: str) -> list[dict[str, str]]:
    """The first table under a heading of the page."""
    lines = iter(PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0].splitlines())
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    head, _, *body = cells
    return [dict(zip(head, row, strict=True)) for row in body]


@contextmanager
def measured(home: Path, *tables: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """The store of a build with core tables worked out anew."""
    settings = support.settings(home)
    with database.open_warehouse(settings) as connection, database.core_store(connection, home / "tmp"):
        database.put_frames(connection, load_rules().tables())
        wanted = [item for item in engine.load_tables() if item.name in tables]
        engine.run(connection, wanted, {"as_of": AS_OF}, schema=f"{database.CORE}.main")
        yield connection


def reading(number: int, code: str, value: str, unit: str, panel: str = "") -> dict[str, str]:
    return {
        "measurement_id": f"M{number}", "person_ref": f"P{number}", "code": code, "value": value, "unit": unit,
        "taken_at": "2024-03-05T08:00:00", "panel_ref": panel,
    }  # fmt: skip


def test_results_are_read_as_the_page_says(tmp_path: Path) -> None:
    lines = table("Results of measurements")
    sent = [reading(n, line["LOINC"], line["value sent"], line["unit sent"]) for n, line in enumerate(lines)]
    write_csv(tmp_path / "in" / "measurement.csv", sent)
    run_build(tmp_path / "home", tmp_path / "in", as_of=AS_OF)

    with measured(tmp_path / "home", "core_measurement") as connection:
        found = {
            row % 2**44 - 1: (value, inferred, plausible)
            for row, value, inferred, plausible in rows(
                connection,
                "select row_order, value_standard, is_unit_inferred, is_plausible from core_measurement",
            )
        }
    assert len(found) == len(lines)
    for number, line in enumerate(lines):
        value, is_inferred, is_plausible = found[number]
        inferred, plausible = TOLD[line["told as"]]
        assert is_plausible == plausible, line
        if plausible:
            assert is_inferred == inferred, line
            assert value == pytest.approx(float(line["value used"]), abs=0.01), line


def test_pressures_are_read_as_the_page_says(tmp_path: Path) -> None:
    lines = table("Blood pressure")
    sent = [
        {**reading(n, code, line[name], "mm[Hg]", f"B{n}"), "measurement_id": f"{name}-{n}"}
        for n, line in enumerate(lines)
        for code, name in (("8480-6", "systolic sent"), ("8462-4", "diastolic sent"))
    ]
    write_csv(tmp_path / "in" / "measurement.csv", sent)
    run_build(tmp_path / "home", tmp_path / "in", as_of=AS_OF)

    with measured(tmp_path / "home", "core_measurement", "core_blood_pressure") as connection:
        found = sorted(
            rows(connection, "select systolic_mmhg, diastolic_mmhg, is_swapped from core_blood_pressure")
        )
    wanted = sorted(
        (*map(float, line["used"].split("/")), line["told as"] == "swapped") for line in lines if line["used"]
    )
    assert found == wanted


def test_registers_are_stored_as_the_page_says(tmp_path: Path) -> None:
    lines = table("Registers")
    people = [
        resident(f"P{n}", ward_code="", **{line["column"]: line["sent"]}) for n, line in enumerate(lines)
    ]
    write_csv(tmp_path / "in" / "resident.csv", people)
    run_build(tmp_path / "home", tmp_path / "in", as_of=AS_OF)

    with database.open_warehouse(support.settings(tmp_path / "home")) as connection:
        found = rows(
            connection,
            "select birth_month_index, birth_precision, district_code, sex from raw_resident order by _row",
        )
    for line, (month, precision, district, sex) in zip(lines, found, strict=True):
        born = f"{month // 12}-{month % 12 + 1:02}, {precision} known"
        assert line["stored"] in (born, district, sex), (line, born, district, sex)
        assert line["stored"] == {"birth_date": born, "district_code": district, "sex": sex}[line["column"]]
