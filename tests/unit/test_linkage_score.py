"""Linkage against the truth: counted by hand on a few references, and as good as asked on registers of a city."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from analytics.generation import close_all
from benchmarks.linkage import Registers, Stages, link, write_registers
from hssk import app
from tests.support.home import environment, settings
from warehouse import database
from warehouse.errors import UserError
from warehouse.identity import Keys, load_keys, person_key
from warehouse.linking.score import THRESHOLDS, LinkageScore, score
from warehouse.synthetic.writer import REFERENCES

#: Reference, person, kind, changes, and the reference whose person linkage takes it for.
ROWS = (
    ("P1", "P1", "register", "", "P1"),
    ("Q1", "P1", "hospital", "marks_lost,phone_changed", "P1"),
    ("D1", "P1", "entered_twice", "year_only", "D1"),
    ("P2", "P2", "register", "", "P2"),
    ("Q2", "P2", "hospital", "phone_changed", "P3"),
    ("P3", "P3", "register", "", "P3"),
    ("P4", "P4", "register", "", "P4"),
)
#: Pairs that were weighed: bits, or the exact key.
WEIGHED = (("P1", "Q1", None, "insurance_code"), ("Q2", "P3", 5.0, None), ("P2", "Q2", 1.0, None))
PEOPLE = {
    "person_ref": ["P1", "P2", "P3", "P4"], "sex": ["male", "female", "male", "male"],
    "birth_date": ["2010-05-01", "1990-05-01", "1950-05-01", "1930-05-01"],
    "district_code": ["760", "760", "761", "761"],
    "hypertension_diagnosed_on": [None, None, "2020-01-01", None],
    "diabetes_diagnosed_on": [None, "2020-01-01", None, "2025-06-01"],
}  # fmt: skip


@pytest.fixture(params=["11", "66"])
def people(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    """A store of :data:`ROWS` as linked, its truth beside it; of two keys, by which other references come first."""
    keys = keys_of(tmp_path, request.param)
    key = {ref: person_key(keys, ref) for ref, *_ in ROWS}
    names = ("person_ref", "person", "kind", "changes")
    frame = pl.DataFrame([row[:4] for row in ROWS], schema=list(names), orient="row")
    frame.write_parquet(tmp_path / REFERENCES)
    truth = pl.DataFrame(PEOPLE).with_columns(
        pl.col("birth_date", "hypertension_diagnosed_on", "diabetes_diagnosed_on").str.to_date()
    )
    truth.write_parquet(tmp_path / "truth.parquet", metadata={"hssk.synthetic": '{"as_of": "2024-12-31"}'})
    with database.open_memory(settings(tmp_path)) as connection:
        connection.execute("insert into meta_file (file_id, synthetic) values (1, true)").fetchall()
        for ref, *_, found in ROWS:
            values = [key[ref], key[found]]
            connection.execute("insert into meta_person values (?, ?, now()::timestamp)", values).fetchall()
        for one, other, bits, exact in WEIGHED:
            pair = [*sorted((key[one], key[other])), bits, exact]
            connection.execute("insert into meta_person_pair values (?, ?, ?, ?, null)", pair).fetchall()
        connection.execute("insert into meta_key values ('mark', ?)", [int(request.param)]).fetchall()
        yield connection


def keys_of(folder: Path, mark: str) -> Keys:
    return load_keys(settings(folder, pseudonym_key=mark * 32))


def judged(people: duckdb.DuckDBPyConnection, folder: Path) -> LinkageScore:
    [(mark,)] = people.execute("select mark from meta_key").fetchall()
    return score(people, keys_of(folder, str(mark)), folder / REFERENCES)


def test_pairs_are_counted_as_by_hand(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """True are P1-Q1, P1-D1, Q1-D1, P2-Q2; found are P1-Q1 and P3-Q2."""
    rows = {(row["dimension"], row["group"]): row for row in judged(people, tmp_path).groups.to_dicts()}

    def counts(dimension: str, group: str) -> tuple[int, ...]:
        row = rows[dimension, group]
        return tuple(row[f"{name}_pairs"] for name in ("true", "found", "right"))

    assert counts("all", "all") == (4, 2, 1)
    assert [rows["all", "all"][name] for name in ("precision", "recall", "f")] == [
        0.5,
        0.25,
        pytest.approx(1 / 3),
    ]
    # The wrong pair is told of the person whose hospital row was given away.
    assert counts("sex", "female") == (1, 1, 0)
    assert counts("sex", "male") == (3, 1, 1)
    assert counts("district", "761") == (0, 0, 0)
    assert rows["district", "761"]["precision"] is None
    assert counts("age_band", "0-17") == (3, 1, 1)
    assert counts("diabetes_known", "yes") == (1, 1, 0)
    assert rows["diabetes_known", "yes"]["references"] == 2
    assert rows["hypertension_known", "yes"]["references"] == 1
    assert rows["source", "hospital"]["references"] == 2


def test_groups_of_every_dimension_add_up(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    groups = judged(people, tmp_path).groups
    columns = ("references", "true_pairs", "found_pairs", "right_pairs")
    sums = groups.group_by("dimension").agg(pl.col(columns).sum()).select(columns).unique()

    assert sums.rows() == [(7, 4, 2, 1)]
    assert groups["dimension"].n_unique() == 7


def test_changes_are_of_pairs_with_the_register(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    rows = judged(people, tmp_path).changes.select("kind", "change", "true_pairs", "right_pairs").rows()
    assert set(rows) == {
        ("entered_twice", "year_only", 1, 0),
        ("hospital", "phone_changed", 2, 1),
        ("hospital", "marks_lost", 1, 1),
    }


def test_the_curve_falls_from_all_that_is_remembered_to_exact_keys(
    people: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    curve = {row["threshold_bits"]: row for row in judged(people, tmp_path).curve.to_dicts()}
    found = {bits: (row["found_pairs"], row["right_pairs"]) for bits, row in curve.items()}

    assert list(curve) == [*THRESHOLDS, None]
    # P2, Q2 and P3 are three pairs together, one of them right.
    assert found[1] == found[-5] == (4, 2)
    assert found[2] == found[5] == (2, 1)
    assert found[6] == found[None] == (1, 1)


def test_nothing_of_the_store_is_changed(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    def tables() -> list[tuple[str, int]]:
        return people.execute(
            "select table_name, estimated_size from duckdb_tables() order by all"
        ).fetchall()

    before = tables()
    judged(people, tmp_path)
    assert tables() == before


def test_real_people_and_other_cities_are_refused(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not the references"):
        score(people, load_keys(settings(tmp_path)), tmp_path / "truth.parquet")
    other = load_keys(settings(tmp_path, pseudonym_key="44" * 32))
    with pytest.raises(UserError, match="none of these references"):
        score(people, other, tmp_path / REFERENCES)
    people.execute("update meta_file set synthetic = false").fetchall()
    with pytest.raises(UserError, match="no truth"):
        judged(people, tmp_path)


@pytest.fixture(scope="module")
def registers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LinkageScore]:
    """Registers of residents, insurer and hospital of a few thousand people, landed and linked."""
    folder = tmp_path_factory.mktemp("registers")
    write_registers(Registers(people=7_000, shares={"insurer": 0.4, "hospital": 0.9}), folder)
    _, found = link(settings(folder / "home", linkage="full"), folder, Stages())
    return folder, found


def test_registers_of_a_realistic_city_are_linked_as_well_as_asked(
    registers: tuple[Path, LinkageScore],
) -> None:
    _, found = registers
    everybody = found.groups.filter(pl.col("dimension") == "all").row(0, named=True)
    hospital = found.groups.filter(pl.col("group") == "hospital").row(0, named=True)
    exact = found.curve.filter(pl.col("threshold_bits").is_null()).row(0, named=True)

    assert everybody["true_pairs"] > 9_000
    assert everybody["precision"] >= 0.995
    assert everybody["recall"] >= 0.97
    assert hospital["recall"] >= 0.96
    # What the rows of hospitals leave out makes exact keys too little.
    assert exact["recall"] < everybody["recall"] - 0.05
    assert exact["precision"] > 0.999


def test_precision_rises_and_recall_falls_with_the_threshold(registers: tuple[Path, LinkageScore]) -> None:
    curve = registers[1].curve
    for lower, higher in combinations(curve.to_dicts(), 2):
        assert lower["recall"] >= higher["recall"]
        assert lower["right_pairs"] <= lower["true_pairs"]
    assert curve["right_pairs"][0] > curve["right_pairs"][-1]
    assert curve["precision"][0] <= curve["precision"][-1]


def test_the_command_prints_all_three_tables_as_json(registers: tuple[Path, LinkageScore]) -> None:
    folder, found = registers
    command = ["score", "--references", str(folder / REFERENCES), "--format", "json"]
    told = CliRunner().invoke(app, command, env=environment(folder / "home"))

    assert told.exit_code == 0, told.output
    tables = json.loads(told.stdout)
    assert set(tables) == {"groups", "changes", "curve"}
    assert [row["right_pairs"] for row in tables["groups"]["rows"]] == found.groups["right_pairs"].to_list()
    assert f"from {found.threshold_bits:g} bits on" in tables["curve"]["notes"][0]
    shown = CliRunner().invoke(app, command[:3], env={**environment(folder / "home"), "COLUMNS": "160"})
    assert "Linkage of the synthetic city" in shown.stdout
    close_all()
