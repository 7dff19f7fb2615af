"""Every published answer for 6,360 really measured people: extract files in, `hssk query` out, numbers equal."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import hssk
from tests.support.home import NHANES, environment

EXPECTED = NHANES / "expected.json"
pytestmark = pytest.mark.skipif(
    not EXPECTED.exists(), reason="the shared real data are absent: set HSSK_SHARED to their folder"
)
BANDS = "18-29,30-39,40-49,50-59,60-69,70-79,80+"
LABELS = {"age": "age_band", "sex": "sex", "district": "district"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nhanes") / "home"
    run(folder, "build", str(NHANES), "--as-of", "2022-12-31")
    return folder


def run(home: Path, *arguments: str) -> str:
    result = CliRunner().invoke(hssk.app, list(arguments), env=environment(home))
    assert result.exit_code == 0, result.output
    return result.stdout


def asked(home: Path, indicator: str, by: str, *options: str) -> list[dict[str, Any]]:
    condition, definition = indicator.split("/")
    arguments = [
        "query",
        "prevalence",
        "--condition",
        condition,
        "--definition",
        definition,
        "--format",
        "json",
    ]
    if by != "all":
        arguments += ["--by", LABELS[by]]
    if by == "age":
        arguments += ["--age-bands", BANDS]
    rows: list[dict[str, Any]] = json.loads(run(home, *arguments, *options))["rows"]
    return rows


def expected_rows() -> dict[tuple[str, str], list[dict[str, Any]]]:
    grouped: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    if EXPECTED.exists():
        for row in json.loads(EXPECTED.read_text())["rows"]:
            grouped[row["indicator"], row["by"]].append(row)
    return grouped


@pytest.mark.parametrize(("indicator", "by"), sorted(expected_rows()))
def test_query_gives_the_published_answers(home: Path, indicator: str, by: str) -> None:
    expected = expected_rows()[indicator, by]
    found = {row.get(LABELS.get(by, ""), "all"): row for row in asked(home, indicator, by, "--exact")}
    assert len(found) >= len(expected)
    for row in expected:
        answer = found[row.get(by, "all")]
        assert (answer["numerator"], answer["denominator"]) == (row["numerator"], row["denominator"]), row
        for name in ("value", "lower", "upper"):
            assert answer[name] == pytest.approx(row[name], rel=1e-9), (name, row)
        assert answer["state"] == "shown"


def test_without_exact_small_counts_are_gone_and_large_ones_stay(home: Path) -> None:
    rows = asked(home, "diabetes/hba1c_or_diagnosis", "district", "--where", "sex=male")
    assert len(rows) == 22
    for row in rows:
        if row["state"] == "suppressed":
            assert row["numerator"] is None
            assert row["value"] is None
        else:
            assert row["numerator"] >= 5


def test_exact_leaves_a_trace(home: Path) -> None:
    run(
        home,
        "query",
        "prevalence",
        "--condition",
        "bmi",
        "--definition",
        "obese_30plus",
        "--exact",
        "--format",
        "json",
    )
    assert (home / "audit.log").exists()
