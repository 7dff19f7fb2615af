"""The calm city: valid extracts of every contract, the same for the same seed, calibrated, its truth sealed."""

import hashlib
import json
import stat
from datetime import date
from itertools import pairwise
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from warehouse.check import check
from warehouse.contracts import load_contracts
from warehouse.errors import UserError
from warehouse.settings import Settings
from warehouse.synthetic.calibration import calibration
from warehouse.synthetic.city import ABOUT, EXTRACTS, TRUTH, synthesize

PEOPLE = 40_000
#: Enough where two cities are laid beside each other row by row.
FEW = 5_000
DAY_BEFORE = date(2024, 6, 30)
END = date(2024, 12, 31)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("city")
    synthesize(out, population=PEOPLE, seed=7, scenario="calm")
    return out


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same city as half a year earlier saw it."""
    out = tmp_path_factory.mktemp("before")
    synthesize(out, population=PEOPLE, seed=7, scenario="calm", as_of=DAY_BEFORE)
    return out


@pytest.fixture(scope="module")
def truth(city: Path) -> pl.DataFrame:
    age = (END - pl.col("birth_date")).dt.total_days() / 365.25
    return pl.read_parquet(city / TRUTH).with_columns(age.floor().cast(pl.Int32).alias("age"))


def read(city: Path, table: str) -> pl.DataFrame:
    return pl.read_parquet(city / EXTRACTS / table / "*.parquet")


def test_every_contract_has_its_columns_and_each_is_filled_somewhere(city: Path) -> None:
    contracts = load_contracts()
    # Free text beside a number, and a target as a share beside one in people.
    left_out = {"measurement": {"value_text"}, "target": {"target_share"}}

    assert {path.name for path in (city / EXTRACTS).iterdir() if path.is_dir()} == set(contracts)
    for name, contract in contracts.items():
        frame = read(city, name)
        filled = {column.name for column in frame if column.null_count() < frame.height}
        assert filled == {column.name for column in contract.columns} - left_out.get(name, set()), name


def test_a_check_finds_nothing_to_refuse(city: Path, tmp_path: Path) -> None:
    report = check(Settings(home=tmp_path), [city / EXTRACTS])

    assert report.is_clean
    assert sum(item.quarantined + item.duplicate for item in report.landed) == 0


def test_identity_numbers_follow_the_rule_and_are_unique(city: Path) -> None:
    residents = read(city, "resident")
    digit = residents["national_id"].str.slice(3, 1).cast(pl.Int32)
    year = residents["birth_date"].str.slice(0, 4).cast(pl.Int32)

    for name in ("national_id", "person_ref", "old_id", "insurance_no"):
        assert residents[name].drop_nulls().is_unique().all(), name
    assert (digit % 2 == (residents["sex"] == "female").cast(pl.Int32)).all()
    assert (digit // 2 == year // 100 - 19).all()
    assert (residents["national_id"].str.slice(4, 2).cast(pl.Int32) == year % 100).all()


def test_households_live_in_one_ward_and_hold_an_adult(city: Path, truth: pl.DataFrame) -> None:
    years = pl.col("birth_date").str.slice(0, 4).cast(pl.Int32)
    gone = truth.filter((pl.col("death_date") <= END) | (pl.col("left_on") <= END))
    residents = read(city, "resident")
    homes = residents.group_by("household_ref").agg(pl.len().alias("people"), years.min().alias("oldest"))
    lived_in = (
        residents.join(gone, on="person_ref", how="anti")
        .group_by("household_ref")
        .agg(pl.col("ward_code").n_unique().alias("wards"))
    )

    assert lived_in["wards"].max() == 1
    # One in forty comes after the look.
    assert homes["people"].mean() == pytest.approx(3.51 * 0.975, abs=0.05)
    assert (homes["oldest"] <= 2007).mean() > 0.998  # type: ignore[operator]


def test_same_seed_same_files_and_another_seed_another_city(tmp_path: Path) -> None:
    for folder, seed in (("once", 7), ("again", 7), ("other", 8)):
        synthesize(tmp_path / folder, population=FEW, seed=seed, scenario="calm")
    first, again, other = (
        json.loads((tmp_path / folder / ABOUT).read_text()) for folder in ("once", "again", "other")
    )

    assert first == again
    for file in (tmp_path / "once").rglob("*.parquet"):
        copy = tmp_path / "again" / file.relative_to(tmp_path / "once")
        assert file.read_bytes() == copy.read_bytes(), file.name
    of_people = {"resident", "insurance_spell", "health_record", "record_section", "encounter", "measurement",
                 "condition", "medication", "immunisation", "reference_examination", "survey"}  # fmt: skip
    changed = {name for name in first["tables"] if first["tables"][name] != other["tables"][name]}
    assert changed == of_people


def test_chunks_are_drawn_apart_and_share_no_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.synthetic.city.CHUNK", 1_500)
    synthesize(tmp_path / "city", population=4_000, seed=7, scenario="calm")
    contracts = load_contracts()

    assert len(list((tmp_path / "city" / EXTRACTS / "resident").iterdir())) == 3
    for name, contract in contracts.items():
        assert read(tmp_path / "city", name).select(contract.key).is_unique().all(), name


def test_an_earlier_day_shows_the_same_city_with_what_was_known(city: Path, before: Path) -> None:
    for table, column in (("measurement", "taken_at"), ("condition", "recorded_at"), ("medication", "started_on"),
                          ("activity", "on_date"), ("budget", "on_date")):  # fmt: skip
        known = read(city, table).filter(pl.col(column).cast(pl.Date) <= DAY_BEFORE)
        assert 0 < known.height < read(city, table).height
        assert read(before, table).equals(known), table
    assert pl.read_parquet(before / TRUTH).equals(pl.read_parquet(city / TRUTH))


def test_an_earlier_day_knows_nothing_of_the_days_after(city: Path, before: Path) -> None:
    expected = {"pregnant_until"}

    for table in ("resident", "insurance_spell", "health_record", "record_section", "encounter", "immunisation",
                  "facility"):  # fmt: skip
        key = list(load_contracts()[table].key)
        frame = read(before, table)
        assert frame.join(read(city, table), on=key, how="anti").is_empty(), table
        for column in frame.select(pl.selectors.temporal()):
            assert column.name in expected or column.cast(pl.Date).max() <= DAY_BEFORE, (table, column.name)  # type: ignore[operator]
    updated = read(before, "health_record")["last_updated_at"].cast(pl.Date)
    assert (updated == DAY_BEFORE).mean() < 0.02  # type: ignore[operator]


def test_an_illness_is_named_and_then_treated(truth: pl.DataFrame) -> None:
    for name in ("hypertension", "diabetes"):
        named, treated = (pl.col(f"{name}_{step}") for step in ("diagnosed_on", "treated_from"))
        assert truth.filter(treated < named).is_empty()
        assert truth.filter(treated.is_not_null() & named.is_null()).is_empty()
        assert truth.filter((pl.col(f"{name}_treated_quarters") > 0) & treated.is_null()).is_empty()
        # Whoever is diagnosed is a case of burden at the end of every quarter since.
        last = pl.col(f"{name}__recommended") // 2 ** (4 * 5 + 3) % 2
        assert truth.filter((named <= END) & (pl.col("age") >= 18) & (last == 0)).is_empty()


def test_dates_of_a_record_are_in_order(city: Path) -> None:
    records = read(city, "health_record")
    steps = ["created_at", "identity_verified_at", "activated_at", "citizen_edited_at"]
    for first, second in pairwise(steps):
        assert records.filter(pl.col(first).is_null() & pl.col(second).is_not_null()).is_empty()
        assert records.filter(pl.col(first) > pl.col(second)).is_empty(), second
    for step in steps:
        assert records.filter(pl.col("last_updated_at") < pl.col(step)).is_empty(), step


def test_the_first_of_two_records_is_the_one_in_the_truth(city: Path, truth: pl.DataFrame) -> None:
    created = pl.col("created_at").cast(pl.Date).min().alias("first_record_on")
    by_person = read(city, "health_record").group_by("person_ref").agg(created, pl.len())
    known = truth.select("person_ref", "first_record_on").filter(pl.col("first_record_on") <= END)

    assert by_person["len"].max() == 2
    assert known.sort("person_ref").equals(by_person.select(known.columns).sort("person_ref"))


def test_records_follow_the_plan(truth: pl.DataFrame) -> None:
    """The old and ill before the children, those before the rest; districts from 14 to 72 per cent."""
    gone = pl.min_horizontal("death_date", "left_on") <= END
    here = truth.filter(~gone.fill_null(value=False), pl.col("registered_from") <= END)
    has_record = pl.col("first_record_on") <= END
    middle = [
        here.filter(group, has_record)["first_record_on"].median()
        for group in (pl.col("age") > 52, pl.col("age").is_between(3, 14), pl.col("age").is_between(20, 40))
    ]
    share = {
        row["district_code"]: row["first_record_on"]
        for row in here.group_by("district_code").agg(has_record.fill_null(value=False).mean()).to_dicts()
    }

    assert middle == sorted(middle)
    assert share["760"] == pytest.approx(0.145, abs=0.06)
    assert share["785"] == pytest.approx(0.72, abs=0.06)
    assert min(share.values()) == share["760"]
    assert max(share.values()) == share["785"]


def test_targets_grow_to_the_plan_and_the_city_is_the_sum(city: Path) -> None:
    target = read(city, "target")
    steps = target.sort("quarter").group_by(["unit_code", "group"], maintain_order=True).agg("target_people")
    by_unit = target.filter(pl.col("quarter") == "2025Q4").group_by(pl.col("unit_code") == "79").agg(
        pl.col("target_people").sum()
    )  # fmt: skip

    assert all(people == sorted(people) for people in steps["target_people"].to_list())
    assert by_unit["target_people"].n_unique() == 1
    assert by_unit["target_people"][0] == pytest.approx(0.95 * PEOPLE, rel=0.01)


def test_the_truth_is_sealed_and_says_what_it_is_of(city: Path) -> None:
    about = json.loads((city / ABOUT).read_text())
    metadata = pq.read_schema(city / TRUTH).metadata

    assert stat.S_IMODE((city / TRUTH).stat().st_mode) == 0o400
    assert not list((city / EXTRACTS).rglob("*truth*"))
    assert about["truth"]["sha256"] == hashlib.sha256((city / TRUTH).read_bytes()).hexdigest()
    said = json.loads(metadata[b"hssk.synthetic"])
    assert (said["seed"], said["calibration"]["version"]) == (7, calibration().version)
    assert said["calibration"]["trend"]["systolic"] == calibration().trend.systolic.tolist()
    assert (said["scenario"], said["calibration"]["switches"]["selection_odds_ratio"]) == ("calm", 1.0)


def test_no_extract_tells_the_truth(city: Path, truth: pl.DataFrame) -> None:
    """Neither a column of its name nor, for the same person, its numbers and its dates of onset."""
    hidden = [
        name
        for name in truth.columns
        if name.startswith(("usual_", "body_mass_index", "income")) or name.endswith("_onset") or "__" in name
    ]
    assert len(hidden) == 8 + 10 + 14
    for table in load_contracts():
        frame = read(city, table)
        assert not set(hidden) & set(frame.columns)
        if "person_ref" not in frame.columns:
            continue
        # Bits are compared by name alone: small whole numbers are equal by chance.
        values = [name for name in hidden if not truth.schema[name].is_integer()]
        both = frame.join(truth.select("person_ref", *values), on="person_ref")
        for told, kind in frame.schema.items():
            for kept in values:
                if (
                    kind.is_float() == truth.schema[kept].is_float()
                    and kind.is_temporal() == truth.schema[kept].is_temporal()
                ):
                    same = both.filter(pl.col(told).cast(truth.schema[kept]) == pl.col(kept)).height
                    assert same <= max(3, 0.002 * both[kept].count()), (table, told, kept)


def test_readings_are_of_record_holders_and_claims_of_everybody(city: Path) -> None:
    holders = read(city, "health_record").select("person_ref").unique()
    readings = read(city, "measurement").filter(pl.col("code") == "8480-6")
    conditions = read(city, "condition")

    assert readings.join(holders, on="person_ref", how="anti").height / readings.height < 0.08
    assert conditions.join(holders, on="person_ref", how="anti").height / conditions.height > 0.2
    assert set(read(city, "measurement")["origin"]) == {"exam", "clinic", "claim", "device", "self_declared"}


def test_readings_of_a_visit_scatter_as_calibrated(city: Path) -> None:
    known = calibration().reading
    at_visits = read(city, "measurement").filter(
        (pl.col("code") == "8480-6") & pl.col("encounter_ref").is_not_null()
    )
    wide = at_visits.pivot(on="reading_number", index="encounter_ref", values="value").drop_nulls(
        ["1", "2", "3"]
    )
    rounded = (at_visits["value"] % 10 == 0).mean()

    assert (wide["1"] - wide["2"]).mean() == pytest.approx(known.first_is_higher, abs=0.2)
    # Rounding to tens adds a little to the scatter of two readings.
    assert (wide["2"] - wide["3"]).std() == pytest.approx(known.within_sd_systolic * 2**0.5, rel=0.12)
    assert rounded == pytest.approx(0.1, abs=0.02)


def test_csv_holds_the_same_people(tmp_path: Path) -> None:
    for file_format in ("csv", "parquet"):
        synthesize(tmp_path / file_format, population=FEW, seed=7, scenario="calm", file_format=file_format)
    table = pl.read_csv(tmp_path / "csv" / EXTRACTS / "resident" / "part-000.csv", infer_schema=False)

    assert table["national_id"].equals(read(tmp_path / "parquet", "resident")["national_id"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"population": 10}, "population"),
        ({"as_of": date(2020, 1, 1)}, "as-of"),
        ({"as_of": date(2026, 1, 1)}, "as-of"),
        ({"seed": -1}, "seed"),
        ({"scenario": "stormy"}, "scenario"),
        ({"file_format": "xlsx"}, "format"),
    ],
)
def test_what_this_city_cannot_be_is_refused(tmp_path: Path, changes: dict[str, object], field: str) -> None:
    options: dict[str, object] = {"population": 2000, "seed": 1, **changes}
    with pytest.raises(UserError, match=field):
        synthesize(tmp_path / "new", **options)  # type: ignore[arg-type]


def test_a_folder_with_something_in_it_is_refused(city: Path) -> None:
    with pytest.raises(UserError, match="not an empty folder"):
        synthesize(city, population=2000, seed=1)
