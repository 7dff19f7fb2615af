"""A definition that changes gets a new version: numbers of two builds are comparable only when it is the same.

``definition_versions.csv`` keeps a digest of what each definition counts (names and descriptions left out) by version.
A change under an old version fails here: raise ``version`` in the file and add the new line; never edit an old one.
"""

from __future__ import annotations

import csv
import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "warehouse" / "case_definitions"
LOCK = Path(__file__).with_name("definition_versions.csv")
WORDS = ("name", "description", "source", "reviewed", "version")


def meaning(node: Any) -> Any:
    """The definition without its words."""
    if isinstance(node, dict):
        return {key: meaning(value) for key, value in node.items() if key not in WORDS or key == "source"}
    return [meaning(item) for item in node] if isinstance(node, list) else node


def digest(definition: dict[str, Any]) -> str:
    counted = {
        key: meaning(definition[key]) for key in ("id", "age_from", "event_sets", "clauses", "variants")
    }
    counted["age_to"] = definition.get("age_to")
    text = json.dumps(counted, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def test_a_changed_definition_has_a_new_version() -> None:
    with LOCK.open(encoding="utf-8", newline="") as stream:
        locked = {(row["condition"], row["version"]): row["digest"] for row in csv.DictReader(stream)}
    files = [tomllib.loads(file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.toml"))]
    current = {(item["id"], item["version"]): digest(item) for item in files}
    assert {key: locked.get(key) for key in current} == current


def test_words_do_not_count_and_thresholds_do() -> None:
    definition = tomllib.loads((FOLDER / "hypertension.toml").read_text("utf-8"))
    before = digest(definition)
    definition["variants"]["recommended"]["description"]["en"] = "Other words"
    assert digest(definition) == before
    definition["event_sets"]["bp_raised"]["any_of"][0]["at_least"] = 130
    assert digest(definition) != before
