"""The shape of the code: short functions, short files, nothing of one machine in it."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.tree import ROOT, product_code, tracked_files

LONGEST_FUNCTION = 50
LONGEST_FILE = 450
#: In two halves, so that this file does not name what it looks for.
FOREIGN = re.compile(
    "|".join(
        re.escape("".join(halves))
        for halves in (
            ("/wo", "rk/"),
            ("/ro", "ot/"),
            ("/ho", "me/"),
            ("/Us", "ers/"),
            ("py", "pi.org"),
            ("python", "hosted"),
            ("registry", ".npmjs"),
            ("deb.", "debian"),
        )
    )
)
#: Released files of other projects, kept byte for byte.
VENDORED = Path("dashboard/assets/vendor")


def functions(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [(f"{path}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1) for node in found]


def test_no_function_is_longer_than_a_screen() -> None:
    assert [
        entry for path in product_code() for entry in functions(path) if entry[1] > LONGEST_FUNCTION
    ] == []


def test_no_file_is_a_heap() -> None:
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in product_code()}

    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_nothing_of_one_machine_is_tracked() -> None:
    found = []
    for path in tracked_files():
        if VENDORED in path.parents:
            continue
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path}: {match.group()}" for match in FOREIGN.finditer(text)]

    assert found == []


def test_no_data_is_tracked() -> None:
    kept_out = [path for path in tracked_files() if path.suffix in (".duckdb", ".parquet", ".enc")]

    assert kept_out == []


@pytest.mark.parametrize("floor", ["warehouse", "analytics", "models", "dashboard"])
def test_every_floor_says_what_it_is_for(floor: str) -> None:
    tree = ast.parse((ROOT / floor / "__init__.py").read_text(encoding="utf-8"))

    assert ast.get_docstring(tree)
