"""When memory or disk runs out a person is told which, and what to do."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.support.home import settings
from warehouse.database import told_when_exhausted
from warehouse.errors import EXIT_UNAVAILABLE, UserError


def fill(connection: duckdb.DuckDBPyConnection, home: Path) -> None:
    """More rows than the memory holds, and nowhere to spill."""
    sql = "create table t as select range as a, hash(range) as b from range(20000000)"
    with told_when_exhausted(settings(home, memory_limit_gib=0.5)):
        connection.execute(sql).fetchall()


def test_memory_that_is_too_small_is_named(tmp_path: Path) -> None:
    with duckdb.connect(config={"memory_limit": "20MB", "threads": "1"}) as connection:
        connection.execute("set temp_directory = ''").fetchall()
        with pytest.raises(UserError, match="memory ran out") as told:
            fill(connection, tmp_path)
    assert told.value.exit_code == EXIT_UNAVAILABLE
    assert "HSSK_MEMORY_LIMIT_GIB" in str(told.value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("IO Error: No space left on device", UserError), ("IO Error: no such file", duckdb.IOException)],
)
def test_a_full_disk_is_told_and_other_faults_are_not_hidden(
    tmp_path: Path, text: str, kind: type[Exception]
) -> None:
    with (
        pytest.raises(kind, match="disk is full" if kind is UserError else "no such"),
        told_when_exhausted(settings(tmp_path)),
    ):
        raise duckdb.IOException(text)
