"""The synthetic city: valid extracts of every contract, the same for the same seed, calibrated, its truth sealed."""

import json
import stat
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from warehouse.check import check
from warehouse.contracts import load_contracts
from warehouse.errors import UserError
from warehouse.settings import Settings
from warehouse.synthetic.calibration import calibration
from warehouse.synthetic.city import ABOUT, EXTRACTS, TRUTH, synthesize

PEOPLE = 40_000
END = date(2024, 12, 31)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("city")
    synthesize(out, population=PEOPLE, seed=7)
    return out


@pytest.fixture(scope="module")
def truth(city: Path) -> pl.DataFrame:
    age = (END - pl.col("birth_date")).dt.total_days() / 365.25
    return pl.read_parquet(city / TRUTH).with_columns(age.floor().cast(pl.Int32).alias("age"))


def read(city: Path, table: str) -> pl.DataFrame:
    return pl.read_parquet(city / EXTRACTS / table / "*.parquet")


def test_every_contract_has_a_table_of_its_columns(city: Path) -> None:
    contracts = load_contracts()

    assert {path.name for path in (city / EXTRACTS).iterdir() if path.is_dir()} == set(contracts)
    for name, contract in contracts.items():
        assert set(read(city, name).columns) <= {column.name for column in contract.columns}, name


def test_a_check_finds_nothing_to_refuse(city: Path, tmp_path: Path) -> None:
    report = check(
        Settings(home=tmp_path), [city / EXTRACTS], now=datetime(2025, 1, 15), progress=lambda *_: None
    )

    assert report.is_clean
    assert sum(item.quarantined + item.duplicate for item in report.landed) == 0


def test_identity_numbers_follow_the_rule_and_are_unique(city: Path) -> None:
    residents = read(city, "resident")
    digit = residents["national_id"].str.slice(3, 1).cast(pl.Int32)
    year = residents["birth_date"].dt.year()

    assert residents["national_id"].is_unique().all()
    assert (digit % 2 == (residents["sex"] == "female").cast(pl.Int32)).all()
    assert (digit // 2 == year // 100 - 19).all()


def test_same_seed_same_city_and_another_seed_another(city: Path, tmp_path: Path) -> None:
    synthesize(tmp_path / "again", population=PEOPLE, seed=7)
    synthesize(tmp_path / "other", population=PEOPLE, seed=8)
    prints = [
        json.loads((folder / ABOUT).read_text()) for folder in (city, tmp_path / "again", tmp_path / "other")
    ]

    assert prints[0] == prints[1] | {"truth": prints[0]["truth"]}
    assert prints[0]["truth"]["fingerprint"] == prints[1]["truth"]["fingerprint"]
    assert prints[0]["tables"]["resident"]["fingerprint"] != prints[2]["tables"]["resident"]["fingerprint"]


def test_an_earlier_day_shows_the_same_city_with_what_was_known(city: Path, tmp_path: Path) -> None:
    synthesize(tmp_path / "before", population=PEOPLE, seed=7, as_of=date(2024, 6, 30))
    for table, key in (
        ("encounter", "encounter_id"),
        ("measurement", "measurement_id"),
        ("condition", "condition_id"),
    ):
        now, before = read(city, table), read(tmp_path / "before", table)
        assert 0 < before.height < now.height
        assert before.equals(now.filter(pl.col(key).is_in(before[key].implode()))), table
    records = read(tmp_path / "before", "health_record")
    for column in (name for name, kind in records.schema.items() if kind == pl.Datetime("us")):
        assert records[column].max() < datetime(2024, 7, 1), column  # type: ignore[operator]


def test_the_truth_returns_the_table_it_is_calibrated_to(truth: pl.DataFrame) -> None:
    settings = calibration()
    for name, disease in (("hypertension", settings.hypertension), ("diabetes", settings.diabetes)):
        edges = [*disease.age_from.tolist(), 120]
        for first, last, wanted in zip(edges, edges[1:], disease.prevalence.tolist(), strict=False):
            band = truth.filter(pl.col("age").is_between(first, last - 1))
            share = band[f"{name}_onset"].is_not_null().mean()
            assert share == pytest.approx(wanted, abs=4 * (wanted * (1 - wanted) / band.height) ** 0.5), name
    adults = truth.filter(pl.col("age").is_between(18, 69))
    assert adults["hypertension_onset"].is_not_null().mean() == pytest.approx(0.243, abs=0.012)
    assert adults["diabetes_onset"].is_not_null().mean() == pytest.approx(0.086, abs=0.008)
    assert truth.filter(pl.col("age") >= 18)["body_mass_index"].mean() == pytest.approx(22.7, abs=0.3)


def test_hypertension_is_the_usual_pressure_above_the_line(truth: pl.DataFrame) -> None:
    raised = (pl.col("usual_systolic_mmhg") >= 140) | (pl.col("usual_diastolic_mmhg") >= 90)

    adults = truth.filter(pl.col("age") >= 18)
    assert adults.filter(raised != pl.col("hypertension_onset").is_not_null()).is_empty()


def test_records_follow_the_plan(truth: pl.DataFrame) -> None:
    """The old and ill before the children, those before the rest; districts from 14 to 72 per cent."""
    here = truth.filter(pl.col("death_date").is_null() & pl.col("left_on").is_null())
    middle = [
        here.filter(group)["first_record_on"].median()
        for group in (pl.col("age") > 52, pl.col("age").is_between(3, 14), pl.col("age").is_between(20, 40))
    ]
    share = {
        row["district_code"]: row["first_record_on"]
        for row in here.group_by("district_code")
        .agg(pl.col("first_record_on").is_not_null().mean())
        .to_dicts()
    }

    assert middle == sorted(middle)
    assert share["760"] == pytest.approx(0.145, abs=0.06)
    assert share["785"] == pytest.approx(0.72, abs=0.06)
    assert min(share.values()) == share["760"]
    assert max(share.values()) == share["785"]


def test_the_ill_enrol_sooner_than_their_age_explains(truth: pl.DataFrame) -> None:
    band = truth.filter(pl.col("age").is_between(30, 45))
    ill = band.filter(pl.col("hypertension_onset").is_not_null())
    well = band.filter(pl.col("hypertension_onset").is_null() & pl.col("diabetes_onset").is_null())

    assert ill["first_record_on"].is_not_null().mean() > well["first_record_on"].is_not_null().mean() + 0.03  # type: ignore[operator]


def test_targets_grow_to_the_plan_and_the_city_is_the_sum(city: Path) -> None:
    target = read(city, "target")
    steps = target.sort("quarter").group_by(["unit_code", "group"], maintain_order=True).agg("target_people")
    by_unit = target.filter(pl.col("quarter") == "2025Q4").group_by(pl.col("unit_code") == "79").agg(
        pl.col("target_people").sum()
    )  # fmt: skip

    assert all(people == sorted(people) for people in steps["target_people"].to_list())
    assert by_unit["target_people"].n_unique() == 1
    assert by_unit["target_people"][0] == pytest.approx(0.95 * PEOPLE, rel=0.01)


def test_the_truth_is_sealed_and_not_among_the_extracts(city: Path) -> None:
    assert stat.S_IMODE((city / TRUTH).stat().st_mode) == 0o400
    columns = {name for table in load_contracts() for name in read(city, table).columns}
    hidden = set(pl.read_parquet(city / TRUTH).columns) - columns
    assert {"usual_systolic_mmhg", "hypertension_onset", "diabetes_onset"} <= hidden


def test_csv_holds_the_same_people(city: Path, tmp_path: Path) -> None:
    synthesize(tmp_path / "csv", population=PEOPLE, seed=7, file_format="csv")
    table = pl.read_csv(tmp_path / "csv" / EXTRACTS / "resident" / "part-000.csv", infer_schema=False)

    assert table["national_id"].equals(read(city, "resident")["national_id"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"population": 10}, "population"),
        ({"as_of": date(2020, 1, 1)}, "as-of"),
        ({"as_of": date(2025, 1, 1)}, "as-of"),
    ],
)
def test_what_this_city_cannot_be_is_refused(tmp_path: Path, changes: dict[str, object], field: str) -> None:
    options: dict[str, object] = {"population": 2000, "seed": 1, **changes}
    with pytest.raises(UserError, match=field):
        synthesize(tmp_path / "new", **options)  # type: ignore[arg-type]


def test_a_folder_with_something_in_it_is_refused(city: Path) -> None:
    with pytest.raises(UserError, match="not empty"):
        synthesize(city, population=2000, seed=1)
