"""Who is alike and is not one person, who is hardly alike and is; and that batches find what one delivery finds."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support import home as support
from tests.support.home import resident, run_build, write_csv
from warehouse.database import open_warehouse, rows
from warehouse.identity import load_keys, person_key
from warehouse.linking import model, persons
from warehouse.linking.explaining import explain

AS_OF = date(2024, 6, 30)
FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ")
MIDDLE = ("Thị", "Văn", "Ngọc", "Minh", "Thanh", "Hữu", "Kim", "Quốc", "Gia", "Hoàng")
GIVEN = (
    "Lan",
    "Hoa",
    "Mai",
    "Cúc",
    "Đào",
    "Yến",
    "Sen",
    "Tâm",
    "Kiều",
    "Vy",
    "Hùng",
    "Dũng",
    "Tuấn",
    "Nam",
    "Phúc",
    "Quý",
)
WARDS = ("26734", "26737", "26740", "26743", "26746", "26749", "26752", "26755", "26758", "26761")
NOTHING = dict.fromkeys(("national_id", "old_id", "insurance_no", "phone"))
PEOPLE, TWICE = 1_500, 60


def somebody(number: int, rng: np.random.Generator, **changes: Any) -> dict[str, Any]:
    """A person of the register, with an identity number and a telephone of their own."""
    born = date(1940, 1, 2) + timedelta(days=int(rng.integers(0, 25_000)))
    name = " ".join(str(rng.choice(part)) for part in (FAMILY, MIDDLE, GIVEN))
    row = resident(
        f"P{number}", full_name=name, birth_date=str(born), sex=str(rng.choice(["male", "female"])),
        ward_code=str(rng.choice(WARDS)), registered_from="2020-01-01", phone=f"0901{number:06}",
        national_id=f"0790{born.year % 100:02}{number * 7919 % 1_000_000:06}",
        insurance_no=f"79{number * 104729 % 10**8:08}", old_id=None,
    )  # fmt: skip
    return {**row, **changes}


def elsewhere(row: dict[str, Any], ref: str, **changes: Any) -> dict[str, Any]:
    """The row a hospital has of somebody: neither number."""
    return {**row, **NOTHING, "person_ref": ref, "source": "hospital", "registered_from": None, **changes}


def registers() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rng = np.random.default_rng(11)
    people = [somebody(number, rng) for number in range(PEOPLE)]
    minh_an = somebody(9001, rng, full_name="Trần Minh An", birth_date="2010-05-17", phone="0909000001")
    twin = {"national_id": None, "insurance_no": None}
    people += [
        # Twins, whose mother's telephone is written down for both.
        minh_an | twin, minh_an | twin | {"person_ref": "P9002", "full_name": "Trần Minh Anh"},
        minh_an | twin | {"person_ref": "P9003", "full_name": "Trần Ngọc Hân"},
        # Two people of a common name, of whom only the year is known, in one ward.
        somebody(9004, rng, full_name="Nguyễn Văn Hùng", birth_date="1975-01-01", ward_code=WARDS[0], national_id=None),
        somebody(9005, rng, full_name="Nguyễn Văn Hùng", birth_date="1975-01-01", ward_code=WARDS[0], national_id=None),
        somebody(9006, rng, birth_date="1980-03-04", full_name="Bùi Kim Vy", phone="0909000006"),
    ]  # fmt: skip
    hospital = [
        elsewhere(row, f"H{number}", phone=row["phone"], full_name=row["full_name"].upper())
        for number, row in enumerate(people[:TWICE])
    ]
    # The year alone, but ward and telephone; and the card of a neighbour, with her telephone.
    hospital += [
        elsewhere(people[100], "Y1", birth_date=people[100]["birth_date"][:4], phone=people[100]["phone"]),
        elsewhere(people[-1], "L1", full_name="Đặng Quốc Tuấn", birth_date="1980-09-09", sex="male",
                  phone="0909000006", insurance_no=people[-1]["insurance_no"]),
    ]  # fmt: skip
    # One with the identity number, and one with the telephone that only the first has as well.
    hospital += [
        elsewhere(people[101], "N1", national_id=people[101]["national_id"], phone="0909000101"),
        elsewhere(people[101], "N2", phone="0909000101"),
    ]
    # Patients whose telephone is that of the desk.
    hospital += [
        elsewhere(somebody(8000 + n, rng), f"D{n}", phone="02838554137", birth_date=f"{1950 + n}-06-05")
        for n in range(40)
    ]
    # A card that fourteen patients were treated by, two of whom share a given name, the year and the desk's telephone.
    hospital += [
        elsewhere(
            somebody(8500 + n, rng),
            f"C{n}",
            insurance_no=people[200]["insurance_no"],
            birth_date=f"{1950 + n}-06-05",
        )
        for n in range(12)
    ]
    hospital += [
        elsewhere(
            somebody(8600, rng, full_name=name, birth_date=born, ward_code=WARDS[place], sex="male"), ref,
            insurance_no=people[200]["insurance_no"], phone="02838554137",
        )
        for ref, name, born, place in (
            ("A1", "Lê Văn Tâm", "1971-02-03", 1), ("B1", "Phạm Quốc Tâm", "1971-09-13", 5),
        )
    ]  # fmt: skip
    return people, hospital


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("registers")
    for name, people in zip(("first", "second"), registers(), strict=True):
        write_csv(root / name / "resident.csv", people)
    return root / "first", root / "second"


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory, folders: tuple[Path, Path]) -> Path:
    home = tmp_path_factory.mktemp("home") / "home"
    run_build(home, *folders, as_of=AS_OF, linkage="full")
    return home


def who(home: Path) -> set[frozenset[str]]:
    """The references of everybody who has several."""
    keys = load_keys(support.settings(home))
    refs = {person_key(keys, row["person_ref"]): row["person_ref"] for part in registers() for row in part}
    with open_warehouse(support.settings(home)) as connection:
        found: dict[int, set[str]] = {}
        for source, person in rows(connection, "select source_key, person_key from meta_person"):
            found.setdefault(person, set()).add(refs[source])
    return {frozenset(group) for group in found.values() if len(group) > 1}


def test_those_alike_stay_two_and_those_hardly_alike_are_one(together: Path) -> None:
    found = who(together)
    right = {frozenset({f"P{number}", f"H{number}"}) for number in range(TWICE)}
    right |= {frozenset({"P100", "Y1"}), frozenset({"P101", "N1", "N2"})}
    assert found <= right
    # Of sixty with a telephone, all; and the one whose year, ward, name and telephone agree.
    assert right <= found


def test_two_are_explained_with_what_their_numbers_bring_together(together: Path) -> None:
    settings = support.settings(together, linkage="full")
    keys = load_keys(settings)
    register, patient = (person_key(keys, ref) for ref in ("P101", "N2"))
    with open_warehouse(settings) as connection:
        [(weight,)] = rows(
            connection,
            "select weight from meta_person_pair where key is null and key_a in ($a, $b) and key_b in ($a, $b)",
            {"a": register, "b": patient},
        )
        found = explain(connection, settings, keys, together / "linkage", ("N1", "N2"))
        by_number = explain(connection, settings, keys, together / "linkage", ("N1", "P101"))
    assert found.total_bits == pytest.approx(weight, abs=1e-3)
    # The register's telephone stands for both it and N1.
    assert {step.comparison: step.level_en for step in found.steps}["phone"] == "another"
    assert (found.beside, found.keys, found.is_direct, found.is_one) == ((1, 0), (), True, True)
    assert (by_number.beside, by_number.keys, by_number.is_direct) == ((0, 0), ("national_id_std",), True)


def test_what_many_share_is_explained_as_it_was_linked(together: Path) -> None:
    settings = support.settings(together, linkage="full")
    with open_warehouse(settings) as connection:
        found = explain(connection, settings, load_keys(settings), together / "linkage", ("A1", "B1"))
        assert rows(connection, "select lent from meta_linkage") == [(1,)]
    of = {step.comparison: step.level_en for step in found.steps}
    assert (of["insurance"], of["phone"]) == ("missing", "missing")
    assert (found.keys, found.is_compared, found.is_direct, found.is_one) == ((), False, False, False)


def test_those_whom_a_rule_holds_apart_are_said_to_be(together: Path) -> None:
    """Twins: the name is only similar, birth, ward and the mother's telephone are the same."""
    settings = support.settings(together, linkage="full")
    with open_warehouse(settings) as connection:
        found = explain(connection, settings, load_keys(settings), together / "linkage", ("P9001", "P9002"))
    assert (found.is_compared, found.is_denied, found.is_one) == (True, True, False)


def test_a_batch_finds_what_one_delivery_finds(
    tmp_path: Path, folders: tuple[Path, Path], together: Path
) -> None:
    """The weights were found before the hospital's rows came; how many there are is found each time."""
    for folder in folders:
        run_build(tmp_path / "home", folder, as_of=AS_OF, linkage="full")
    assert who(tmp_path / "home") == who(together)


def test_what_another_model_weighed_is_weighed_again(
    tmp_path: Path, folders: tuple[Path, Path], together: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the new model and what it weighs, the next linkage does not take the old weights for its own."""
    home = tmp_path / "home"
    run_build(home, folders[0], as_of=AS_OF, linkage="full")
    monkeypatch.setattr(model.Model, "is_of", lambda self, people, pairs: False)
    monkeypatch.setattr(persons, "_remember", _killed)
    with pytest.raises(KeyboardInterrupt):
        run_build(home, folders[1], as_of=AS_OF, linkage="full")
    monkeypatch.undo()
    run_build(home, folders[1], as_of=AS_OF, linkage="full")
    with (
        open_warehouse(support.settings(home)) as connection,
        open_warehouse(support.settings(together)) as other,
    ):
        sql = "select (key_a, key_b)::varchar, evidence from meta_person_pair where key is null"
        assert dict(rows(connection, sql)) == pytest.approx(dict(rows(other, sql)))


def _killed(*_: Any) -> None:
    raise KeyboardInterrupt
