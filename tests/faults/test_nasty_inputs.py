"""Every nasty input beside good files: the verdict is the one expected, the good files load, nobody is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults.nasty_inputs import BOOKS, FHIR, MARK, RESULT, RESULT_HEAD, TABLES, Nasty
from tests.faults.nasty_xml import XML
from tests.support.home import settings
from warehouse.check import as_json, check

ALL = (*TABLES, *BOOKS, *FHIR, *XML)
_NAMES = {"quarantine": "quarantine_rows"}


@pytest.mark.parametrize("nasty", ALL, ids=lambda nasty: f"{nasty.file}: {nasty.what}")
def test_what_happens_to_a_nasty_input(tmp_path: Path, nasty: Nasty) -> None:
    (tmp_path / "in" / "good").mkdir(parents=True)
    (tmp_path / "in" / nasty.file).write_bytes(nasty.content())
    (tmp_path / "in" / "good" / "measurement.csv").write_text(RESULT_HEAD + RESULT.replace("1,A", "good,A"))

    told = as_json(check(settings(tmp_path / "home"), [tmp_path / "in"]))["files"]

    whole = json.dumps(told, default=str, ensure_ascii=False)
    assert not any(word in whole for word in (MARK, MARK.split()[0]))
    name = nasty.file
    own = [
        entry
        for entry in told
        if (entry.get("file_name") or entry["file"]) == name
        and entry.get("logical_name") != "in/good/measurement"
    ]
    [good] = [entry for entry in told if entry.get("logical_name") == "in/good/measurement"]
    assert good["accepted"] == 1
    verdicts = {entry["verdict"] for entry in own}
    wanted = _NAMES.get(nasty.verdict, nasty.verdict)
    assert wanted in verdicts, (verdicts, own)
    assert verdicts <= {wanted, "accept"}
    assert nasty.says in json.dumps(own, default=str, ensure_ascii=False)
    if nasty.accepted is not None:
        assert sum(entry["accepted"] for entry in own) == nasty.accepted, own
