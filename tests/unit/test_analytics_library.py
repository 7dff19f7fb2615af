"""Parts below the query: ages, standards, the gate, the audit log, the door to generations, the forms of an answer."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from analytics import render
from analytics.ages import AgeBand, MartAges, parse_age_band
from analytics.disclosure import Kind, check_released, protect
from analytics.generation import Generation, builds, close_all, read_sql
from analytics.indicator import indicators, parse_indicator
from analytics.query import answer, parse
from analytics.standard import BUNDLED, load_standard, parse_standard, stratum_weights
from tests.support.marts import STARTS, random_people, write_generation
from warehouse.errors import Defect, Faults, UserError

ASKED_AT = datetime(2023, 2, 11, 9, 0, 0)
AGES = MartAges(STARTS)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    write_generation(tmp_path, random_people(7, 1500))
    yield tmp_path
    close_all()


def test_labels_read_back() -> None:
    for text in ("18+", "18-69", "50", "0-4"):
        assert parse_age_band(text).label == text
    assert parse_age_band("50-50").label == "50"


def test_five_year_bands_of_adults() -> None:
    labels = [band.label for band in AGES.five_year(AgeBand(18, None))]
    assert labels[:2] == ["18-19", "20-24"]
    assert labels[-3:] == ["75-79", "80-84", "85+"]
    assert "50-54" in labels
    assert [band.label for band in AGES.five_year(AgeBand(51, 59))] == ["51-54", "55-59"]


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_standards_say_where_they_come_from(name: str) -> None:
    standard = load_standard(name)
    assert standard.source != "own file"
    assert standard.reviewed
    assert standard.name_vi != name
    assert stratum_weights(standard, AGES.five_year(AgeBand(18, None))).sum() == pytest.approx(1, abs=1e-12)


def test_the_city_and_vietnam_are_their_published_totals() -> None:
    assert sum(load_standard("vietnam").weights) == pytest.approx(97338.583, abs=0.01)
    assert sum(load_standard("city").weights) == pytest.approx(9_271_351, abs=5)


def test_an_open_band_is_never_cut() -> None:
    standard = parse_standard("short", b"age_from,weight\n0,10\n65,5\n")
    with pytest.raises(UserError, match=r"open band 65\+"):
        stratum_weights(standard, AGES.five_year(AgeBand(18, None)))
    assert stratum_weights(standard, [AgeBand(18, 64), AgeBand(65, None)]).sum() == pytest.approx(1)


def test_faulty_standard_tells_all_faults_at_once() -> None:
    with pytest.raises(Faults) as caught:
        parse_standard("bad", b"age_from,weight\n0,x\n20,-1\n10,3\n")
    assert [fault.row for fault in caught.value.faults] == [1, 2, 3]
    with pytest.raises(Faults, match="no weights"):
        parse_standard("empty", b"age_from,weight\n")


def test_the_gate_refuses_cells_without_keys_and_bad_counts() -> None:
    cells = pl.DataFrame({"numerator": [5], "denominator": [50]})
    with pytest.raises(Defect, match="numerator_key"):
        protect(cells, by=[], kind=Kind.HEALTH)
    for column, value in (("numerator", None), ("denominator", -1)):
        broken = cells.with_columns(pl.lit(value, pl.Int64).alias(column))
        with pytest.raises(Defect):
            protect(broken, by=[], kind=Kind.ADMINISTRATIVE)


def test_what_may_never_leave() -> None:
    fine = pl.DataFrame(
        {"numerator": [None], "state": ["suppressed"]}, schema={"numerator": pl.Int64, "state": pl.String}
    )
    assert check_released(fine) is fine
    for bad in (
        fine.with_columns(pl.lit(3).alias("numerator_key")),
        fine.with_columns(pl.lit(3).alias("lower")),
        pl.DataFrame({"value": [0.1], "state": ["no_data"]}),
    ):
        with pytest.raises(Defect):
            check_released(bad)


def test_exact_counts_are_audited_before_they_are_given(home: Path) -> None:
    generation = Generation.open(home)
    question = parse(condition="hypertension", by="district", exact=True)
    answer(question, generation, asked_at=ASKED_AT, user="lan")
    answer(question, generation, asked_at=ASKED_AT, user="minh")
    entries = [json.loads(line) for line in (home / "audit.log").read_text().splitlines()]
    assert [entry["user"] for entry in entries] == ["lan", "minh"]
    assert entries[0]["at"] == "2023-02-11T09:00:00"
    assert entries[0]["build"] == generation.build_id
    assert entries[0]["question"]["by"] == ["district"]
    answer(parse(condition="hypertension"), generation, asked_at=ASKED_AT)
    assert len((home / "audit.log").read_text().splitlines()) == 2


def test_no_audit_no_exact_counts(home: Path) -> None:
    (home / "audit.log").mkdir()
    with pytest.raises(UserError, match="audit log cannot be written"):
        answer(parse(condition="hypertension", exact=True), Generation.open(home), asked_at=ASKED_AT)


def test_no_build_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="hssk build DIR") as caught:
        Generation.open(tmp_path)
    assert caught.value.exit_code == 69


def test_builds_by_name(home: Path) -> None:
    older = write_generation(home, build_id="20220101-89abcdef-2", current=False)
    assert builds(home) == (older, "20230210-0123abcd")
    assert Generation.open(home).build_id == "20230210-0123abcd"
    assert Generation.open(home, older).build_id == older
    for unknown in ("20220101-89abcdef", "../../etc"):
        with pytest.raises(UserError, match="one of 20220101-89abcdef-2, 20230210-0123abcd"):
            Generation.open(home, unknown)


def test_a_damaged_build_is_told(home: Path) -> None:
    generation = Generation.open(home)
    (generation.folder / "marts.duckdb").write_bytes(b"not a database")
    with pytest.raises(UserError, match="cannot be opened"):
        generation.frame("select 1")
    (generation.folder / "manifest.json").write_text("{")
    with pytest.raises(UserError, match="damaged"):
        _ = generation.manifest


def test_marts_cannot_be_written_and_reach_no_other_file(home: Path) -> None:
    generation = Generation.open(home)
    with pytest.raises(Exception, match="read-only"):
        generation.frame("create table x as select 1")
    with pytest.raises(Exception, match="disabled"):
        generation.frame("select * from read_csv('/etc/passwd')")


def test_names_of_queries_are_names() -> None:
    with pytest.raises(ValueError, match="not a name"):
        read_sql("../secret")


def test_indicators_are_complete_and_in_both_languages() -> None:
    assert set(indicators()) == {
        "completeness", "controlled", "controlled_among_tested", "coverage", "diagnosed", "distribution", "ladder",
        "mean", "prevalence", "progress", "treated",
    }  # fmt: skip
    for name, item in indicators().items():
        assert item.id == name
        for text in (item.name, item.numerator, item.denominator, item.caveats):
            assert text.vi
            assert text.en
            assert text.vi != text.en
    with pytest.raises(ValueError, match="missing keys"):
        parse_indicator({"id": "x"})


def test_forms_of_an_answer(home: Path, tmp_path: Path) -> None:
    found = answer(parse(condition="hypertension", by="district,sex"), Generation.open(home))
    table = json.loads(render.render(found, "json"))
    assert list(table) == ["measure", "rows", "definition", "build", "lineage"]
    assert list(table["rows"][0]) == [
        "district", "sex", "numerator", "denominator", "value", "lower", "upper", "confidence", "method", "estimator",
        "state", "reason",
    ]  # fmt: skip
    assert table["rows"] == found.rows.to_dicts()
    text = render.render(found, "csv")
    assert isinstance(text, str)
    assert text.splitlines()[0] == ",".join(table["rows"][0])
    parquet = tmp_path / "answer.parquet"
    console = Console(file=io.StringIO(), width=160)
    render.write(found, "parquet", output=parquet, console=console)
    assert pl.read_parquet(parquet).equals(found.rows)
    assert json.loads(pl.read_parquet_metadata(parquet)["hssk"])["build"] == dict(found.build)
    with pytest.raises(UserError, match="--output"):
        render.write(found, "parquet", output=None, console=console)
    with pytest.raises(UserError, match="one of table, json, csv, parquet"):
        render.render(found, "xlsx")


def test_table_for_people_shows_states_in_words(home: Path) -> None:
    found = answer(parse(condition="hypertension", by="district"), Generation.open(home))
    shown = render.render(found, "table")
    assert isinstance(shown, str)
    assert "no data: nobody counted" in shown
    assert "prevalence hypertension recommended" in shown


def test_list_names_everything(home: Path) -> None:
    console = Console(file=io.StringIO(), width=200)
    console.print(render.list_measures(Generation.open(home)))
    text = console.file.getvalue() if isinstance(console.file, io.StringIO) else ""
    for word in ("prevalence", "coverage", "completeness", "survey", "2022Q4", "who_world_2000", "85"):
        assert word in text
