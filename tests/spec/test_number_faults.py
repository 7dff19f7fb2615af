"""What is wrong with the numbers of people: counted by sender and kind in every build, and never a number itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from analytics.generation import Generation
from analytics.linkage import linkage
from analytics.numbers import numbers
from tests.support.home import marts, resident, run_build, write_csv

AS_OF = date(2024, 6, 30)
BLANK = dict.fromkeys(("national_id", "old_id", "insurance_no", "phone"))
#: Of a woman of 1960, as ``resident`` writes; of a man of 1960; a filler.
RIGHT, OF_A_MAN, FILLER = "079160000123", "079060000123", "111111111111"


def registered(ref: str, **changes: str) -> dict[str, object]:
    return resident(ref, **{**BLANK, "registered_from": "2020-01-01", **changes})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("numbers")
    people = [registered(f"P{n}", national_id=number) for n, number in enumerate((RIGHT, OF_A_MAN, FILLER))]
    people += [registered("P4", phone="12345"), registered("P5", phone="0903816254")]
    people += [
        registered(f"L{n}", insurance_no="DN4797900000123", birth_date=f"{1950 + n}-05-17") for n in range(11)
    ]
    people += [registered("H1", national_id=FILLER, source="hospital", registered_from="")]
    write_csv(root / "in" / "resident.csv", people)
    run_build(root / "home", root / "in", as_of=AS_OF)
    return root / "home"


def test_faults_are_counted_by_sender_and_kind_of_all_that_was_written(home: Path) -> None:
    found = marts(home, "select source, number, fault, written, found from mart_number_fault where found > 0")
    assert sorted(found) == [
        ("hospital", "national_id", "placeholder", 1, 1),
        ("test", "national_id", "placeholder", 3, 1),
        ("test", "national_id", "sex_differs", 3, 1),
        ("test", "phone", "malformed", 2, 1),
    ]
    written = marts(home, "select distinct source, number, written from mart_number_fault")
    assert ("test", "insurance", 11) in written
    assert {number for _, number, _ in written} == {"national_id", "insurance", "phone"}


def test_the_report_tells_of_numbers_that_many_have(home: Path) -> None:
    told = numbers(Generation.open(home))
    assert told.about["lent"] == 1
    # Of faults that no number has there is nought, not nothing.
    assert 0 in told.rows["found"].to_list()
    assert "079160" not in str(told.rows.to_dicts())


def test_where_persons_are_not_linked_nothing_is_told_and_it_says_so(tmp_path: Path) -> None:
    write_csv(tmp_path / "in" / "resident.csv", [registered("P1", national_id=FILLER)])
    run_build(tmp_path / "home", tmp_path / "in", as_of=AS_OF, linkage="none")
    generation = Generation.open(tmp_path / "home")
    for report in (linkage(generation), numbers(generation)):
        assert report.rows.is_empty()
        assert any("not linked" in note for note in report.notes)
    assert (linkage(generation).about["run"], numbers(generation).about["lent"]) == (None, None)
