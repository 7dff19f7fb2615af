"""Linkage in builds: references of one person count as one, a batch links to who is there, pseudonyms stay."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.support import home as support
from tests.support.home import count, fingerprints, pressure, record, resident, run_build, write_csv
from warehouse.database import open_warehouse, rows
from warehouse.errors import UserError
from warehouse.identity import load_keys, person_key
from warehouse.linking import persons
from warehouse.linking.explaining import explain
from warehouse.synthetic.city import synthesize

AS_OF = date(2024, 6, 30)
CCCD, BHYT = "079160000123", "DN4797900000123"


def stored(home: Path, sql: str, **values: Any) -> list[tuple[Any, ...]]:
    with open_warehouse(support.settings(home)) as connection:
        return rows(connection, sql, values)


def key(home: Path, ref: str) -> int:
    return person_key(load_keys(support.settings(home)), ref)


def persons_of(home: Path) -> set[frozenset[str]]:
    """Who is one person, by the references of the tests."""
    names = {key(home, ref): ref for ref in ("P1", "P2", "P3", "H1", "H2", *(f"X{n}" for n in range(20)))}
    found: dict[int, set[str]] = {}
    for source, person in stored(home, "select source_key, person_key from meta_person"):
        found.setdefault(person, set()).add(names[source])
    return {frozenset(refs) for refs in found.values()}


def hospital(ref: str, **changes: Any) -> dict[str, Any]:
    return resident(ref, **{"source": "hospital", "registered_from": None, **changes})


def registered(ref: str, **changes: Any) -> dict[str, Any]:
    return resident(ref, **{"registered_from": "2020-01-01", **changes})


def test_what_a_hospital_measured_counts_for_the_person_of_the_register(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "in"
    write_csv(folder / "resident.csv", [
        registered("P1", insurance_no=BHYT), hospital("H1", full_name="NGUYEN P1", insurance_no=BHYT[-10:]),
    ])  # fmt: skip
    write_csv(folder / "health_record.csv", [record("P1")])
    write_csv(
        folder / "measurement.csv", [*pressure("H1", "2024-03-05", 150), *pressure("H1", "2024-04-05", 150)]
    )
    run_build(home, folder, as_of=AS_OF)
    assert persons_of(home) == {frozenset({"P1", "H1"})}
    apart = tmp_path / "apart"
    run_build(apart, folder, as_of=AS_OF, linkage="none")
    # The reading is of somebody who has a record: of one person here, of nobody there.
    assert [count(one, "hypertension", "recommended", "case") for one in (home, apart)] == [1, 0]


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ({"national_id": CCCD}, {"national_id": CCCD, "full_name": "NGUYEN P1"}, True),
        ({"national_id": CCCD}, {"national_id": CCCD, "birth_date": "1960"}, True),
        ({"insurance_no": BHYT}, {"insurance_no": BHYT[-10:]}, True),
        ({"old_id": "020000123"}, {"old_id": "020000123"}, True),
        # A card that is lent: another given name and another year.
        ({"insurance_no": BHYT}, {"insurance_no": BHYT, "full_name": "Trần Văn Tư", "birth_date": "1991-02-03"}, False),
        # Name and day of birth agree: a slip of the sex; else somebody else of the household.
        ({"insurance_no": BHYT}, {"insurance_no": BHYT, "sex": "male"}, True),
        ({"insurance_no": BHYT}, {"insurance_no": BHYT, "sex": "male", "birth_date": "1960"}, False),
        # One insurance code, but two identity numbers.
        ({"insurance_no": BHYT, "national_id": CCCD}, {"insurance_no": BHYT, "national_id": "079160999999"}, False),
        ({"national_id": "000000000000"}, {"national_id": "000000000000"}, False),
        ({"phone": "0901234567"}, {"phone": "0901234567"}, False),
    ],
)  # fmt: skip
def test_exact_keys_link_unless_the_rest_denies_it(
    tmp_path: Path, one: dict[str, str], other: dict[str, str], is_one: bool
) -> None:
    blank = dict.fromkeys(("national_id", "old_id", "insurance_no", "phone"))
    write_csv(tmp_path / "in" / "resident.csv", [registered("P1", **blank | one), hospital("H1", **{
        **blank, "full_name": "Nguyễn P1", **other,
    })])  # fmt: skip
    run_build(tmp_path / "home", tmp_path / "in", as_of=AS_OF)
    assert (frozenset({"P1", "H1"}) in persons_of(tmp_path / "home")) is is_one


def test_a_number_that_many_people_have_links_nobody(tmp_path: Path) -> None:
    """Ten may share a card, each known twice; with an eleventh it says nothing of anybody."""
    home, path = tmp_path / "home", tmp_path / "in" / "resident.csv"
    given = ("Lan", "Hoa", "Mai", "Cúc", "Đào", "Yến", "Sen", "Tâm", "Kiều", "Vy")
    shared = [registered(f"X{n}", insurance_no=BHYT, full_name=f"Nguyễn {given[n // 2]}") for n in range(20)]
    for people, most in (
        (shared, 2),
        ([*shared, registered("P1", insurance_no=BHYT, full_name="Nguyễn Quý")], 1),
    ):
        write_csv(path, people)
        run_build(home, tmp_path / "in", as_of=AS_OF)
        assert max(map(len, persons_of(home))) == most
    assert stored(home, "select lent from meta_linkage") == [(1,)]


def test_one_person_may_be_known_in_many_places(tmp_path: Path) -> None:
    known = [hospital(f"X{n}", insurance_no=BHYT, full_name="Nguyễn P1") for n in range(19)]
    write_csv(tmp_path / "in" / "resident.csv", [registered("P1", insurance_no=BHYT), *known])
    run_build(tmp_path / "home", tmp_path / "in", as_of=AS_OF)
    assert {len(refs) for refs in persons_of(tmp_path / "home")} == {20}


def test_without_linkage_references_are_people_again(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "in"
    write_csv(
        folder / "resident.csv",
        [registered("P1", insurance_no=BHYT), hospital("H1", insurance_no=BHYT, full_name="Nguyễn P1")],
    )
    write_csv(folder / "measurement.csv", pressure("H1", "2024-03-05", 150))
    numbers = []
    for linkage in ("exact", "none"):
        run_build(home, folder, as_of=AS_OF, linkage=linkage)
        numbers.append(support.marts(home, "select sum(registered), sum(both_counted) from mart_observed"))
    assert numbers == [[(1, 1)], [(1, 0)]]


def test_pseudonyms_stay_through_merges_and_splits_and_the_past_is_kept(tmp_path: Path) -> None:
    """P1 stands alone; H1 comes and is P1; then H1 is corrected and is somebody else."""
    home, a, b = tmp_path / "home", tmp_path / "a", tmp_path / "b"
    write_csv(a / "resident.csv", [registered("P1", insurance_no=BHYT)])
    run_build(home, a, as_of=AS_OF)
    write_csv(b / "resident.csv", [hospital("H1", insurance_no=BHYT, full_name="Nguyễn P1")])
    run_build(home, b, as_of=AS_OF)
    p1, h1 = key(home, "P1"), key(home, "H1")
    now = "select source_key, person_key from meta_person"
    assert dict(stored(home, now)) == {p1: p1, h1: p1}
    write_csv(
        b / "resident.csv", [hospital("H1", insurance_no="7900000999", full_name="Lê Tư", birth_date="1988")]
    )
    run_build(home, b, as_of=AS_OF)
    assert dict(stored(home, now)) == {p1: p1, h1: h1}
    assert stored(home, "select source_key, person_key from meta_person_before") == [(h1, p1)]

    run_build(home, a, b, as_of=AS_OF, full=True)
    assert dict(stored(home, now)) == {p1: p1, h1: h1}
    assert stored(home, "select source_key, person_key from meta_person_before") == [(h1, p1)]


def test_who_was_a_person_first_gives_the_pseudonym_also_when_the_register_comes_later(
    tmp_path: Path,
) -> None:
    home, a, b = tmp_path / "home", tmp_path / "a", tmp_path / "b"
    write_csv(a / "resident.csv", [hospital("H1", insurance_no=BHYT, full_name="Nguyễn P1")])
    write_csv(b / "resident.csv", [registered("P1", insurance_no=BHYT)])
    run_build(home, a, as_of=AS_OF)
    run_build(home, b, as_of=AS_OF)
    assert {person for _, person in stored(home, "select source_key, person_key from meta_person")} == {
        key(home, "H1")
    }
    run_build(home, a, b, as_of=AS_OF, full=True)
    assert {person for _, person in stored(home, "select source_key, person_key from meta_person")} == {
        key(home, "H1")
    }


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A city in two deliveries: everything, but the register of the second has who is known to hospitals or twice."""
    root = tmp_path_factory.mktemp("linkage")
    synthesize(root / "city", population=6000, seed=5, scenario="hostile")
    first, second = root / "city" / "extracts", root / "second"
    second.mkdir()
    frame = pl.concat([pl.read_parquet(path) for path in sorted((first / "resident").glob("*.parquet"))])
    shutil.rmtree(first / "resident")
    is_own = pl.col("person_ref").str.starts_with("P")
    frame.filter(is_own).write_parquet(first / "resident.parquet")
    frame.filter(~is_own).write_parquet(second / "resident.parquet")
    text = (first / "manifest.toml").read_text()
    (second / "manifest.toml").write_text(text.replace('name = "', 'name = "second-', 1))
    yield first, second
    shutil.rmtree(root)


def test_a_batch_links_to_who_is_there_as_a_full_linkage_does_and_other_code_weighs_all_again(
    tmp_path: Path, city: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = city
    apart, together = tmp_path / "apart", tmp_path / "together"
    run_build(apart, first, as_of=None, linkage="full")
    run_build(apart, second, as_of=None, linkage="full")
    [(of_batch,)] = stored(apart, "select pairs from meta_linkage")

    # The weights were found in the first delivery; a full rebuild keeps them.
    shutil.copytree(apart, together)
    run_build(together, first, second, as_of=None, full=True, linkage="full")
    one, other = (
        dict(stored(home, "select source_key, person_key from meta_person")) for home in (apart, together)
    )
    assert one == other
    [(of_all,)] = stored(together, "select pairs from meta_linkage")
    assert 0 < of_batch < of_all
    assert len(set(one.values())) < len(one)
    differ = {name for name, found in fingerprints(together).items() if found != fingerprints(apart)[name]}
    assert differ <= {"mart_quality", "mart_check"}

    monkeypatch.setattr(persons, "_KEPT", persons._KEPT + 1)
    run_build(apart, second, as_of=None, linkage="full")
    assert stored(apart, "select pairs from meta_linkage") == [(of_all,)]


def test_what_was_weighed_is_explained_and_shows_nobody(tmp_path: Path, city: tuple[Path, Path]) -> None:
    home = tmp_path / "home"
    run_build(home, *city, as_of=None, linkage="full")
    frame = pl.concat(
        [pl.read_parquet(folder / "resident.parquet") for folder in city], how="diagonal_relaxed"
    )
    settings = support.settings(home, linkage="full")
    keys = load_keys(settings)
    named = {person_key(keys, ref): ref for ref in frame["person_ref"]}
    [(a, b, weight)] = stored(
        home,
        "select key_a, key_b, weight from meta_person_pair where key is null order by weight desc limit 1",
    )
    with open_warehouse(settings) as connection:
        found = explain(connection, settings, keys, home / "linkage", (named[a], named[b]))
        with pytest.raises(UserError, match="two people"):
            explain(connection, settings, keys, home / "linkage", (named[a], "nobody"))
    assert found.total_bits == pytest.approx(weight, abs=1e-3)
    assert found.is_one == (weight >= persons.THRESHOLD_BITS)
    written = frame.filter(pl.col("person_ref").is_in([named[a], named[b]]))
    values = {
        str(v)
        for name in ("full_name", "birth_date", "phone", "old_id", "insurance_no")
        for v in written[name]
    }
    assert not any(value != "None" and value in repr(found) for value in values)


def test_fewer_people_than_say_how_often_chance_agrees_are_linked_by_exact_keys_only(tmp_path: Path) -> None:
    write_csv(tmp_path / "in" / "resident.csv", [registered("P1"), hospital("H1", full_name="Nguyễn P1")])
    run_build(tmp_path / "home", tmp_path / "in", as_of=AS_OF, linkage="full")
    assert persons_of(tmp_path / "home") == {frozenset({"P1"}), frozenset({"H1"})}
    assert not (tmp_path / "home" / "linkage" / "linkage-model.sealed").exists()
