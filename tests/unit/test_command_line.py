"""The command line: help with an example on every command, JSON for machines, exit codes that mean something."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

import hssk
from analytics.indicator_page import indicator_page
from analytics.plan_indicator import plan_indicators
from tests.support.home import environment, resident, small_extract, write_csv
from tests.support.plan import plan_home
from warehouse.errors import EXIT_CONFIG, EXIT_DATA

COMMANDS = [
    *(
        ["build"],
        ["fit"],
        ["check"],
        ["explain"],
        ["query"],
        ["indicators"],
        ["serve"],
        ["contracts"],
        ["synthesize"],
        ["releases"],
        ["change"],
        ["multimorbidity"],
        ["agreement"],
        ["surveys"],
        ["score"],
        ["accuracy"],
        ["retract"],
        ["forget"],
        ["quality"],
        ["explain-link"],
    ),
    ["keys", "create"],
    *(["boundaries", name] for name in ("import", "show", "reset")),
]


def run(home: Path, *arguments: str, keys: bool = True) -> Result:
    values = environment(home)
    if not keys:
        values = {name: "" if name.endswith("_KEY") else value for name, value in values.items()}
    return CliRunner().invoke(hssk.app, list(arguments), env=values)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(tmp_path: Path, command: list[str]) -> None:
    result = run(tmp_path, *command, "--help")
    assert result.exit_code == 0
    assert f"Example: hssk {' '.join(command)}" in result.stdout


def test_every_command_is_in_the_list_above() -> None:
    group = typer.main.get_command(hssk.app)
    assert set(group.commands) == {command[0] for command in COMMANDS}  # type: ignore[attr-defined]


def test_check_speaks_json_writes_nothing_and_exits_65_when_rows_are_refused(tmp_path: Path) -> None:
    source = small_extract(tmp_path / "in")
    result = run(tmp_path / "home", "check", str(source), "--format", "json")
    assert (result.exit_code, json.loads(result.stdout)["clean"]) == (0, True)
    write_csv(source / "resident.csv", [resident("A"), resident("B", sex="x")])
    (source / "notes.txt").write_text("")
    result = run(tmp_path / "home", "check", str(source), "--format", "json")
    assert result.exit_code == EXIT_DATA
    verdicts = {
        entry.get("file_name") or entry["file"]: entry["verdict"]
        for entry in json.loads(result.stdout)["files"]
    }
    assert verdicts["resident.csv"] == "quarantine_rows"
    assert verdicts["measurement.csv"] == "accept"
    assert verdicts["notes.txt"] == "ignore"
    assert not (tmp_path / "home").exists()


def test_build_without_keys_is_refused_and_names_them(tmp_path: Path) -> None:
    result = run(tmp_path / "home", "build", str(small_extract(tmp_path / "in")), keys=False)
    assert getattr(result.exception, "exit_code", None) == EXIT_CONFIG
    assert "pseudonym_key" in str(result.exception)
    assert "hssk keys create" in str(result.exception)
    assert not (tmp_path / "home").exists()


def test_build_query_and_explain_go_together(tmp_path: Path) -> None:
    source = small_extract(tmp_path / "in", people=80)
    built = json.loads(run(tmp_path / "home", "build", str(source), "--format", "json").stdout)
    question = [
        "query",
        "prevalence",
        "--condition",
        "hypertension",
        "--definition",
        "measured_once",
        "--exact",
    ]
    answer = json.loads(run(tmp_path / "home", *question, "--format", "json").stdout)
    assert answer["build"]["id"] == built["build_id"]
    [row] = answer["rows"]
    assert (row["numerator"], row["denominator"], row["state"]) == (40, 80, "shown")
    made = json.loads(run(tmp_path / "home", "explain", "mart_case", "--format", "json").stdout)
    assert {file["table_name"] for file in made["files"]} == {"resident", "health_record", "measurement"}


def test_indicators_of_the_plan_speak_json_and_markdown(tmp_path: Path) -> None:
    home = plan_home(tmp_path)
    question = ["query", "I13", "--by", "district", "--period", "2024Q4", "--format", "json"]
    answer = json.loads(run(home, *question).stdout)
    rows = {row["district"]: row for row in answer["rows"]}
    assert list(rows["760"]) == [
        "district", "numerator", "denominator", "value", "lower", "upper", "confidence", "method", "estimator",
        "state", "reason", "target", "status",
    ]  # fmt: skip
    assert (rows["760"]["numerator"], rows["760"]["denominator"], rows["769"]["numerator"]) == (1, 10, 0)
    assert (answer["definition"]["unit"], answer["definition"]["polarity"]) == (
        "proportion",
        "higher_is_better",
    )

    card = json.loads(run(home, "indicators", "--period", "2024Q4", "--format", "json").stdout)
    assert [row["id"] for row in card["rows"]] == list(plan_indicators())
    assert {row["status"] for row in card["rows"]} == {
        "reached",
        "not_reached",
        "not_measurable",
        "no_target",
        None,
    }
    assert "not measurable" in run(home, "indicators", "--district", "760").stdout.replace("\n", " ")
    assert run(home, "indicators", "--definitions").stdout == indicator_page()
    listed = run(home, "query", "--list").stdout
    assert all(name in listed for name in ("I01", "I30", "higher is", "months"))


def test_a_wrong_word_names_the_allowed_ones(tmp_path: Path) -> None:
    run(tmp_path / "home", "build", str(small_extract(tmp_path / "in")))
    result = run(tmp_path / "home", "query", "prevalence", "--condition", "hypertention")
    assert "did you mean hypertension?" in str(result.exception)
