"""The import contracts have no way around them, and each store has one door."""

import ast
from pathlib import Path

import pytest

from tests.support.tree import ROOT, product_code, pyproject

CONTRACTS = pyproject()["tool"]["importlinter"]["contracts"]
#: Who may open a database file: the people, the staged counts, the frozen counts, the published counts, the estimates.
DOORS = {
    Path("warehouse/database.py"),
    Path("warehouse/publish.py"),
    Path("warehouse/vintages.py"),
    Path("analytics/generation.py"),
    Path("models/store.py"),
}


def opens_a_file(path: Path) -> bool:
    """Whether the code calls ``duckdb.connect`` with anything but an empty database in memory."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    opened = [ast.unparse(call) for call in calls if ast.unparse(call.func) == "duckdb.connect"]
    return any(call not in ("duckdb.connect()", "duckdb.connect(':memory:')") for call in opened)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract["name"])
def test_no_contract_ignores_an_import(contract: dict[str, object]) -> None:
    assert [key for key in contract if "ignore" in key] == []


def test_layers_inside_a_floor_place_every_file() -> None:
    inside = [contract for contract in CONTRACTS if "containers" in contract]

    assert {container for contract in inside for container in contract["containers"]} == {
        "analytics",
        "dashboard",
        "models",
        "warehouse",
        "warehouse.boundaries",
        "warehouse.identifiers",
        "warehouse.linking",
        "warehouse.readers.fhir",
        "warehouse.readers.health_xml",
        "warehouse.readers.wild",
        "warehouse.synthetic",
    }
    assert all(contract["exhaustive"] for contract in inside)


def test_one_door_per_store() -> None:
    assert {path for path in product_code() if opens_a_file(path)} <= DOORS
