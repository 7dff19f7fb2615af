"""The wheel works outside the checkout: built, unpacked, and its command line run with its own data files."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.tree import COMMAND_LINE, ROOT, product_files, tracked_files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the tracked files, so that the checkout gets no build folder."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    product = {*product_files(), *COMMAND_LINE, Path("pyproject.toml"), Path("README.md")}
    for path in product & set(tracked_files()):
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes((ROOT / path).read_bytes())
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


def test_the_wheel_has_every_product_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {Path(name) for name in archive.namelist()}

    assert sorted(set(product_files()) & set(tracked_files()) - packed) == []


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        roots = {name.split("/")[0] for name in archive.namelist()}

    assert {root for root in roots if not root.endswith(".dist-info")} == {
        "analytics",
        "dashboard",
        *(file.name for file in COMMAND_LINE),
        "models",
        "warehouse",
    }


def test_it_runs_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    program = (
        f"import sys; sys.path.insert(0, {str(site)!r});"
        "import hssk, warehouse.rules, dashboard.words;"
        "from warehouse.contracts import load_contracts;"
        "from warehouse.geography import wards;"
        "from warehouse.rules import load_rules;"
        "load_rules();"
        "print(hssk.__file__, len(load_contracts()), len(wards()))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(site / "hssk.py"), "16", "273"]
