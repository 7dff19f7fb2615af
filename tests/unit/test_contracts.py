"""Contracts: all tables there, all faults told at once, the page generated from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.contract_page import contract_page
from warehouse.contracts import load_contracts, parse_contracts
from warehouse.errors import Faults

TABLES = {
    "resident", "insurance_spell", "health_record", "record_section", "measurement", "condition", "medication",
    "immunisation", "encounter", "facility", "population", "target", "activity", "budget", "survey",
    "reference_examination",
}  # fmt: skip
PAGE = Path(__file__).parents[2] / "docs" / "contracts.md"


def test_every_canonical_table_has_a_contract() -> None:
    assert set(load_contracts()) == TABLES


def test_names_numbers_and_free_text_are_identifying() -> None:
    named = {
        "full_name",
        "national_id",
        "old_id",
        "insurance_no",
        "phone",
        "person_ref",
        "value_text",
        "birth_date",
    }
    for contract in load_contracts().values():
        for column in contract.columns:
            if column.name in named:
                assert column.identifying, f"{contract.table}.{column.name}"


def test_all_faults_of_all_files_are_reported_at_once() -> None:
    bad = 'table = "a"\nkey = ["x"]\nvi = ""\nen = ""\nsource = ""\nreviewed = 2026-01-01\n[columns]\nx = '
    with pytest.raises(Faults) as raised:
        parse_contracts(
            {
                "a.toml": bad + '{ type = "texte", vi = "", en = "", required = true, requierd = true }',
                "b.toml": "table = ",
                "c.toml": bad + '{ type = "text", vi = "" }',
            }
        )
    text = str(raised.value)
    assert {fault.file for fault in raised.value.faults} == {"a.toml", "b.toml", "c.toml"}
    assert "did you mean text?" in text
    assert "did you mean required?" in text
    assert "key names a column" in text
    assert "missing property 'en'" in text


def test_the_page_of_contracts_is_generated() -> None:
    assert PAGE.read_text(encoding="utf-8") == contract_page(), "run: hssk contracts > docs/contracts.md"
