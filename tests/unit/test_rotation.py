"""New keys: everything is brought over, who was forgotten stays so, and old or mixed keys open nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import hssk
from tests.support import home as support
from tests.support.home import NOW, manifest, marts, resident, run_build, small_extract, write_csv
from tests.support.tree import ROOT
from warehouse import withheld
from warehouse.build import build
from warehouse.database import open_warehouse, rows
from warehouse.errors import UserError
from warehouse.fault_points import ROTATION_POINTS
from warehouse.identity import KEY_NAMES, key_marks, load_keys, person_key, write_key_file
from warehouse.linkage import SEALED, unseal
from warehouse.rotation import Request, rotate
from warehouse.settings import Settings
from warehouse.vintages import Revision, published_digests

ANEW = Revision(reason="new keys", withdraws=True)
FORGOTTEN = "P007"
#: What P001 and the hospital's H-1 are known to be one person by, once the hospital has corrected its file.
SAME = {"national_id": "079160000123", "full_name": "Nguyễn Thị Hai"}
DAY = date(2024, 6, 30)
#: Marts whose counts depend on no key: noise, and where people without a ward are drawn to, do.
COUNTS = "select * exclude (people_key) from mart_case order by all"


def extracts(folder: Path) -> list[Path]:
    """A city of 40, of whom P001 is a patient of a hospital too, and the sections of their records."""
    city, hospital = small_extract(folder / "city"), folder / "hospital"
    others = {"national_id": ""}
    write_csv(
        city / "resident.csv", [resident(f"P{n:03}", **(SAME if n == 1 else others)) for n in range(40)]
    )
    section = {"section": "blood_group", "completed_at": "2024-03-01", "value_state": "present"}
    write_csv(city / "record_section.csv", [{"record_id": f"R-P{n:03}", **section} for n in range(40)])
    write_csv(hospital / "resident.csv", [resident("H-1", **others)])
    return [city, hospital]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with extracts, and a home in which P007 was forgotten and H-1 became P001."""
    folder = tmp_path_factory.mktemp("rotation")
    home, both = folder / "home", extracts(folder)
    run_build(home, *both)
    write_csv(folder / "hospital" / "resident.csv", [resident("H-1", **SAME)])
    run_build(home, *both)
    keys = load_keys(support.settings(home))
    withheld.write(home, withheld.forget(home, keys, [FORGOTTEN], on=NOW.date()))
    run_build(home)
    return folder


@pytest.fixture
def city(built: Path, tmp_path: Path) -> Path:
    """A copy of it; extracts keep their place, by which files are known."""
    shutil.copytree(built / "home", tmp_path / "home")
    for name in ("city", "hospital"):
        (tmp_path / name).symlink_to(built / name)
    return tmp_path


@pytest.fixture
def environment(city: Path) -> dict[str, str]:
    return {**support.environment(city / "home"), "OPENBLAS_NUM_THREADS": "1"}


def turned(folder: Path, *which: str, before: Settings | None = None, **more: Any) -> Settings:
    """Rotate the keys named; the settings with the new key file."""
    home, file = folder / "home", folder / f"keys-{len(list(folder.glob('keys-*')))}.toml"
    names = frozenset(f"{name}_key" for name in which)
    request = Request(file=file, which=names, now=NOW, as_of=DAY, **more)
    rotate(before or support.settings(home), request)
    return Settings(home=home, key_file=file, freeze_days=0)


def folders(folder: Path) -> tuple[Path, Path]:
    return folder / "city", folder / "hospital"


def refs(settings: Settings) -> set[str]:
    """Every reference in the sealed files, opened with these keys."""
    keys = load_keys(settings)
    return {
        str(ref)
        for path in (settings.home / "linkage").glob(f"*{SEALED}")
        for frame in unseal(path, keys.linkage_key, path.name.removesuffix(SEALED))
        if "person_ref" in frame.columns
        for ref in frame["person_ref"]
    }


def people(settings: Settings, sql: str) -> list[Any]:
    with open_warehouse(settings) as connection:
        return rows(connection, sql)


def frozen(home: Path) -> list[Any]:
    return published_digests(home / "builds" / (home / "CURRENT").read_text().strip() / "frozen.duckdb")


def assert_only_opens(new: Settings, old: Settings, *names: str) -> None:
    """The new keys build; the old ones are refused, each by name."""
    build(new, [], now=NOW, as_of=DAY)
    with pytest.raises(UserError, match="another key") as refused:
        build(old, [], now=NOW)
    assert set(str(refused.value.fault.field).split(", ")) == {f"{name}_key" for name in names}


def test_a_new_linkage_key_seals_every_file_anew(city: Path, environment: dict[str, str]) -> None:
    home, old = city / "home", support.settings(city / "home")
    before, known, current = marts(home, COUNTS), refs(old), (home / "CURRENT").read_text()

    file = city / "new.toml"
    told = CliRunner().invoke(hssk.app, ["keys", "rotate", str(file), "--which", "linkage"], env=environment)

    assert "replaced: linkage_key" in told.stdout, told.output
    new = Settings(home=home, key_file=file, freeze_days=0)
    assert (home / "CURRENT").read_text() == current
    assert refs(new) == known
    with pytest.raises(UserError, match="does not open"):
        refs(old)
    assert not list(home.glob("linkage.*"))
    assert_only_opens(new, old, "linkage")
    assert marts(home, COUNTS) == before


def test_a_new_pseudonym_key_keeps_counts_quarters_persons_and_the_forgotten(city: Path) -> None:
    home, old = city / "home", support.settings(city / "home")
    before, published, linked = (
        marts(home, COUNTS),
        frozen(home),
        "from meta_person where source_key <> person_key",
    )
    [(source, person, since)] = people(old, linked)
    keys = load_keys(old)
    assert {source, person} == {person_key(keys, "P001"), person_key(keys, "H-1")}
    [last, first] = [
        ref for key in (source, person) for ref in ("P001", "H-1") if person_key(keys, ref) == key
    ]

    new = turned(city, "pseudonym", folders=folders(city))

    keys = load_keys(new)
    assert keys.retired == (load_keys(old).pseudonym_key,)
    [(again, same, then)] = people(new, linked)
    assert ({again, same}, same) == (
        {person_key(keys, "P001"), person_key(keys, "H-1")},
        person_key(keys, first),
    )
    assert then == since
    # Both were persons of their own until the hospital corrected its file.
    [(who, whose)] = people(new, "select source_key, person_key from meta_person_before")
    assert who == whose == person_key(keys, last)
    assert people(new, "from raw_resident where person_key in (select person_key from meta_person)")
    assert marts(home, COUNTS) == before
    assert frozen(home) == published
    assert_only_opens(new, old, "pseudonym")
    # The same command once more, as after a kill behind the switch: a generation, and nothing else.
    names, file = frozenset(["pseudonym_key"]), new.key_file
    assert file is not None
    again_told = rotate(old, Request(file=file, which=names, folders=folders(city), now=NOW, as_of=DAY))
    assert again_told is not None
    assert not again_told.landed
    assert_forgotten(new)
    # Twice rotated, and sent again under the third key.
    third = turned(city, "pseudonym", "record", "linkage", before=new, folders=folders(city), revision=ANEW)
    assert len(load_keys(third).retired) == 2
    assert marts(home, COUNTS) == before
    assert_only_opens(third, new, "pseudonym", "record", "linkage")
    write_csv(
        city / "more" / "health_record.csv",
        [support.record(FORGOTTEN), support.record("P001", record_id="x")],
    )
    build(third, [city / "more"], now=NOW, accept="test")
    assert_forgotten(third)


def assert_forgotten(settings: Settings) -> None:
    """In no table, also none that names the record alone, and in no sealed file."""
    assert FORGOTTEN not in refs(settings)
    for table, column in (
        ("resident", "person_key"),
        ("health_record", "person_key"),
        ("measurement", "person_key"),
    ):
        expected = 40 if table == "resident" else 39
        found = people(settings, f"select count(distinct {column}) from raw_{table}")
        assert found == [(expected,)], table
    assert people(settings, "select count(*) from raw_record_section") == [(39,)]


def test_published_quarters_forbid_another_record_key_unless_they_are_published_anew(city: Path) -> None:
    home, old = city / "home", support.settings(city / "home")
    before, noise = marts(home, COUNTS), manifest(home)["noise_sha256"]
    with pytest.raises(UserError, match="rest on the record key") as refused:
        turned(city, "record")
    assert "--withdraw" in str(refused.value)
    assert not list(city.glob("keys-*"))

    new = turned(city, "record", revision=ANEW)

    assert marts(home, COUNTS) == before
    assert manifest(home)["noise_sha256"] != noise
    assert {item["reason"] for item in manifest(home)["vintages"]} <= {"closed", "new keys"}
    assert_only_opens(new, old, "record")


def test_wrong_mixed_and_foreign_keys_change_nothing(city: Path) -> None:
    home = city / "home"
    mixed = support.settings(home, linkage_key="ab" * 32)
    with pytest.raises(UserError, match="other keys") as refused:
        turned(city, "linkage", before=mixed)
    assert refused.value.fault.field == "linkage_key"
    with pytest.raises(UserError, match="needs the extracts"):
        turned(city, "pseudonym")
    with pytest.raises(UserError, match="inside the data folder"):
        rotate(
            support.settings(home), Request(file=home / "k.toml", which=frozenset(["linkage_key"]), now=NOW)
        )
    write_key_file(city / "taken.toml", load_keys(support.settings(home)))
    with pytest.raises(UserError, match="no keys of this rotation"):
        rotate(
            support.settings(home),
            Request(file=city / "taken.toml", which=frozenset(["linkage_key"]), now=NOW),
        )
    # A full rebuild with keys that know nothing of the forgotten would bring them back.
    with pytest.raises(UserError, match="1 people were forgotten under a key that is not here"):
        run_build(home, *folders(city), full=True, pseudonym_key="cd" * 32)
    assert people(support.settings(home), "select count(*) from raw_record_section") == [(39,)]
    run_build(home)


@pytest.mark.parametrize("point", ROTATION_POINTS)
def test_kill_9_leaves_the_old_keys_or_the_new_and_the_same_command_goes_on(
    city: Path, environment: dict[str, str], point: str
) -> None:
    """Points of a full rebuild, which a new pseudonym key is, are tried with the build."""
    home, file = city / "home", city / "keys-0.toml"
    before = marts(home, COUNTS)
    command = [sys.executable, "-m", "hssk", "keys", "rotate", str(file), "--which", "linkage"]

    child = subprocess.run(
        command, env={**environment, "HSSK_FAULT": point}, cwd=ROOT, capture_output=True, text=True
    )

    assert child.returncode == -signal.SIGKILL, child.stderr
    old, new = support.settings(home), Settings(home=home, key_file=file, freeze_days=0)
    is_switched = dict(people(old, "select name, mark from meta_key")) == key_marks(load_keys(new))
    assert is_switched == (point == "after_marks")
    if not is_switched:
        # The old state stands whole, and is used before the rotation goes on.
        run_build(home)
        assert FORGOTTEN not in refs(old)
    rotate(old, Request(file=file, which=frozenset(["linkage_key"]), now=NOW))
    assert marts(home, COUNTS) == before
    assert not list(home.glob("linkage.*"))
    assert_only_opens(new, old, "linkage")
    assert_forgotten(new)


def test_what_keeps_keys_is_private_and_written_whole(tmp_path: Path) -> None:
    settings = support.settings(tmp_path / "home")
    file = tmp_path / "keys.toml"
    write_key_file(file, load_keys(settings))
    assert file.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["keys.toml"]
    assert load_keys(Settings(home=tmp_path / "home", key_file=file)) == load_keys(settings)
    assert len(KEY_NAMES) == 3
