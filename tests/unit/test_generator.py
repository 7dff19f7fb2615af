"""The simple random residents: the columns of the contracts, valid identity numbers, same seed same rows."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from benchmarks import generator
from warehouse.check import check
from warehouse.contracts import load_contracts
from warehouse.settings import Settings

PEOPLE = 3_000


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("extracts")
    generator.generate(out, people=PEOPLE, seed=7)
    return out


def read(folder: Path, table: str) -> pl.DataFrame:
    return pl.read_parquet(folder / table / "*.parquet")


def test_every_column_is_one_of_its_contract(extracts: Path) -> None:
    contracts = load_contracts()
    for folder in (path for path in extracts.iterdir() if path.is_dir()):
        known = {column.name for column in contracts[folder.name].columns}
        assert set(read(extracts, folder.name).columns) <= known, folder.name


def test_a_check_finds_nothing_to_refuse(extracts: Path, tmp_path: Path) -> None:
    report = check(
        Settings(home=tmp_path), [extracts], now=datetime(2025, 1, 15), progress=lambda stage, what: None
    )

    assert report.is_clean
    assert sum(item.quarantined + item.duplicate for item in report.landed) == 0


def test_identity_numbers_follow_the_rule_and_are_unique(extracts: Path) -> None:
    residents = read(extracts, "resident")
    digit = residents["national_id"].str.slice(3, 1).cast(pl.Int32)
    year = residents["birth_date"].dt.year()

    assert residents["national_id"].is_unique().all()
    assert residents["national_id"].str.contains(r"^079\d{9}$").all()
    assert (digit % 2 == (residents["sex"] == "female").cast(pl.Int32)).all()
    assert (digit // 2 == year // 100 - 19).all()
    assert (residents["national_id"].str.slice(4, 2).cast(pl.Int32) == year % 100).all()


def test_record_holders_are_older_and_more_often_ill(extracts: Path) -> None:
    residents = read(extracts, "resident")
    holders = residents.join(read(extracts, "health_record"), on="person_ref", how="semi")

    assert holders["birth_date"].dt.year().mean() < residents["birth_date"].dt.year().mean() - 3


def test_same_seed_same_rows(extracts: Path, tmp_path: Path) -> None:
    generator.generate(tmp_path, people=PEOPLE, seed=7)

    for folder in (path.name for path in extracts.iterdir() if path.is_dir()):
        assert read(tmp_path, folder).equals(read(extracts, folder)), folder


def test_csv_holds_the_same_people(extracts: Path, tmp_path: Path) -> None:
    generator.generate(tmp_path, people=PEOPLE, seed=7, file_format="csv")
    table = pl.read_csv(tmp_path / "resident" / "part-000.csv", infer_schema=False)

    assert table["national_id"].equals(read(extracts, "resident")["national_id"])


def test_a_folder_with_something_in_it_is_refused(extracts: Path) -> None:
    with pytest.raises(FileExistsError):
        generator.generate(extracts, people=10, seed=1)
