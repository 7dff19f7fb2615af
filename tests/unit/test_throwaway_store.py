"""The store of ``rule_`` and ``core_`` tables goes with its build: nothing is logged, and dropped tables make room."""

from __future__ import annotations

from pathlib import Path

from tests.support.home import settings
from warehouse.database import CORE, core_store, open_warehouse, rows


def test_room_of_dropped_tables_is_used_again_and_nothing_is_left(tmp_path: Path) -> None:
    """Groups of districts make and drop the same tables one after another: the file is as large as one group."""
    folder, sizes = tmp_path / "core", []
    folder.mkdir()
    with open_warehouse(settings(tmp_path)) as connection:
        with core_store(connection, folder):
            for _ in range(4):
                rows(
                    connection,
                    f"create table {CORE}.main.group_of_people as select hash(range) from range(500000)",
                )
                rows(connection, f"drop table {CORE}.main.group_of_people")
                sizes.append((folder / "core.duckdb").stat().st_size)
            assert [path.name for path in folder.iterdir()] == ["core.duckdb"], "a log beside it"
        assert rows(connection, "select current_setting('checkpoint_on_detach')") == [("DEFAULT",)]
    assert sizes[-1] == sizes[0] > 0
    assert not list(folder.iterdir())
