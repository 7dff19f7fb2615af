"""A build by groups of districts is the build of the whole city, to the last fingerprint."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.city import synthetic_home
from tests.support.home import fingerprints
from warehouse import engine, slices
from warehouse.engine_table import Table


def test_marts_of_slices_are_those_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fingerprints(synthetic_home(tmp_path / "whole", population=4000, seed=5))
    used: list[str] = []

    def seen(connection: object, table: Table, *arguments: object, **options: object) -> None:
        used.append(table.name)
        made(connection, table, *arguments, **options)  # type: ignore[arg-type]

    made = slices.make
    monkeypatch.setattr(slices, "SLICE_PEOPLE", 700)
    monkeypatch.setattr(slices, "make", seen)
    sliced = fingerprints(synthetic_home(tmp_path / "sliced", population=4000, seed=5))
    assert sliced == whole
    assert sorted(used) == sorted(table.name for table in engine.load_tables() if table.is_sliced)
    assert "core_measure" in used
