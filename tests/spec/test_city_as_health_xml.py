"""The same city, part of its visits sent as health XML: the marts of health are the same to the last count."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import polars as pl
import pytest

from tests.support.home import fingerprints, run_build
from warehouse.readers import health_xml
from warehouse.synthetic.city import ABOUT, EXTRACTS, synthesize

#: What says which files came and of how many rows; and under how many references a person stands, since each facility
#: has its own numbers for its patients.
OF_FILES = {"mart_quality", "mart_load"}
OF_REFERENCES = {"mart_linkage", "mart_linkage_measure", "mart_linkage_run", "mart_number_fault"}
OF_HEALTH = {
    "mart_case", "mart_frame", "mart_distribution", "mart_multimorbidity", "mart_persistence", "mart_transition",
    "mart_agreement", "mart_validation", "mart_check", "mart_check_effect", "mart_observed", "mart_visit", "mart_digit",
    "mart_facility", "mart_record", "mart_reach",
}  # fmt: skip
#: Names of results do not tell whether they are of mass or substance: a reader gives one code for both, the unit tells.
ONE_CODE = {"14771-0": "1558-6", "14647-2": "2093-3", "22748-8": "2089-1", "14682-9": "2160-0"}
TABLES = {
    "encounter": "encounter_id",
    "measurement": "measurement_id",
    "condition": "condition_id",
    "medication": "medication_id",
}


def test_marts_do_not_depend_on_the_formats_that_carried_the_rows(tmp_path: Path) -> None:
    """The hostile city, half of its facilities with health XML and half with FHIR, some with both."""
    prints = {}
    for name, share in (("tables", 0.0), ("mixed", 0.5)):
        sent = synthesize(
            tmp_path / name, population=3_000, seed=5, scenario="hostile", xml_share=share, fhir_share=share
        )
        report = run_build(tmp_path / f"{name}-home", tmp_path / name / EXTRACTS)
        prints[name] = fingerprints(tmp_path / f"{name}-home")
    refused = sum(item.quarantined for item in report.landed if item.format == "health_xml")

    about = json.loads((tmp_path / "mixed" / ABOUT).read_text())
    assert about["shares"] == {"fhir": 0.5, "xml": 0.5}
    assert {item.format for item in report.landed} == {"parquet", "fhir", "health_xml"}
    assert sent["health_xml/GIAMDINHHS"] > 1_000
    assert sent["health_xml/KHAMSUCKHOE"] > 50
    assert refused == 0
    assert prints["tables"].keys() == prints["mixed"].keys()
    differing = {name for name, found in prints["tables"].items() if found != prints["mixed"][name]}
    assert differing == OF_FILES | OF_REFERENCES
    assert prints["tables"].keys() - differing >= OF_HEALTH


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A realistic city as tables, and with every facility that can sending health XML."""
    folder = tmp_path_factory.mktemp("cities")
    for name, share in (("tables", 0.0), ("documents", 1.0)):
        synthesize(folder / name, population=3_000, seed=6, scenario="realistic", xml_share=share)
    return {name: folder / name / EXTRACTS for name in ("tables", "documents")}


@pytest.fixture(scope="module")
def gone(cities: dict[str, Path]) -> dict[str, pl.DataFrame]:
    """The rows that are no longer in the tables, each once, with the number of their visit."""
    found = {}
    for name, key in TABLES.items():
        whole, left = (pl.read_parquet(folder / name / "*.parquet") for folder in cities.values())
        visit = pl.col("encounter_id" if name == "encounter" else "encounter_ref").str.slice(1)
        found[name] = whole.unique(key).join(left, on=key, how="anti").with_columns(visit=visit)
    return found


@pytest.fixture(scope="module")
def read(cities: dict[str, Path]) -> dict[str, pl.DataFrame]:
    """What the reader makes of the documents, with the number of the visit; moments and numbers as such."""
    found: dict[str, list[pl.DataFrame]] = {}
    for file in sorted((cities["documents"] / "health_xml").iterdir()):
        with duckdb.connect() as connection:
            staged = health_xml.stage(connection, file)
            assert not staged.bad
            assert not staged.set_aside
            for table in staged.tables:
                found.setdefault(table.table, []).append(connection.sql(f"from {table.relation}").pl())
    rows = {name: pl.concat(frames) for name, frames in found.items()}
    for name in TABLES:
        visit = pl.col("encounter_id" if name == "encounter" else "encounter_ref").str.split(":").list.last()
        rows[name] = rows[name].with_columns(visit=visit)
    return rows


def moment(column: str) -> pl.Expr:
    return pl.col(column).str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us")


def same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    return one.sort(pl.all()).equals(other.sort(pl.all()))


def test_visits_are_read_as_they_were(gone: dict[str, pl.DataFrame], read: dict[str, pl.DataFrame]) -> None:
    columns = ("visit", "facility_ref", "class", "started_at", "ended_at")
    visits = read["encounter"].with_columns(moment("started_at"), moment("ended_at")).select(columns)
    assert visits.height > 2_000
    assert same(visits, gone["encounter"].select(columns))
    # A claim dates its diagnoses from the end of a visit, the tables from the first day of a stay: no stay is sent.
    assert set(visits["class"]) == {"outpatient", "exam"}


def test_diagnoses_and_supplies_are_read_as_they_were(
    gone: dict[str, pl.DataFrame], read: dict[str, pl.DataFrame]
) -> None:
    named = read["condition"].with_columns(day=moment("recorded_at").dt.date())
    was_named = gone["condition"].with_columns(day=pl.col("recorded_at").dt.date())
    columns = ("visit", "icd10", "day", "origin")
    assert same(named.select(columns), was_named.select(columns))

    days = pl.col("days_supplied").cast(pl.Int64)
    supplied = read["medication"].with_columns(days, pl.col("started_on").str.to_date())
    columns = ("visit", "atc", "name_as_written", "started_on", "days_supplied", "origin")
    assert supplied.height > 1_000
    assert same(supplied.select(columns), gone["medication"].select(columns))


def test_results_are_read_as_they_were(gone: dict[str, pl.DataFrame], read: dict[str, pl.DataFrame]) -> None:
    """To the minute in claims; an examination has no time but its own. The unit as far as the row had one."""
    begun = gone["encounter"].select("visit", "started_at", is_exam=pl.col("class") == "exam")
    unit = pl.col("unit").fill_null("").replace("mm[Hg]", "mmHg")
    at = pl.when("is_exam").then("started_at").otherwise("taken_at")
    is_timed = pl.col("code").is_in(["8480-6", "8462-4"])
    was = gone["measurement"].join(begun, on="visit").with_columns(
        pl.col("code").replace(ONE_CODE), unit, pl.when(is_timed).then(at).otherwise("taken_at").alias("taken_at"),
        is_exam=pl.col("origin") == "exam",
    )  # fmt: skip
    now = read["measurement"].with_columns(
        pl.col("value").cast(pl.Float64), unit, moment("taken_at"), is_exam=pl.col("origin") == "exam"
    )
    columns = ("visit", "code", "value", "unit", "taken_at", "facility_ref", "is_exam")
    assert now.height > 5_000
    assert {"", "mmHg", "cm", "kg", "mmol/L", "%"} <= set(now["unit"])
    assert same(now.select(columns), was.select(columns))


def test_patients_have_numbers_of_the_facility_and_are_told_by_those_of_the_register(
    cities: dict[str, Path], gone: dict[str, pl.DataFrame], read: dict[str, pl.DataFrame]
) -> None:
    register = pl.read_parquet(cities["tables"] / "resident" / "*.parquet")
    patients = read["resident"].join(register, on="national_id", how="left", suffix="_register")
    said = ("full_name", "birth_date", "sex", "ward_code", "district_code", "phone")

    assert (
        patients.filter(pl.col("person_ref_register").str.starts_with("P")).height >= read["resident"].height
    )
    own = patients.filter(pl.col("person_ref_register").str.starts_with("P"))
    assert same(own.select(said), own.select(pl.col(f"{name}_register").alias(name) for name in said))
    assert not set(read["resident"]["person_ref"]) & set(register["person_ref"])
    who = (
        read["encounter"]
        .join(own.unique("person_ref"), on="person_ref")
        .select("visit", "person_ref_register")
    )
    was = gone["encounter"].select("visit", "person_ref")
    assert same(who.rename({"person_ref_register": "person_ref"}), was)


def test_cards_are_of_spells_of_the_insurer(cities: dict[str, Path], read: dict[str, pl.DataFrame]) -> None:
    """Of a spell that goes on a card ends with the year: it says nothing the insurer does not."""
    register = pl.read_parquet(cities["tables"] / "resident" / "*.parquet")
    spells = pl.read_parquet(cities["tables"] / "insurance_spell" / "*.parquet")
    told = (
        read["insurance_spell"]
        .join(read["resident"].select("person_ref", "national_id").unique(), on="person_ref")
        .join(register.select("national_id", ref="person_ref"), on="national_id")
        .with_columns(pl.col("from_date", "to_date").str.to_date())
        .join(spells, left_on=["ref", "from_date"], right_on=["person_ref", "from_date"])
    )
    assert told.height >= read["insurance_spell"].height > 500
    assert told.filter(pl.col("to_date") > pl.col("to_date_right")).is_empty()
