"""Scenarios of the synthetic city: every switch does what it says, every defect is told and can be undone."""

import copy
import tomllib
from datetime import date, timedelta
from importlib import resources
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.accuracy import accuracy
from analytics.generation import Generation, close_all
from tests.support.home import run_build
from warehouse.check import check
from warehouse.errors import Defect, UserError
from warehouse.settings import Settings
from warehouse.synthetic.calibration import calibration
from warehouse.synthetic.care import connected_day
from warehouse.synthetic.city import EXTRACTS, TRUTH, synthesize
from warehouse.synthetic.defects import chance, spoil
from warehouse.synthetic.log import Log
from warehouse.synthetic.population import population_table
from warehouse.synthetic.records import queued
from warehouse.synthetic.scenario import DEFECTS, HOSPITAL, SCENARIOS, pattern, read_scenario, switches_of
from warehouse.synthetic.writer import CHECK
from warehouse.synthetic.writer import DEFECTS as DEFECTS_FILE

PEOPLE = 12_000
#: Day the whole of a city is seen.
END = date(2024, 12, 31)
I10, SYSTOLIC = "I10", "8480-6"


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {name: tmp_path_factory.mktemp(name) for name in ("calm", "hostile")}
    for name, folder in made.items():
        synthesize(folder, population=PEOPLE, seed=9, scenario=name)
    return made


def read(city: Path, table: str) -> pl.DataFrame:
    return pl.read_parquet(city / EXTRACTS / table / "*.parquet")


def content(name: str) -> dict[str, object]:
    text = (
        resources.files("warehouse.synthetic")
        .joinpath("scenarios", f"{name}.toml")
        .read_text(encoding="utf-8")
    )
    return tomllib.loads(text)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_sets_every_switch(name: str) -> None:
    switches = read_scenario(name)
    assert set(switches.defects) == set(DEFECTS)
    assert set(switches.hospital) == set(HOSPITAL)
    assert content(name)["name"] == name


def test_scenarios_grow_harder() -> None:
    calm, realistic, hostile = (read_scenario(name) for name in SCENARIOS)
    for name in (
        "selection_odds_ratio",
        "claims_missed",
        "copied_share",
        "rounded_share",
        "official_error",
        "split_share",
    ):
        assert getattr(calm, name) < getattr(realistic, name) < getattr(hostile, name), name
    for name in DEFECTS:
        assert 0 == calm.defects[name] < realistic.defects[name] < hostile.defects[name], name
    for name in HOSPITAL:
        assert 0 == calm.hospital[name] < realistic.hospital[name] < hostile.hospital[name], name


def test_every_fault_of_a_scenario_is_told_at_once() -> None:
    wrong = copy.deepcopy(content("realistic"))
    del wrong["jump_share"]
    wrong |= {"copying_districts": ["999"], "split_share": 1.5, "selection_odds_ratio": 0.0, "surprise": 1}
    wrong["defects"] = {**wrong["defects"], "sent_twice": -0.1, "typhoon": 0.1}  # type: ignore[dict-item]
    wrong["hospital"] = {**wrong["hospital"], "sex_wrong": 2.0, "flood": 0.1}  # type: ignore[dict-item]

    with pytest.raises(Defect) as told:
        switches_of(wrong)
    for word in ("jump_share, surprise", "typhoon", "999: no such district", "split_share = 1.5",
                 "selection_odds_ratio = 0.0", "sent_twice = -0.1", "[hospital] flood", "sex_wrong = 2.0"):  # fmt: skip
        assert word in str(told.value), word


def test_a_scenario_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(UserError, match="calm, realistic, hostile"):
        read_scenario("stormy")


def test_patterns_are_even_and_differ() -> None:
    for number in range(3):
        assert pattern(number).sum() == pytest.approx(0, abs=1e-9)
        assert (pattern(number).min(), pattern(number).max()) == (-1, 1)
    assert abs(np.corrcoef(pattern(0), pattern(1))[0, 1]) < 0.5


@given(seed=st.integers(0, 2**70), salt=st.text(min_size=1, max_size=5))
def test_chances_are_even_and_the_same_again(seed: int, salt: str) -> None:
    number = np.arange(4000, dtype=np.int64) * 7
    drawn = chance(number, salt, seed)

    assert np.array_equal(drawn, chance(number, salt, seed))
    assert abs(drawn.mean() - 0.5) < 0.03
    assert 0.17 < (drawn < 0.2).mean() < 0.23
    assert (chance(number, salt + "x", seed) != drawn).mean() > 0.99


@pytest.mark.parametrize("table", ["measurement", "condition", "resident"])
def test_the_log_undoes_every_defect(cities: dict[str, Path], table: str) -> None:
    """Of the calm city's rows, spoilt as the hostile city's are: put back what the log says was there."""
    clean, log = read(cities["calm"], table), Log()
    spoilt = spoil(table, clean, read_scenario("hostile").defects, 9, log)
    key = {"measurement": "measurement_id", "condition": "condition_id", "resident": "person_ref"}[table]
    told = log.table()

    assert told.height > 0.03 * clean.height
    assert set(told["table"]) == {table}
    more = set(told["defect"]) & {"sent_twice", "entered_twice"}
    assert spoilt.height - clean.height == told.filter(pl.col("defect").is_in(list(more))).height
    mended = spoilt.filter(~pl.col(key).str.starts_with("D")).unique(key, keep="first", maintain_order=True)
    for column in told.filter(~pl.col("defect").is_in(list(more)))["column"].unique().sort():
        kind = clean.schema[column]
        was = told.filter(pl.col("column") == column).unique("key", keep="first", maintain_order=True)
        back = mended.join(
            was.select(pl.col("key").alias(key), pl.col("was").alias("_was")), on=key, how="left"
        )
        text = (
            pl.col("_was").str.to_datetime(time_unit="us")
            if kind.is_temporal()
            else pl.col("_was").cast(kind)
        )
        mended = back.with_columns(pl.coalesce(text, pl.col(column)).alias(column)).select(clean.columns)
    assert mended.equals(clean)


def test_nothing_is_done_to_the_calm_city(cities: dict[str, Path]) -> None:
    assert pl.read_parquet(cities["calm"] / DEFECTS_FILE).is_empty()
    assert pl.read_parquet(cities["calm"] / TRUTH)["hospital_ref"].null_count() == PEOPLE


def test_every_defect_of_the_hostile_city_is_told_as_often_as_it_says(cities: dict[str, Path]) -> None:
    told = pl.read_parquet(cities["hostile"] / DEFECTS_FILE)
    rates, measured = read_scenario("hostile").defects, read(cities["hostile"], "measurement")

    assert set(told["defect"]) == {*DEFECTS, "copied", "rounded"}
    weights = measured.filter(pl.col("code") == "29463-7")["measurement_id"].n_unique()
    tenfold = told.filter(pl.col("defect") == "weight_times_ten").height
    assert tenfold == pytest.approx(weights * rates["weight_times_ten"], rel=0.4)
    assert (
        measured.height - measured["measurement_id"].n_unique()
        == told.filter(pl.col("defect") == "sent_twice").height
    )


def test_a_row_has_its_defect_whatever_day_it_is_seen(cities: dict[str, Path], tmp_path: Path) -> None:
    synthesize(tmp_path / "before", population=PEOPLE, seed=9, scenario="hostile", as_of=date(2024, 3, 31))
    sent = read(tmp_path / "before", "measurement")["measurement_id"]
    before, after = (
        pl.read_parquet(folder / DEFECTS_FILE) for folder in (tmp_path / "before", cities["hostile"])
    )
    of_measurements = pl.col("table") == "measurement"

    assert 0 < before.filter(of_measurements).height < after.filter(of_measurements).height
    assert (
        before.filter(of_measurements).join(after, on=before.columns, how="anti", nulls_equal=True).is_empty()
    )
    assert set(before.filter(of_measurements)["key"]) <= set(sent)


def test_copying_stations_write_one_pressure_and_others_do_not(cities: dict[str, Path]) -> None:
    city, copying = cities["hostile"], read_scenario("hostile").copying_districts
    truth = pl.read_parquet(city / TRUTH).filter(pl.col("moved_on").is_null())
    home = truth.select("person_ref", "district_code")
    stations = (
        read(city, "measurement")
        .filter((pl.col("code") == SYSTOLIC) & pl.col("facility_ref").str.slice(1).cast(pl.Int64).lt(1000))
        .join(home, on="person_ref")
    )
    same = {key: (part["value"] == 120).mean() for (key,), part in
            stations.group_by(pl.col("district_code").is_in(copying))}  # fmt: skip

    assert same[True] > 0.55
    assert same[False] < 0.2


def test_hospitals_claim_what_is_not_so_and_leave_out_what_is(cities: dict[str, Path]) -> None:
    found = {}
    for name, city in cities.items():
        truth = pl.read_parquet(city / TRUTH).select(
            "person_ref", "hypertension_diagnosed_on", "hospital_ref"
        )
        both = pl.concat([truth.drop("hospital_ref"), truth.filter(pl.col("hospital_ref").is_not_null()).select(
            pl.col("hospital_ref").alias("person_ref"), "hypertension_diagnosed_on")])  # fmt: skip
        named = (
            read(city, "condition")
            .filter((pl.col("icd10") == I10) & ~pl.col("status").is_in(["refuted", "entered_in_error"]))
            .join(both, on="person_ref")
        )
        visits = read(city, "encounter").join(both, on="person_ref").filter(
            pl.col("hypertension_diagnosed_on") <= pl.col("started_at").cast(pl.Date)
        )  # fmt: skip
        invented = named.filter(
            pl.col("hypertension_diagnosed_on").is_null()
            | (pl.col("hypertension_diagnosed_on") > pl.col("recorded_at").cast(pl.Date))
        )
        found[name] = (invented.height / named.height, (named.height - invented.height) / visits.height)

    assert found["calm"][0] == 0
    assert found["hostile"][0] > 0.01
    assert found["hostile"][1] < 0.85 * found["calm"][1]


def test_people_known_to_a_hospital_under_another_reference_are_more_often_ill(
    cities: dict[str, Path],
) -> None:
    city = cities["hostile"]
    truth, residents = pl.read_parquet(city / TRUTH), read(city, "resident")
    apart, visits = truth.filter(pl.col("hospital_ref").is_not_null()), read(city, "encounter")
    enrolled = apart.filter(pl.col("first_record_on") <= END)
    at_hospital = pl.col("facility_ref").str.slice(1).cast(pl.Int64) >= 1000

    rows = residents.filter(pl.col("source") == "hospital")
    assert set(rows["person_ref"]) == set(
        apart.filter("is_registered", pl.col("registered_from") <= END)["hospital_ref"]
    )
    written = residents.select("national_id", pl.col("person_ref").str.slice(1).alias("number"))
    same = rows.with_columns(pl.col("person_ref").str.slice(1).alias("number")).join(written, on="number")
    assert same.filter(pl.col("national_id") != pl.col("national_id_right")).is_empty()
    assert visits.filter(at_hospital).join(enrolled, on="person_ref", how="semi").is_empty()
    assert visits.join(apart, left_on="person_ref", right_on="hospital_ref", how="semi").height > 100
    ill = truth.filter(pl.col("first_record_on").is_not_null()).with_columns(
        (pl.col("hypertension__recommended") > 0).alias("ill"),
        pl.col("hospital_ref").is_not_null().alias("apart"),
    )
    odds = {
        key: part.filter("apart").height / part.filter(~pl.col("apart")).height
        for (key,), part in ill.group_by("ill")
    }
    assert odds[True] / odds[False] > 1.3


def test_the_official_population_is_wrong_by_as_much_as_it_says() -> None:
    calm, hostile = (
        population_table(calibration(name), 2_000_000)
        .group_by("unit_code", maintain_order=True)
        .agg(pl.col("people").sum())
        for name in ("calm", "hostile")
    )
    ratio = hostile["people"] / calm["people"] - 1

    assert ratio.max() == pytest.approx(0.10, abs=0.01)
    assert ratio.min() == pytest.approx(-0.10, abs=0.01)
    assert hostile["people"].sum() == pytest.approx(calm["people"].sum(), rel=0.02)


def test_half_of_the_last_phase_comes_at_a_stroke(cities: dict[str, Path]) -> None:
    jump = read_scenario("hostile").jump_day
    shares = {}
    for name, city in cities.items():
        born = pl.read_parquet(city / TRUTH).select("person_ref", "birth_date")
        made = read(city, "health_record").join(born, on="person_ref").filter(
            pl.col("birth_date").is_between(date(1985, 1, 1), date(2000, 1, 1))
        )["created_at"].cast(pl.Date)  # fmt: skip
        shares[name] = made.is_between(jump, jump + timedelta(days=23)).mean()

    assert shares["calm"] < 0.15
    assert shares["hostile"] > 0.33  # type: ignore[operator]


def test_the_well_off_enrol_more_and_have_lower_pressure(cities: dict[str, Path]) -> None:
    truth = pl.read_parquet(cities["hostile"] / TRUTH).filter(pl.col("usual_systolic_mmhg").is_not_null())
    rich, poor = (truth.filter(side) for side in (pl.col("income") > 0.8, pl.col("income") < -0.8))

    assert rich["first_record_on"].is_not_null().mean() > poor["first_record_on"].is_not_null().mean() + 0.08  # type: ignore[operator]
    assert rich["usual_systolic_mmhg"].mean() < poor["usual_systolic_mmhg"].mean() - 2  # type: ignore[operator]


def test_whoever_has_neither_record_nor_insurance_leaves_no_trace(cities: dict[str, Path]) -> None:
    city = cities["calm"]
    unseen = read(city, "resident").filter(~pl.col("insured")).join(
        read(city, "health_record"), on="person_ref", how="anti"
    )  # fmt: skip
    assert unseen.height > 200
    for table in ("encounter", "measurement", "condition", "medication"):
        assert read(city, table).join(unseen, on="person_ref", how="semi").is_empty(), table


def test_unregistered_people_are_in_no_register_and_have_records(cities: dict[str, Path]) -> None:
    truth, residents = pl.read_parquet(cities["hostile"] / TRUTH), read(cities["hostile"], "resident")
    missing = truth.filter(~pl.col("is_registered"))

    assert missing.height / truth.height == pytest.approx(0.06 * 0.5, rel=0.3)
    assert residents.join(missing, on="person_ref", how="semi").is_empty()
    assert read(cities["hostile"], "insurance_spell").join(missing, on="person_ref", how="semi").is_empty()
    assert missing["first_record_on"].is_not_null().mean() > 0.1  # type: ignore[operator]


def test_rows_arrive_late_and_once_a_facility_is_connected(tmp_path: Path) -> None:
    """What is missing on a day is of visits shortly before it, or of facilities not connected; later it is there."""
    day = date(2024, 3, 31)
    for name, as_of in (("then", day), ("later", END)):
        synthesize(tmp_path / name, population=3_000, seed=9, scenario="hostile", as_of=as_of)
    then, later = (read(tmp_path / name, "encounter") for name in ("then", "later"))
    due = later.filter(pl.col("started_at").cast(pl.Date) <= day)
    late = due.join(then, on="encounter_id", how="anti")
    number = pl.col("facility_ref").str.slice(1).cast(pl.Int64)
    connected = number.map_batches(
        lambda column: pl.Series(connected_day(column.to_numpy())), return_dtype=pl.Int64
    ).cast(pl.Int32).cast(pl.Date)  # fmt: skip
    shortly_before = (pl.lit(day) - pl.col("started_at").cast(pl.Date)).dt.total_days() <= 90

    assert then.join(later, on="encounter_id", how="anti").is_empty()
    assert 0.02 < late.height / due.height < 0.6
    assert late.filter(~shortly_before & (connected <= day)).is_empty()
    assert late.filter(connected <= day).height > 20
    assert late.filter(connected > day).height > 20
    holders = pl.read_parquet(tmp_path / "later" / TRUTH).filter(pl.col("first_record_on") <= END)
    of_holders = then.join(holders, on="person_ref", how="semi")
    # Whoever has no record is known from the insurer, who waits for no connection.
    assert of_holders.filter(connected > day).is_empty()
    assert then.filter(connected > day).height > 20


@given(
    records=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 300)), min_size=1, max_size=60),
    per_week=st.lists(st.floats(0.3, 9), min_size=4, max_size=4),
)
def test_records_wait_their_turn(records: list[tuple[int, int]], per_week: list[float]) -> None:
    """Against one desk a ward that takes a seventh of its weekly number a day, one record after another."""
    ward, day = (np.array(column, dtype=np.int64) for column in zip(*records, strict=True))
    found = queued(day, ward, np.array(per_week)[ward])

    for place in set(ward.tolist()):
        free = -np.inf
        for came, made in sorted(zip(day[ward == place], found[ward == place], strict=True)):
            free = max(float(came), free + 7 / per_week[place])
            assert abs(made - np.floor(free + 1e-6)) <= 1


def test_what_wards_cannot_make_comes_later_or_not_at_all(cities: dict[str, Path]) -> None:
    jump = read_scenario("hostile").jump_day
    made = {name: read(city, "health_record")["created_at"].cast(pl.Date) for name, city in cities.items()}

    assert (made["hostile"] < jump).sum() < 0.97 * (made["calm"] < jump).sum()


def test_everybody_is_examined_in_a_folder_apart(tmp_path: Path) -> None:
    """Built with the extracts, it tells of every adult what the definition misses; it never lies among them."""
    out = tmp_path / "city"
    synthesize(out, population=3_000, seed=5, scenario="calm", examine_all=True)
    rows = pl.read_parquet(out / CHECK / "reference_examination" / "*.parquet")
    truth = pl.read_parquet(out / TRUTH)
    day = date(2024, 7, 1)
    here = truth.filter(
        pl.col("registered_from") <= day, pl.col("birth_date") <= date(2006, 7, 1),
        *(pl.col(name).is_null() | (pl.col(name) > day) for name in ("death_date", "left_on")),
    )  # fmt: skip

    assert set(rows["examined_on"]) == {day}
    assert rows.group_by("definition").len()["len"].unique().to_list() == [rows["person_ref"].n_unique()]
    assert abs(rows["person_ref"].n_unique() - here.height) <= 2
    run_build(tmp_path / "home", out / EXTRACTS, out / CHECK)
    told = accuracy(Generation.open(tmp_path / "home"), condition="hypertension").rows.filter(
        (pl.col("definition") == "recommended") & (pl.col("age_band") == "all")
    )
    assert told["people"].item() > 150
    assert 0.2 < told["sensitivity"].item() < 0.9 < told["specificity"].item()
    close_all()


@pytest.mark.parametrize("name", ["calm", "hostile"])
def test_no_file_of_any_scenario_is_refused(cities: dict[str, Path], name: str, tmp_path: Path) -> None:
    report = check(Settings(home=tmp_path), [cities[name] / EXTRACTS])
    assert not report.refused
    assert sum(item.accepted for item in report.landed) > 0.97 * sum(item.received for item in report.landed)
