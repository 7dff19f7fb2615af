"""Why a share changed: parts that add up exactly, held to a plain-Python count of the same people."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from analytics.ages import MartAges
from analytics.catalogue import catalogue
from analytics.explained_change import change, strata_of
from analytics.generation import Generation
from tests.support.marts import CASE, STARTS, Somebody, band_start, places, wards_of, write_generation
from warehouse.errors import UserError
from warehouse.generation_files import FROZEN

FIRST, LAST = "2022Q3", "2022Q4"
COLUMNS = (
    "quarter_index SMALLINT, lag SMALLINT, place_id SMALLINT, sex TINYINT, age_from SMALLINT, measure_id SMALLINT,"
    " status_before TINYINT, status_after TINYINT, people INTEGER, people_key SMALLINT"
)
#: District, sex, age, status at both quarters (0 not in the frame, 1 untested, 2 no case, 3 case).
Followed = tuple[str, str, int, int, int]


def panel(seed: int, people: int = 16000) -> list[Followed]:
    draw = random.Random(seed)
    found = []
    for _ in range(people):
        age = draw.randrange(18, 95)
        before = draw.choices((0, 1, 2, 3), (25, 15, 40, 10 + age / 3))[0]
        after = draw.choices((0, 1, 2, 3, before), (5, 5, 15, 5 + age / 5, 60))[0]
        found.append((draw.choice(("760", "761")), draw.choice(("male", "female")), age, before, after))
    return found


def seen(people: list[Followed], quarter: str, which: int) -> list[Somebody]:
    return [
        Somebody(quarter, one[0], wards_of(one[0])[0], one[1], one[2], one[which] >= 2, one[which] == 3)
        for one in people
        if one[which]
    ]


def write(home: Path, people: list[Followed], *, build_id: str, moves: bool = True) -> Generation:
    """A generation of both quarters with the transitions between them, without noise."""
    flat = [(count, key, 0) for count in (1, 2, 3) for key in range(256)]
    both = [*seen(people, FIRST, 3), *seen(people, LAST, 4)]
    write_generation(home, both, noise=flat, build_id=build_id)
    folder = home / "builds" / build_id
    if moves:
        _write_moves(folder, people)
    return Generation.open(home, build_id)


def _write_moves(folder: Path, people: list[Followed]) -> None:
    own = places().filter(pl.col("ward_code").is_null(), pl.col("unit_code").is_null())
    district = dict(own.select("district_code", "place_id").iter_rows())
    cells = Counter(
        (1, 1, district[place], {"male": 1, "female": 2}[sex], band_start(age), CASE, before, after)
        for place, sex, age, before, after in people
        if before or after
    )
    with duckdb.connect(str(folder / FROZEN)) as con:
        con.execute(f"create table mart_transition ({COLUMNS})").fetchall()
        con.executemany("insert into mart_transition values (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
                        [(*cell, count) for cell, count in cells.items()])  # fmt: skip
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["fingerprints"]["mart_transition"] = {"rows": len(cells), "sha256": "0" * 64}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def group(age: int) -> int:
    return max(start for start in (18, 30, 40, 50, 60, 70) if start <= age)


def by_hand(people: list[Followed]) -> dict[str, float]:
    """The parts person by person."""
    strata: dict[Any, list[Followed]] = defaultdict(list)
    for one in people:
        strata[one[1], group(one[2])].append(one)
    n0, n1 = (sum(one[which] >= 2 for one in people) for which in (3, 4))
    parts = {"before": 0.0, "composition": 0.0, "same_people": 0.0, "came_and_went": 0.0, "after": 0.0}
    for members in strata.values():
        m0, m1 = ([one for one in members if one[which] >= 2] for which in (3, 4))
        p0, p1 = sum(one[3] == 3 for one in m0) / len(m0), sum(one[4] == 3 for one in m1) / len(m1)
        w0, w1 = len(m0) / n0, len(m1) / n1
        both = [one for one in members if one[3] >= 2 and one[4] >= 2]
        turned = sum((one[4] == 3) - (one[3] == 3) for one in both)
        same = (w0 + w1) / 2 * turned / ((len(m0) + len(m1)) / 2)
        parts["before"] += w0 * p0
        parts["after"] += w1 * p1
        parts["composition"] += (w1 - w0) * (p0 + p1) / 2
        parts["same_people"] += same
        parts["came_and_went"] += (p1 - p0) * (w0 + w1) / 2 - same
    return parts


def parts_of(report: Any) -> dict[str, float]:
    return dict(report.rows.select("part", "value").iter_rows())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_parts_are_those_counted_person_by_person_and_add_up(tmp_path: Path, seed: int) -> None:
    people = panel(seed)
    found = parts_of(
        change(write(tmp_path, people, build_id="20230210-0123abcd"), condition="hypertension", definition=None,
               first=FIRST, last=LAST)
    )  # fmt: skip
    assert found == pytest.approx(by_hand(people), abs=1e-12)
    assert list(found) == ["before", "composition", "same_people", "came_and_went", "after"]
    assert sum(found.values()) - found["after"] == pytest.approx(found["after"], abs=1e-12)


def test_districts_are_explained_one_by_one(tmp_path: Path) -> None:
    people = panel(4)
    report = change(
        write(tmp_path, people, build_id="20230210-0123abcd"), condition="hypertension", definition=None,
        first=FIRST, last=LAST, by="district",
    )  # fmt: skip
    for code in ("760", "761"):
        rows = report.rows.filter(report.rows["district"] == code)
        own = [one for one in people if one[0] == code]
        assert dict(rows.select("part", "value").iter_rows()) == pytest.approx(by_hand(own), abs=1e-12)


def test_people_who_appear_in_a_newer_build_are_late_data(tmp_path: Path) -> None:
    """The same quarter counted twice: its change is late data, the rest is as if there were one build."""
    people = panel(5)
    older = write(tmp_path, people[:9000], build_id="20230110-0123abcd")
    newer = write(tmp_path, people, build_id="20230210-0123abcd")
    found = parts_of(
        change(newer, condition="hypertension", definition=None, first=FIRST, last=LAST, older=older)
    )
    wanted = by_hand(people)
    assert found["before"] == pytest.approx(by_hand(people[:9000])["before"])
    assert found["late_data"] == pytest.approx(wanted["before"] - found["before"])
    assert found["composition"] == pytest.approx(wanted["composition"])
    assert sum(found.values()) - found["after"] == pytest.approx(found["after"], abs=1e-12)


def test_a_changed_definition_is_named_with_the_late_data(tmp_path: Path) -> None:
    older = write(tmp_path, panel(6), build_id="20230110-0123abcd")
    folder = tmp_path / "builds" / "20230110-0123abcd"
    with duckdb.connect(str(folder / FROZEN)) as con:
        for table in ("mart_definition", "mart_measure"):
            con.execute(f"update {table} set version = '0.9.0'").fetchall()
    newer = write(tmp_path, panel(6), build_id="20230210-0123abcd")
    report = change(newer, condition="hypertension", definition=None, first=FIRST, last=LAST, older=older)
    assert "late_data_and_definition" in parts_of(report)
    assert report.about["definition"]["version_before"] == "0.9.0"


def test_without_transitions_the_rate_stays_whole(tmp_path: Path) -> None:
    people, wanted = panel(7), by_hand(panel(7))
    generation = write(tmp_path, people, build_id="20230210-0123abcd", moves=False)
    found = parts_of(change(generation, condition="hypertension", definition=None, first=FIRST, last=LAST))
    assert found["rate"] == pytest.approx(wanted["same_people"] + wanted["came_and_went"])


def test_a_district_too_small_at_one_time_has_no_number(tmp_path: Path) -> None:
    people = [one for number, one in enumerate(panel(8)) if one[0] == "760" or number < 30]
    report = change(
        write(tmp_path, people, build_id="20230210-0123abcd"), condition="hypertension", definition=None,
        first=FIRST, last=LAST, by="district",
    )  # fmt: skip
    small = report.rows.filter(report.rows["district"] == "761")
    assert small["state"].unique().to_list() == ["suppressed"]
    assert small["value"].null_count() == small.height


def test_strata_follow_the_published_groups_and_end_with_the_definition(tmp_path: Path) -> None:
    generation = write(tmp_path, panel(9, 60), build_id="20230210-0123abcd")
    (adults,) = (item for item in catalogue(generation).variants if item.variant == "recommended")
    ages = MartAges(STARTS)
    assert [first for first, _ in strata_of(adults, ages)] == [18, 30, 40, 50, 60, 70]
    assert sorted(start for _, starts in strata_of(adults, ages) for start in starts) == [
        start for start in STARTS if start >= 18
    ]


def test_a_change_goes_forward(tmp_path: Path) -> None:
    generation = write(tmp_path, panel(9, 60), build_id="20230210-0123abcd")
    with pytest.raises(UserError, match="ends before it starts"):
        change(generation, condition="hypertension", definition=None, first=LAST, last=FIRST)
