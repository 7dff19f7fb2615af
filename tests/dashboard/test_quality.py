"""The quality page: its sentences, honest blanks, causes in words; every word it may need; what a viewer may see."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl
import pytest
from dash import html
from flask import Flask

from analytics import linkage as links_of
from analytics import numbers as numbers_of
from analytics.quality import CAUSES
from dashboard.access import Viewer
from dashboard.components import quality_linkage, quality_linkage_sheets, quality_parts, quality_sheets
from dashboard.components.plain import Plain
from dashboard.components.sheets import About
from dashboard.data import quality as data
from dashboard.figures.digits import digits
from dashboard.selection.base import Build
from dashboard.selection.quality import SECTIONS, QualitySelection, Register, resolve
from dashboard.theme import LIGHT
from dashboard.words import words
from warehouse.casting import rules
from warehouse.contracts import load_contracts
from warehouse.quality_checks import BASES, KINDS, TREATMENTS, check_table

VI, EN = words("vi"), words("en")
REGISTER = Register(
    quarter="2024Q4", official_year=2023, source="yearbook", other_senders=0.012, no_district=0.03
)
#: In fewer districts than this a viewer of one is scoped.
ONE = Viewer(districts=frozenset({"760"}))


def texts_of(component: Any) -> Iterator[str]:
    """Every text of a tree of components."""
    if isinstance(component, str):
        yield component
    elif isinstance(component, list | tuple):
        for part in component:
            yield from texts_of(part)
    elif isinstance(component, Plain):
        for node in component.tree:
            yield from texts_of_tree(node)
    elif component is not None:
        yield from texts_of(getattr(component, "children", None))


def texts_of_tree(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for child in node[2]:
            yield from texts_of_tree(child)
    else:
        yield str(node)


def told(component: Any) -> str:
    return " ".join(texts_of(component))


def check(**changes: Any) -> dict[str, Any]:
    row = {
        "check_id": "copied", "kind": "plausibility", "table_name": "measurement", "treatment": "used",
        "basis": "rows", "name": "Pressures that look copied", "todo": "Visit the station", "findings": 20,
        "people": 12, "new": 5,
        "existing": 15, "resolved": 2, "effect_points": 0.55, "rounded_to": 0.05, "condition": "hypertension",
        "definition": "recommended", "moved": "Hypertension · Recommended", "state": "shown", "reason": None,
    }  # fmt: skip
    return {**row, **changes}


HIDDEN = check(
    name="Late", effect_points=None, rounded_to=None, moved="", state="suppressed", reason="small_denominator"
)
NOTHING = check(
    name="Ahead", findings=0, people=0, new=0, existing=0, resolved=0, effect_points=0.0, moved=""
)


def arrived(**changes: Any) -> dict[str, Any]:
    row = {
        "table_name": "resident", "folder": "a", "files": 2, "received": 2000, "accepted": 1990, "duplicate": 0,
        "refused": 8, "refused_share": 0.004, "reasons": "sex: allowed (8)", "newest_date": date(2024, 12, 20),
        "days_behind": 11, "is_dated_ahead": False,
    }  # fmt: skip
    return {**row, **changes}


def place(**changes: Any) -> dict[str, Any]:
    row = {
        "district": "760", "name": "District 1", "short": "D. 1", "official": 100, "registered": 115, "holders": 104,
        "register_ratio": 1.15, "coverage": 1.04, "findings": "over_100, register_differs",
        "causes": "register_larger, other_senders, other_year", "state": "shown", "reason": None,
    }  # fmt: skip
    return {**row, **changes}


def reading(**changes: Any) -> dict[str, Any]:
    row = {
        "district": "760", "name": "District 1", "short": "D. 1", "quantity": "systolic", "numerator": 30,
        "denominator": 100, "value": 0.3, "lower": 0.22, "upper": 0.4, "index": 300.0, "method": "wilson",
        "state": "shown", "reason": None,
    }  # fmt: skip
    return {**row, **changes}


def test_the_headline_says_files_refused_and_new() -> None:
    rows, found = pl.DataFrame([arrived()]), pl.DataFrame([check(), HIDDEN, NOTHING])
    assert quality_parts.headline(rows, found, EN) == (
        "2 files read, 2,000 rows: 0.4% were refused; 2 checks found something new"
    )
    assert quality_parts.headline(rows, pl.DataFrame([NOTHING]), VI) == (
        "Đã đọc 2 tệp, 2.000 dòng: 0,4\u00a0% bị từ chối; không phép kiểm nào có phát hiện mới"
    )
    one = quality_parts.headline(rows, pl.DataFrame([check(), NOTHING]), EN)
    assert one.endswith("; one check found something new")
    clean = pl.DataFrame([arrived(refused=0, refused_share=0.0)])
    assert quality_parts.headline(clean, pl.DataFrame(), EN) == "2 files read, 2,000 rows: none was refused"


def test_a_small_share_is_not_told_as_none() -> None:
    rows = pl.DataFrame([arrived(received=1_000_000, refused=20)])
    assert "0.002% were refused" in quality_parts.headline(rows, pl.DataFrame(), EN)


def test_the_lead_names_what_is_counted_as_it_is_and_moves_most() -> None:
    repaired = check(name="Unit inferred", treatment="repaired", effect_points=10.3)
    lead = quality_parts.lead(pl.DataFrame([repaired, check(), NOTHING]), EN)
    assert lead.startswith("2 of 3 checks found something.")
    assert "Pressures that look copied (+0.55 points; Hypertension · Recommended)" in lead
    assert EN("quality.lead_unmoved") in quality_parts.lead(pl.DataFrame([repaired, HIDDEN]), EN)
    assert quality_parts.lead(pl.DataFrame(), EN) == EN("quality.unchecked")


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (check(), "+0.55 points"),
        (check(effect_points=-2.0, rounded_to=0.5), "−2.0 points"),
        (check(effect_points=5.0, rounded_to=1.0), "+5 points"),
        (check(effect_points=0.0, rounded_to=0.1), "under 0.1 points"),
        (HIDDEN, "Hidden"),
        (NOTHING, "–"),
        (check(basis="unread", effect_points=0.0, rounded_to=0.01, moved=""), "None"),
    ],
)
def test_an_effect_is_told_as_far_as_it_is_known(row: dict[str, Any], text: str) -> None:
    assert quality_parts.effect(row, EN) == text


def test_checks_are_rows_and_what_found_nothing_is_one_line() -> None:
    found = quality_parts.checks(pl.DataFrame([check(), HIDDEN, NOTHING]), EN)
    text = told(found)
    assert "fewer than 30 people touched" in text
    assert "judged again" not in text
    assert "Found nothing (1): Ahead." in text
    assert "Counted as it is. Visit the station" in text
    assert told(quality_parts.checks(pl.DataFrame(), EN)) == EN("quality.unchecked")


def test_an_effect_that_is_not_of_rows_says_of_what_it_is() -> None:
    people = check(basis="people", moved="Hypertension · Recommended")
    assert quality_parts.beside(people, EN) == "Hypertension · Recommended; without these people"
    unread = check(basis="unread", effect_points=0.0, moved="")
    assert quality_parts.beside(unread, VI) == "không con số nào dùng các dòng này"
    assert quality_parts.beside(check(basis="people", findings=0, moved=""), EN) == ""


def test_arrivals_name_folders_only_where_there_are_several() -> None:
    one = told(quality_parts.arrivals(pl.DataFrame([arrived(folder="ward-12")]), EN))
    assert "Register of residents" in one
    assert "days behind: 11" in one
    assert "ward-12" not in one
    two = pl.DataFrame(
        [arrived(folder="ward-12"), arrived(folder="city", is_dated_ahead=True, days_behind=None)]
    )
    assert "ward-12" in told(quality_parts.arrivals(two, EN))
    assert EN("quality.dated_ahead") in told(quality_parts.arrivals(two, EN))


def test_reasons_are_told_in_words_and_an_unknown_rule_by_its_code() -> None:
    names = ("table_name", "column_name", "rule", "rows", "share")
    rows = pl.DataFrame(
        [("resident", "sex", "allowed", 8, 0.004), ("resident", "x", "brand_new", 1, 0.0005)], schema=names,
        orient="row",
    )  # fmt: skip
    text = told(quality_parts.refusals(rows, EN))
    assert "Not a word of the list" in text
    assert "Rule brand_new" in text
    assert (
        quality_parts.refusals_title(rows, EN) == "Refused: 9 rows, most of them not a word of the list (sex)"
    )
    assert told(quality_parts.refusals(rows.clear(), EN)) == EN("quality.none_refused")
    assert told(quality_parts.refusals(pl.DataFrame(), EN)) == EN("quality.unchecked")


def test_coverage_lists_what_does_not_fit_and_what_the_data_say_of_it() -> None:
    rows = pl.DataFrame([place(), place(district="761", name="District 12", findings="", causes="")])
    text = told(quality_parts.coverage(rows, REGISTER, EN))
    assert "The register is 15% larger than the official count." in text
    assert "In the whole city 1.2% of the register come from a further sender" in text
    assert "The official count is of 2023, the register of Q4 2024." in text
    assert "District 12" not in text
    assert quality_parts.coverage_title(rows, EN).startswith("Districts with more records than residents: 1;")
    nobody = place(name="Cần Giờ", registered=0, findings="register_differs", causes="register_empty")
    assert "The register has nobody in: Cần Giờ." in told(
        quality_parts.coverage(pl.DataFrame([nobody]), REGISTER, EN)
    )
    assert quality_parts.coverage_title(pl.DataFrame([nobody]), EN).endswith("official count: 1")
    fits = rows.filter(pl.col("findings") == "")
    assert told(quality_parts.coverage(fits, REGISTER, EN)) == EN("quality.coverage_fits")
    unknown = pl.DataFrame([place(official=None, findings="", causes="")], infer_schema_length=None)
    assert told(quality_parts.coverage(unknown, REGISTER, EN)) == EN("quality.no_official")


def test_dots_stand_against_one_in_ten_and_few_readings_have_none() -> None:
    city = reading(district="city", name="City", short="City", value=0.2, lower=0.19, upper=0.21)
    few = reading(
        district="761", short="D. 12", numerator=None, denominator=None, value=None, lower=None, upper=None,
        index=None, state="suppressed", reason="small_denominator",
    )  # fmt: skip
    rows = pl.DataFrame([city, reading(), few], infer_schema_length=None)
    order = quality_parts.order_of(rows)
    figure = digits(rows, order, EN, LIGHT, top=quality_parts.top_of(rows))
    districts, whole = figure.data

    assert order == ["City", "D. 1", "D. 12"]
    assert (list(districts.x), list(districts.y), list(whole.x)) == ([0.3], ["D. 1"], [0.2])
    assert "30 of 100 readings" in districts.customdata[0][1]
    assert "Index 300" in districts.customdata[0][1]
    assert [line.x0 for line in figure.layout.shapes] == [0.1]
    assert [note.text for note in figure.layout.annotations] == [EN("quality.few_readings")]
    assert quality_parts.digits_title(rows, EN) == (
        "Pressures end in 0 too often in 1 of 1 districts; most in D. 1, 30%"
    )
    assert quality_parts.digits_title(pl.DataFrame([city]), EN).startswith(
        "20% of systolic pressures end in 0"
    )
    assert digits(pl.DataFrame(), [], EN, LIGHT, top=0.1).layout.annotations


def linked(**changes: Any) -> dict[str, Any]:
    row = {
        "dimension": "all", "group_name": None, "senders": "others", "refs": 200, "linked": 180, "by_number": 150,
        "linked_share": 0.9, "expected_wrong": 0.04, "wrong_share": 0.0002, "expected_missed": 7.6,
        "missed_share": 0.038,
        "differs": None, "state": "shown", "reason": None, "name": None,
    }  # fmt: skip
    return {**row, **changes}


def of_the_ill(name: str, **changes: Any) -> dict[str, Any]:
    counts = dict.fromkeys(("refs", "linked", "by_number", "expected_wrong", "expected_missed"))
    return linked(**{**counts, "dimension": "condition", "group_name": name, "name": name.title(), **changes})


WHOLE = [
    linked(),
    linked(senders="register", refs=5000, linked=41, by_number=12, linked_share=0.0082, expected_missed=2.0),
]
RUN = {"refs": 5200, "people": 5000, "people_twice": 20, "lent": 1}


def links(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([*WHOLE, *rows], infer_schema_length=None)


def test_linkage_says_first_who_is_somebody_of_the_register_and_what_is_expected() -> None:
    first = next(texts_of(quality_linkage.linkage(links(), RUN, EN)))
    assert first == (
        "Of 200 references of other senders, 180 are somebody of the register of residents: 150 by an exact number,"
        " 30 by likeness. The register holds 20 people more than once. Expected: under 1 references linked wrongly,"
        " 10 that should be linked and are not."
    )
    assert EN("quality.linkage_caveat") in told(quality_linkage.linkage(links(), RUN, EN))
    assert quality_linkage.linkage_title(links(), RUN, VI) == (
        "Một người, nhiều mã: 90,0\u00a0% mã của nơi gửi khác là người trong sổ cư trú"
    )


def test_linkage_without_other_senders_tells_of_the_register_alone() -> None:
    alone = links().filter(pl.col("senders") == "register")
    text = told(quality_linkage.linkage(alone, {**RUN, "people_twice": 0}, EN))
    assert text.startswith(EN("quality.linkage_alone"))
    assert EN("quality.linkage_never_twice") in text
    assert "20" in quality_linkage.linkage_title(alone, RUN, EN)


@pytest.mark.parametrize(("rows", "why"), [(pl.DataFrame(), "older"), (links().clear(), "off")])
def test_an_older_build_and_linkage_switched_off_are_told_apart(rows: pl.DataFrame, why: str) -> None:
    assert told(quality_linkage.linkage(rows, None, EN)) == EN(f"quality.linkage_{why}_text")
    assert told(quality_linkage.numbers(rows, None, EN)) == EN(f"quality.linkage_{why}_text")
    assert quality_linkage.linkage_title(rows, None, EN) == EN(f"quality.linkage_{why}")
    assert quality_linkage.numbers_title(rows, None, EN) == EN(f"quality.numbers_{why}")


def test_which_way_links_move_prevalence_is_said_in_words() -> None:
    less = of_the_ill("stroke", linked_share=0.71, differs="less")
    more = linked(dimension="age", group_name="60+", linked_share=0.97, differs="more")
    low, high = quality_linkage.ways(links(less, more), EN)
    assert low.startswith("Linked less often than all: Stroke (71%).")
    assert "rather too low" in low
    assert high.startswith("Linked more often than all: Ages 60 and over (97%).")
    assert "rather too high" in high
    assert quality_linkage.ways(links(), EN) == [EN("quality.linkage_alike")]


def test_groups_too_few_are_blank_and_of_the_ill_the_share_stands_alone() -> None:
    few = dict.fromkeys(("linked", "by_number", "linked_share", "expected_wrong", "expected_missed"), None)
    hidden = linked(
        **few, dimension="district", group_name="760", name="District 1", refs=16, state="suppressed"
    )
    unknown = linked(dimension="district", refs=200, expected_wrong=0.0)
    rows = links(hidden, unknown, of_the_ill("stroke", linked_share=0.71, wrong_share=0.0, missed_share=0.04))
    lines = list(_rows(quality_linkage.linkage(rows, RUN, EN)))
    assert ["District 1", "16", "too few", "–", "–", "–"] in lines
    assert ["Not known", "200", "90.0%", "75.0%", "0", "7.6"] in lines
    assert ["Other senders", "200", "90.0%", "75.0%", "<0.1", "7.6"] in lines
    assert ["Stroke", "71%", "0%", "4%"] in lines


def number(**changes: Any) -> dict[str, Any]:
    row = {
        "number": "phone", "fault": "malformed", "source": "clinic", "treatment": "unused", "written": 100, "found": 9,
        "share": 0.09, "name": "The number does not have the form it must have.", "state": "shown", "reason": None,
    }  # fmt: skip
    return {**row, **changes}


def test_faults_of_numbers_are_summed_over_senders_and_the_worst_is_named() -> None:
    rows = pl.DataFrame(
        [
            number(),
            number(source="register", written=900, found=1, share=1 / 900),
            number(fault="placeholder", found=0, share=0.0, name="A filler."),
            number(
                number="national_id", fault="sex_differs", treatment="warns", found=0, share=0.0, name="Sex."
            ),
        ]
    )
    [line] = _rows(quality_linkage.numbers(rows, 3, EN))
    assert line[2:4] == ["10", "1.0%"]
    assert "most: clinic, 9.0%" in line
    assert line[-1] == EN("quality.number_unused")
    text = told(quality_linkage.numbers(rows, 3, EN))
    assert "more than ten people stand, by name and year of birth: 3." in text
    assert "not found: a filler (telephone number); sex (identity number)." in text
    assert quality_linkage.numbers_title(rows, 3, EN) == "Numbers of people: 10 of 1,100 cannot be used"
    assert quality_linkage.numbers_title(rows.clear(), 0, EN) == EN("quality.numbers_title_nothing")
    assert told(quality_linkage.numbers(rows.clear(), 0, EN)) == EN("quality.numbers_nothing")


def test_a_tiny_share_of_numbers_is_not_told_as_none() -> None:
    rows = pl.DataFrame([number(written=300_000, found=1, share=1 / 300_000)])
    assert "<0.001%" in told(quality_linkage.numbers(rows, 0, EN))


@pytest.mark.parametrize("text", [VI, EN])
def test_linkage_and_numbers_have_their_sheets(text: Any) -> None:
    build = Build(
        build_id="b", extract_date=date(2024, 12, 31), created=date(2025, 1, 1), is_synthetic=False,
        is_latest=True, days_old=1,
    )  # fmt: skip
    about = About(build, (), text)
    ill = of_the_ill("stroke", linked_share=0.71, differs="less")
    sheet = quality_linkage_sheets.linkage(links(ill), RUN, about)
    assert [row["group"] for row in sheet.rows] == [
        text("quality.senders_others"), text("quality.senders_register"), "Stroke",
    ]  # fmt: skip
    assert sheet.rows[2]["way"] == text("quality.way_less")
    faults = quality_linkage_sheets.numbers(pl.DataFrame([number()]), 4, about)
    assert [row["found"] for row in faults.rows] == [9, 4]


def test_who_may_see_which_groups_of_references(server: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server
    places = [linked(dimension="district", group_name=code) for code in ("760", "761", None)]
    rows = links(*places, of_the_ill("stroke", linked_share=0.7)).drop("name")
    monkeypatch.setattr(data, "_rows", lambda ask, selection: rows)
    chosen = _opened("en").selection

    def seen(viewer: Viewer) -> list[tuple[str, str | None]]:
        found = data.linkage(chosen, viewer).filter(pl.col("dimension") != "all")
        return list(found.select("dimension", "name").iter_rows())

    everybody = [
        ("district", "District 1"),
        ("district", "District 12"),
        ("district", None),
        ("condition", "Stroke"),
    ]
    assert seen(Viewer()) == everybody
    assert seen(ONE) == [everybody[0], everybody[3]]
    assert seen(Viewer(role="admin")) == everybody[:3]


def test_a_build_without_register_or_numbers_says_so(server: Flask) -> None:
    assert server
    chosen = _opened("en").selection
    rows, run = data.linkage(chosen, Viewer()), data.linkage_run(chosen)
    assert run is not None
    assert EN("quality.linkage_alone") in told(quality_linkage.linkage(rows, run, EN))
    others = rows.filter(pl.col("senders") == "others")
    assert told(quality_linkage.linkage(others, run, EN)) == EN("quality.linkage_no_register_text")
    body = quality_linkage.numbers(data.numbers(chosen), data.numbers_lent(chosen), EN)
    assert told(body) == EN("quality.numbers_nothing")
    answer = server.test_client().get("/export/quality/linkage.csv?lang=en")
    assert answer.status_code == 200
    assert "the register holds 0 people more than once" in answer.data.decode("utf-8-sig")


def _rows(component: Any) -> Iterator[list[str]]:
    """Cells of the rows of all tables, without the titles of their parts."""
    if isinstance(component, Plain):
        for node in component.tree:
            yield from _rows_of_tree(node)
    elif isinstance(component, list | tuple):
        for part in component:
            yield from _rows(part)
    elif component is not None and not isinstance(component, str):
        yield from _rows(getattr(component, "children", None))


def _rows_of_tree(node: Any) -> Iterator[list[str]]:
    if not isinstance(node, list):
        return
    element, _, children = node
    if element == "tr" and children[0][1].get("scope") == "row":
        yield [text for cell in children for text in texts_of_tree(cell)]
        return
    for child in children:
        yield from _rows_of_tree(child)


def test_every_word_the_data_may_need_is_there() -> None:
    needed = {f"table_{name}" for name in load_contracts()}
    needed |= {f"rule_{rule.rule}" for item in load_contracts().values() for rule in rules(item)[0]}
    needed |= {f"treatment_{name}" for name in TREATMENTS} | {f"basis_{name}" for name in BASES}
    needed |= {f"cause_{name}" for name in CAUSES} | {f"by_{name}" for name in links_of.DIMENSIONS}
    needed |= {f"senders_{name}" for name in (links_of.REGISTER, links_of.OTHERS)}
    needed |= {f"{name}_{way}" for name in ("way", "linkage") for way in (links_of.LESS, links_of.MORE)}
    needed |= {f"number_{name}" for name in (*numbers_of.KINDS, numbers_of.UNUSED, numbers_of.WARNS)}
    assert {name for name in needed if f"quality.{name}" not in VI.catalogue} == set()
    assert {rule.rule for item in load_contracts().values() for rule in rules(item)[0]} <= set(
        quality_parts.RULES
    )
    assert set(check_table()["kind"]) <= set(KINDS)


@pytest.mark.parametrize("text", [VI, EN])
def test_sheets_carry_the_rows_of_the_cards(server: Flask, text: Any) -> None:
    assert server
    chosen = QualitySelection(language=text.language, build=_opened(text.language).selection.build)
    about = About(data.build(chosen), (), text)
    sheet = quality_sheets.checks(data.checks(chosen, Viewer()), about)
    assert len(sheet.rows) == check_table().height
    assert {row["name"] for row in sheet.rows} == set(check_table()[f"name_{text.language}"])
    assert (
        len(quality_sheets.coverage(data.coverage(chosen, Viewer()), data.register(chosen), about).rows) == 23
    )


def test_the_file_of_the_checks_has_no_effect_where_the_page_has_none(server: Flask) -> None:
    answer = server.test_client().get("/export/quality/checks.csv?lang=en")
    lines = [line for line in answer.data.decode("utf-8-sig").splitlines() if not line.startswith("# ")]
    rows = list(csv.DictReader(lines))

    assert answer.status_code == 200
    assert {row["check_id"] for row in rows} == set(check_table()["check_id"])
    assert {row["effect_points"] for row in rows if row["state"] == "suppressed"} <= {""}
    assert server.test_client().get("/export/quality/refusals.xlsx?lang=vi").status_code == 200


def test_a_viewer_of_one_district_sees_it_and_the_city(server: Flask) -> None:
    assert server
    chosen = _opened("en").selection
    assert set(data.coverage(chosen, ONE)["district"]) == {"city", "760"}
    assert set(data.digits(chosen, ONE)["district"]) <= {"city", "760"}
    lines = data.completeness(chosen, ONE)
    assert [code for code, _, _ in lines] == ["city", "760"]
    assert set(lines[0][2]) == set(SECTIONS)


def test_a_role_without_health_numbers_sees_checks_and_no_effects(server: Flask) -> None:
    assert server
    rows = data.checks(_opened("en").selection, Viewer(role="admin"))
    assert rows["effect_points"].null_count() == rows.height == check_table().height
    assert quality_parts.why_hidden({**rows.row(0, named=True), "findings": 1}, EN) == EN(
        "quality.hidden_role"
    )


def test_an_unknown_build_falls_back_and_a_language_is_kept(server: Flask) -> None:
    assert server
    opened = data.open_page({"build": "20200101-00000000", "lang": "en"}, Viewer(), "en")
    assert opened is not None
    assert [item.name for item in opened.fallbacks] == ["build"]
    assert resolve({"theme": "pink"}, build="b", language="vi")[0].theme == "light"


def test_the_definition_explains_every_card() -> None:
    terms = [part for part in quality_parts.definition(VI)._traverse() if isinstance(part, html.Dt)]
    assert len(terms) == 8


def _opened(language: str) -> Any:
    opened = data.open_page({}, Viewer(), language)
    assert opened is not None
    return opened
