"""Where sealed generations lie in the home folder: known to the build that writes them and to those who read them."""

from __future__ import annotations

from pathlib import Path

BUILDS = "builds"
CURRENT = "CURRENT"
MARTS = "marts.duckdb"
#: Counts of frozen quarters: what protected numbers are made of.
FROZEN = "frozen.duckdb"
ESTIMATES = "estimates.duckdb"
MANIFEST = "manifest.json"
LINEAGE = "lineage.json"


def current_build(home: Path) -> str | None:
    """Id of the published generation, None before the first."""
    try:
        return (home / CURRENT).read_text(encoding="ascii").strip() or None
    except FileNotFoundError:
        return None
