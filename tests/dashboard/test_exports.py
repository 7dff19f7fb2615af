"""Files of cards: the rows of the screen with what they are; no formula, no number of a hidden row."""

import csv
import io
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from flask import Flask

from dashboard.components.table import table
from dashboard.data import source
from dashboard.exports import csv_file, xlsx_file
from dashboard.sheet import Column, Kind, Sheet
from dashboard.words import words
from tests.support.components import told

QUERY = "lang=en&condition=hypertension&variant=measured_twice"
CARDS = {
    "ncd": ("map", "compare", "curve", "trend", "convergence", "survey", "distribution", "matrix"),
    "overview": ("map", "curve"),
    "rollout": ("ladder", "split", "plan", "curves", "flow", "heat"),
    "quality": ("arrivals", "digits", "completeness", "coverage"),
}


def read_csv(content: bytes) -> tuple[list[str], list[dict[str, str]]]:
    """The lines about the table, and its rows."""
    text = content.decode("utf-8-sig")
    about = [line for line in text.splitlines() if line.startswith("# ")]
    body = "\n".join(line for line in text.splitlines() if not line.startswith("# "))
    return about, list(csv.DictReader(io.StringIO(body)))


def sheet(**changes: object) -> Sheet:
    values: dict[str, object] = {
        "name": "s", "title": "Title", "subtitle": "Subtitle", "filters": (("Sex", "Both"),), "source": "Source: x",
        "caution": "Caution", "notice": "Synthetic", "build_id": "20240101-0123abcd",
        "extract_date": date(2024, 1, 1),
        "columns": (
            Column(name="place", label="Place", kind=Kind.TEXT),
            Column(name="value", label="Share", kind=Kind.SHARE),
            Column(name="state", label="state", kind=Kind.TEXT, is_code=True),
        ),
        "rows": (
            {"place": "=1+1", "value": 0.25, "state": "shown"},
            {"place": "b", "value": None, "state": "suppressed"},
        ),
    }  # fmt: skip
    return Sheet(**{**values, **changes})  # type: ignore[arg-type]


def test_the_file_of_the_map_has_the_rows_of_the_page(server: Flask) -> None:
    answer = server.test_client().get(f"/export/ncd/map.csv?{QUERY}")
    about, rows = read_csv(answer.data)
    by_code = {row["district"]: row for row in rows}

    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert (by_code["760"]["numerator"], by_code["760"]["denominator"], by_code["760"]["value"]) == (
        "43",
        "80",
        "0.5375",
    )
    assert (by_code["764"]["value"], by_code["764"]["numerator"], by_code["764"]["state"]) == (
        "",
        "",
        "suppressed",
    )
    assert "Hidden for privacy" in by_code["764"]["note"]
    assert len(rows) == 23
    text = "\n".join(about)
    for part in ("Condition: ", "Measured on two days", "Quarter: ", "build", "raw figure"):
        assert part in text


@pytest.mark.parametrize(("page", "card"), [(page, card) for page, cards in CARDS.items() for card in cards])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_card_has_its_files(server: Flask, page: str, card: str, language: str) -> None:
    client = server.test_client()
    as_csv = client.get(f"/export/{page}/{card}.csv?lang={language}&variant=measured_twice")
    as_xlsx = client.get(f"/export/{page}/{card}.xlsx?lang={language}&variant=measured_twice")

    assert (as_csv.status_code, as_xlsx.status_code) == (200, 200)
    _, rows = read_csv(as_csv.data)
    assert rows
    assert all(row["numerator"] == "" for row in rows if row.get("state") == "suppressed")
    assert pl.read_excel(io.BytesIO(as_xlsx.data), has_header=False).height >= len(rows)


def test_a_long_table_shows_its_first_rows_and_says_so_while_files_hold_all() -> None:
    long = sheet(
        rows=tuple({"place": f"p{i}", "value": i / 100, "state": "shown"} for i in range(9)), screen_rows=4
    )
    shown = told(table(long, words("en")))
    assert "the newest 4 of 9 rows" in shown
    assert ("p3" in shown, "p4" in shown) == (True, False)
    assert len(read_csv(csv_file.write(long, words("en")))[1]) == 9


@pytest.mark.parametrize("path", ["ncd/nothing.csv", "nowhere/map.csv", "ncd/map.pdf", "overview/matrix.csv"])
def test_what_no_page_has_is_not_found(server: Flask, path: str) -> None:
    assert server.test_client().get(f"/export/{path}").status_code == 404


def test_a_query_is_trusted_no_more_than_on_the_page(server: Flask) -> None:
    answer = server.test_client().get(
        "/export/ncd/map.csv?condition=<x>&district=999&sex=;drop&build=../../etc"
    )

    assert answer.status_code == 200
    assert b"etc" not in answer.data


def test_before_the_first_build_there_is_no_file(
    server: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(server.config, source.HOME, tmp_path)

    assert server.test_client().get("/export/ncd/map.csv").status_code == 503


def test_a_name_that_looks_like_a_formula_is_text() -> None:
    _, rows = read_csv(csv_file.write(sheet(), words("en")))
    workbook = pl.read_excel(io.BytesIO(xlsx_file.write(sheet(), words("en"))), has_header=False)

    assert rows[0]["place"] == "'=1+1"
    assert "=1+1" in workbook.to_series(0).to_list()


def test_files_begin_with_the_notice_of_synthetic_data() -> None:
    about, _ = read_csv(csv_file.write(sheet(), words("en")))
    workbook = pl.read_excel(io.BytesIO(xlsx_file.write(sheet(), words("en"))), has_header=False)

    assert about[0] == "# Synthetic"
    assert workbook.row(0)[0] == "Synthetic"
    assert not read_csv(csv_file.write(sheet(notice=""), words("en")))[0][0].startswith("# Synthetic")


def test_the_twin_on_the_screen_leaves_out_codes_and_writes_a_dash_for_no_number() -> None:
    shown = told(table(sheet(), words("vi")))

    assert "25,0\u00a0%" in shown
    assert "suppressed" not in shown
    assert "–" in shown
