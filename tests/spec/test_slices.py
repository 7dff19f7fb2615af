"""A build by groups of districts is the build of the whole city, to the last fingerprint."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.home import fingerprints, pressure, run_build, write_csv
from warehouse import engine, slices
from warehouse.errors import Defect
from warehouse.synthetic.city import EXTRACTS, synthesize

TABLES = engine.load_tables()


def test_marts_of_groups_are_those_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synthesize(tmp_path / "city", population=2000, seed=5)
    city = tmp_path / "city" / EXTRACTS
    # Rows of somebody in no register and with no record are in no district, and are counted as rows all the same.
    write_csv(city / "measurement" / "strangers.csv", pressure("nobody-knows", "2024-05-05", 400))
    run_build(tmp_path / "whole", city)
    seen: list[str] = []
    monkeypatch.setattr(slices, "SLICE_PEOPLE", 350)
    run_build(tmp_path / "groups", city, progress=lambda stage, what: seen.append(what))
    assert fingerprints(tmp_path / "groups") == fingerprints(tmp_path / "whole")
    groups = {what.split()[1] for what in seen if what.startswith("core_measure ")}
    assert len(groups) > 3, "the city was not built in groups"


def test_what_outlives_its_group_is_collected() -> None:
    kept = slices.collected(TABLES)
    assert {"core_quality", "core_record_group"} <= kept
    assert {table.name for table in TABLES if table.is_sliced and table.is_mart} <= kept
    assert not {"core_measure", "core_clause", "core_event", "core_measurement"} & kept


def test_tables_of_the_city_come_before_or_after_those_of_groups() -> None:
    before, sliced, after = ({table.name for table in part} for part in slices.split(TABLES))
    assert "core_person" in before
    assert "mart_case" in sliced
    assert {"mart_record", "mart_quality", "core_record_step"} <= after
    assert before | sliced | after == {table.name for table in TABLES}


def test_a_table_of_groups_never_reads_one_that_is_made_after_them() -> None:
    group = engine.parse("core_a", "person", "-- slices:    people\nselect 1 as person_key from core_person")
    city = engine.parse("core_b", "person", "select count(*) as people from core_a")
    wrong = engine.parse("mart_c", "person", "-- slices:    people\nselect people from core_b")
    with pytest.raises(Defect, match=r"mart_c.sql is made by groups of people, core_b after all groups"):
        slices.split([group, city, wrong])
