"""Loading of definitions: what the files here give, and every slip refused with file, key and the right name."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib import resources
from typing import Any

import polars as pl
import pytest

from warehouse.errors import Defect, Faults
from warehouse.rule_calendar import calendar_tables, day_number
from warehouse.rule_types import CASCADE, spell_unit
from warehouse.rules import Rules, load_rules, parse_rules

Texts = dict[str, dict[str, str]]
ROOT = resources.files("warehouse")
NEW_DISEASE = """
id = "gout"
version = "1.1.0"
reviewed = 2026-11-23
age_from = 18
name = { vi = "Gút", en = "Gout" }
source = "test"
[event_sets.diagnosed]
source = "condition"
value_set = "gout_icd10"
[clauses.ever]
event_set = "diagnosed"
at_least_days = 1
[variants.diagnosis]
estimand = "H2"
denominator = "record_holders"
case = [["ever"]]
name = { vi = "Đã chẩn đoán", en = "Diagnosed" }
description = { vi = "M10 đã từng được ghi.", en = "M10 ever recorded." }
"""
GOUT_CODES = """system,code,is_excluded,name_vi,name_en,source,reviewed
icd10,M10,false,Gút,Gout,WHO ICD-10,2026-11-23
"""


@pytest.fixture
def texts() -> Texts:
    """The files of this installation by folder, free to be spoilt."""

    def read(folder: str, suffix: str) -> dict[str, str]:
        files = (item for item in (ROOT / folder).iterdir() if item.name.endswith(suffix))
        return {item.name: item.read_text("utf-8") for item in files}

    return {
        "definitions": read("case_definitions", ".toml"),
        "value_sets": read("value_sets", ".csv"),
        "units": read("units", ".csv"),
    }


def spoil(texts: Texts, folder: str, file: str, old: str, new: str) -> None:
    assert old in texts[folder][file]
    texts[folder][file] = texts[folder][file].replace(old, new, 1)


def said(texts: Texts) -> str:
    with pytest.raises(Faults) as caught:
        parse_rules(**texts)
    return str(caught.value)


def names(rules: Rules, table: str, *columns: str) -> set[Any]:
    return set(rules.tables()[table].select(columns).iter_rows())


def test_definitions_of_this_installation() -> None:
    """Every disease the plan names, the record first; each variant's meaning is locked by its version."""
    found = [condition.id for condition in load_rules().conditions]
    assert found[0] == "record"
    assert set(found) == {
        "record", "hypertension", "diabetes", "prediabetes", "bmi", "central_obesity", "growth_under_5", "growth_5_19",
        "dyslipidaemia", "ischaemic_heart_disease", "stroke", "chronic_kidney_disease", "copd", "asthma", "cancer",
    }  # fmt: skip


def test_control_is_counted_among_the_treated_and_they_among_the_diagnosed() -> None:
    for condition in ("hypertension", "diabetes"):
        roles = {
            item.role: item
            for item in load_rules().measures
            if item.condition == condition and item.variant == "cascade"
        }
        names = {item.measure_id: role for role, item in roles.items()}
        among = {role: names.get(item.denominator_id or 0) for role, item in roles.items()}
        assert among == {
            "assessed": None,
            "case": "assessed",
            "treated": "case",
            "control_tested": "treated",
            "controlled": "treated",
        }


def test_every_variant_says_what_it_estimates_in_both_languages() -> None:
    table = load_rules().tables()["rule_definition"]
    assert table.null_count().sum_horizontal().item() == 0
    assert set(table["estimand"]) <= {"H1", "H2", "population"}
    outcome_dependent = set(table.filter(pl.col("denominator") == "outcome_dependent")["variant"])
    assert outcome_dependent == {"survey", "hba1c_or_diagnosis"}


def test_numerators_name_their_denominator() -> None:
    rows = load_rules().tables()["rule_measure"]
    assessed = {row["measure_id"]: row for row in rows.to_dicts() if row["role"] == "assessed"}
    for row in rows.to_dicts():
        if row["role"] in ("case", "indeterminate"):
            denominator = assessed[row["denominator_id"]]
            assert (denominator["condition"], denominator["variant"]) == (row["condition"], row["variant"])
        elif row["role"] not in CASCADE:
            assert row["denominator_id"] is None


def test_every_measure_has_terms_and_every_term_something_that_must_hold() -> None:
    tables = load_rules().tables()
    terms = tables["rule_term"]
    assert set(terms["measure_id"]) == set(tables["rule_measure"]["measure_id"])
    assert terms.filter(pl.col("base_id").is_null() & (pl.col("positives") == 0)).is_empty()
    assert set(terms["base_id"].drop_nulls()) == set(tables["rule_base"]["base_id"])


def test_bases_and_what_stands_beside_them_are_the_terms_as_written() -> None:
    rules = load_rules()
    tables = rules.tables()
    population = {"record.live", "record.present"}
    bases = {base: set(part["clause"]) for (base,), part in tables["rule_base"].group_by("base_id")}
    written = {
        (m.measure_id, number): term for m in rules.measures for number, term in enumerate(m.terms, start=1)
    }
    for (measure, number, base), part in tables["rule_term"].group_by("measure_id", "term", "base_id"):
        own = {(row["clause"], row["is_negated"]) for row in part.iter_rows(named=True) if row["clause"]}
        found = own | {(clause, False) for clause in bases.get(base, set())}
        # What a record tells is asked of people with a live record; the term as written need not say so.
        assert found - {(clause, False) for clause in population} == {
            item for item in written.pop((measure, number)) if item[0] not in population or item[1]
        }
    assert not written


def test_what_a_record_tells_is_asked_of_live_records_and_what_claims_tell_is_not() -> None:
    tables = load_rules().tables()
    bases = {base: set(part["clause"]) for (base,), part in tables["rule_base"].group_by("base_id")}
    terms = tables["rule_term"].join(tables["rule_measure"], on="measure_id")

    def base_of(role: str, clause: str) -> set[str]:
        rows = terms.filter((pl.col("role") == role) & (pl.col("clause") == clause))
        [base] = set(rows["base_id"])
        return bases[base]

    assert base_of("case", "hypertension.latest_raised") == {"record.live", "record.present"}
    assert base_of("known", "hypertension.claimed_diagnosis") == {"record.registered"}


def test_some_conditions_alone_bring_their_own_studies_only() -> None:
    rules = load_rules().only(["hypertension", "bmi"])
    assert [condition.id for condition in rules.conditions] == ["record", "bmi", "hypertension"]
    tables = rules.tables()
    assert set(tables["rule_measure"]["condition"]) == {"record", "bmi", "hypertension"}
    assert {row[0] for row in rules.studies.transitions} == {"hypertension", "bmi"}
    assert tables["rule_multimorbidity"].height < load_rules().tables()["rule_multimorbidity"].height


def test_implied_clauses_are_left_out_of_terms() -> None:
    """A raised latest day is a measured day within the same look-back, so the survey's case needs no second clause."""
    tables = load_rules().tables()
    case = (
        tables["rule_measure"]
        .filter((pl.col("variant") == "survey") & (pl.col("role") == "case"))["measure_id"]
        .item()
    )
    terms = tables["rule_term"].filter(pl.col("measure_id") == case)
    assert set(terms["clause"]) == {"hypertension.latest_raised", "hypertension.on_drug"}
    assert terms.height == 2


def test_thresholds_stand_in_every_reported_unit() -> None:
    limits = load_rules().tables()["rule_threshold"].filter(pl.col("at_least").is_not_null())
    found = set(limits.select("quantity", "unit", "at_least").iter_rows())
    assert {("fasting_glucose", "mg/dL", 126.0), ("fasting_glucose", "mmol/L", 7.0)} <= found
    assert {("hba1c", "%", 6.5), ("hba1c", "mmol/mol", 48.0)} <= found
    assert not any(quantity == "random_glucose" for quantity, _, _ in found)


@pytest.mark.parametrize(
    ("quantity", "value", "unit", "standard", "correct"),
    [
        ("fasting_glucose", 126, "mg/dL", "mmol/L", 6.994),
        ("fasting_glucose", 200, "mg/dL", "mmol/L", 11.101),
        ("hba1c", 47.5, "mmol/mol", "%", 6.496),
        ("hba1c", 53.0, "mmol/mol", "%", 7.0),
        ("height", 70, "in", "cm", 177.8),
        ("weight", 150, "lb", "kg", 68.039),
        ("creatinine", 1, "mg/dL", "umol/L", 88.42),
    ],
)
def test_conversions(quantity: str, value: float, unit: str, standard: str, correct: float) -> None:
    rules = load_rules()
    [rule] = [item for item in rules.units if (item.quantity, item.unit_written) == (quantity, spell_unit(unit))
              and (item.value_from or 0) <= value < (item.value_below or 1e9)]  # fmt: skip
    assert value * rule.factor + rule.offset == pytest.approx(correct, abs=2e-3)
    assert next(item.unit for item in rules.quantities if item.quantity == quantity) == standard


def test_new_disease_is_one_toml_and_one_csv(texts: Texts) -> None:
    texts["definitions"]["gout.toml"] = NEW_DISEASE
    texts["value_sets"]["gout_icd10.csv"] = GOUT_CODES
    rules = parse_rules(**texts)
    assert ("gout", "diagnosis", "case") in names(rules, "rule_measure", "condition", "variant", "role")
    assert ("gout.diagnosed", "M10") in names(rules, "rule_value_set", "event_set", "code")
    assert tomllib.loads(NEW_DISEASE)["id"] in {condition.id for condition in rules.conditions}


HTN, BMI, DM = (
    ("definitions", "hypertension.toml"),
    ("definitions", "bmi.toml"),
    ("definitions", "diabetes.toml"),
)
SLIPS: list[tuple[tuple[str, str], str, str, tuple[str, ...]]] = [
    (
        ("value_sets", "diabetes_icd10.csv"),
        "icd10,E10,",
        "icd10,E10l,",
        ("diabetes_icd10.csv", "row 2", "E10l", "not a ICD-10 code"),
    ),
    (("value_sets", "antihypertensive_atc.csv"), "C03", "C3", ("antihypertensive_atc.csv", "not a ATC code")),
    (("units", "loinc.csv"), "8480-6", "8480-7", ("loinc.csv", "check digit", "8480-6")),
    (("value_sets", "diabetes_icd10.csv"), "icd10,E11,", "icd10,E10,", ("appears twice",)),
    (("value_sets", "diabetes_icd10.csv"), "2026-11-23", "2026-13-23", ("reviewed", "must be a date")),
    (("value_sets", "diabetes_icd10.csv"), "icd10,E11", "atc,A10A", ("another system",)),
    (("value_sets", "diabetes_icd10.csv"), "is_excluded", "excluded", ("wrong columns",)),
    (("units", "units.csv"), "systolic,mmHg", "systolicc,mmHg", ("units.csv", "did you mean systolic?")),
    (("units", "units.csv"), "hba1c,%,,20,", "hba1c,%,,30,", ("two lines claim the same value",)),
    (("units", "quantities.csv"), "60,300", "300,60", ("plausible_low",)),
    (("units", "age_bands.csv"), "5,5-9", "0,5-9", ("ages must ascend",)),
    (HTN, "age_from = 18", "age_form = 18", ("age_form", "did you mean age_from?", "age_from: missing")),
    (HTN, "age_from = 18", "age_from = 19", ("cuts an age band",)),
    (HTN, 'version = "1.3.0"', 'version = "1"', ("three numbers",)),
    (HTN, 'id = "hypertension"', 'id = "htn"', ("must be the file's name",)),
    (HTN, 'estimand = "H2"', 'estimand = "H3"', ("estimand", "H3")),
    (HTN, '"hypertension_icd10"', '"hypertension_icd"', ("did you mean hypertension_icd10?",)),
    (HTN, '"hypertension_icd10"', '"antihypertensive_atc"', ("another coding system",)),
    (
        HTN,
        'unit = "mm[Hg]"',
        'unit = "mmHg"',
        ("event_sets.bp_raised.any_of[0].unit", "did you mean mm[Hg]?"),
    ),
    (HTN, 'quantity = "systolic", unit', 'quantity = "sistolic", unit', ("did you mean systolic?",)),
    (
        HTN,
        '["raised_twice"], ["diagnosed_ever"]',
        '["raised_twic"], ["diagnosed_ever"]',
        ("did you mean raised_twice?",),
    ),
    (HTN, "apart_at_most = 365", "apart_at_most = 0", ("apart_at_most",)),
    (HTN, "at_least_days = 2", "at_least_days = 3", ("clauses.raised_twice.at_least_days",)),
    (HTN, "lookback_days = 730", 'lookback_days = "730"', ("lookback_days", "whole number")),
    (HTN, 'event_set = "bp_raised"\nlatest_of', 'event_set = "drug"\nlatest_of', ("only single days",)),
    (HTN, 'case = [["on_drug"]]', 'case = ["on_drug"]', ("list of lists",)),
    (HTN, 'case = [["on_drug"]]', 'case = [["on_drug", "!on_drug"]]', ("variants.drug.case", "never hold")),
    (
        HTN,
        'denominator = "assessed"\nassessed = [["bp_measured"]]',
        'denominator = "assessed"',
        ("assessed: missing with",),
    ),
    (HTN, 'denominator = "record_holders"', 'denominator = "population"', ("of record alone",)),
    (HTN, 'source = "condition"', 'source = "record"', ("unknown key", "own definition only")),
    (HTN, "vi = ", "vn = ", ("name.vn: unknown key", "name.vi: missing")),
    (HTN, "reviewed = 2026-11-27", 'reviewed = "2026-11-24"', ("must be a date",)),
    (
        DM,
        '    { quantity = "fasting_glucose", unit = "mg/dL", at_least = 126 },\n',
        "",
        ("also reported in mg/dL",),
    ),
    (DM, ', unit = "mg/dL", at_least', ", at_least", ("needs the unit",)),
    (BMI, "at_least = 25", "at_least = 25, below = 20", ("at_least must be under below",)),
    (BMI, '[["at_least_23"]]', '[["at_least_25"]]', ("clauses.at_least_23: no variant uses it",)),
    (BMI, 'id = "bmi"', 'id == "bmi"', ("not valid TOML",)),
]


@pytest.mark.parametrize(("place", "old", "new", "expected"), SLIPS)
def test_slip_is_refused_with_its_place(
    texts: Texts, place: tuple[str, str], old: str, new: str, expected: tuple[str, ...]
) -> None:
    spoil(texts, *place, old, new)
    message = said(texts)
    assert place[1] in message
    for part in expected:
        assert part in message.replace("field ", ""), message


def test_all_faults_of_all_files_come_at_once(texts: Texts) -> None:
    spoil(texts, "value_sets", "diabetes_icd10.csv", "icd10,E10,", "icd10,E10l,")
    spoil(texts, *HTN, "age_from = 18", "age_from = 19")
    spoil(texts, *BMI, 'unit = "kg/m2"', 'unit = "kg"')
    message = said(texts)
    assert all(file in message for file in ("diabetes_icd10.csv", "hypertension.toml", "bmi.toml"))


def test_population_is_required(texts: Texts) -> None:
    del texts["definitions"]["record.toml"]
    assert "record.toml" in said(texts)


def test_sex_and_age_of_a_threshold_reach_the_rule_table(texts: Texts) -> None:
    spoil(texts, *BMI, "at_least = 23 }", 'at_least = 23, sex = "female", age_to = 49 }')
    found = names(parse_rules(**texts), "rule_threshold", "event_set", "sex", "age_from", "age_to")
    assert ("bmi.at_least_23", 2, None, 49) in found


def test_calendar_bits_count_quarter_ends() -> None:
    tables = calendar_tables(origin=date(2022, 11, 1), last=date(2023, 5, 1))
    assert list(tables["rule_quarter"]["quarter"]) == ["2022Q4", "2023Q1", "2023Q2"]
    days = {row["day"]: row for row in tables["rule_calendar"].to_dicts()}
    before, on = days[day_number(date(2022, 12, 30))], days[day_number(date(2022, 12, 31))]
    after = days[day_number(date(2023, 1, 1))]
    assert (before["bits_from"], before["bits_until"], before["last_bit"]) == (0b111, 0, -1)
    assert (on["bits_from"], on["bits_until"], on["first_bit"]) == (0b111, 0b001, 0)
    assert (after["bits_from"], after["bits_until"], after["first_bit"]) == (0b110, 0b001, 1)
    assert max(days) == day_number(date(2023, 7, 1))
    # From the first day a reading may have on, with its own month: look-backs reach behind the first quarter.
    assert min(days) == day_number(date(1990, 1, 1))
    assert days[min(days)] == {**before, "day": min(days), "month_index": 1990 * 12}
    assert (days[max(days)]["bits_from"], days[max(days)]["bits_until"]) == (0, 0b111)


def test_calendar_refuses_more_quarters_than_bits() -> None:
    assert calendar_tables(origin=date(2000, 1, 1), last=date(2015, 6, 30))["rule_quarter"].height == 62
    with pytest.raises(Defect, match="63 quarters"):
        calendar_tables(origin=date(2000, 1, 1), last=date(2015, 7, 1))
