"""The project's own files, for tests that read code rather than run it."""

import subprocess
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("dashboard", "models", "analytics", "warehouse")
#: The command line on top of the floors.
COMMAND_LINE = tuple(
    Path(f"{name}.py")
    for name in ("hssk", "hssk_data", "hssk_linkage", "hssk_options", "hssk_output", "hssk_studies")
)
SCRATCH = ("__pycache__", ".mypy_cache")


def pyproject() -> dict[str, Any]:
    """The parsed ``pyproject.toml``."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def product_files() -> list[Path]:
    """Every file of the four floors on disk, tracked or not, relative to the root."""
    files = (path for floor in FLOORS for path in (ROOT / floor).rglob("*") if path.is_file())
    return sorted(path.relative_to(ROOT) for path in files if not set(SCRATCH) & set(path.parts))


def product_code() -> list[Path]:
    """Python files of the floors and the command line, relative to the root."""
    return [*COMMAND_LINE, *(path for path in product_files() if path.suffix == ".py")]


def tracked_files() -> list[Path]:
    """Files git knows and that are there, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]
