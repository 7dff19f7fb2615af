"""The page of non-communicable diseases as a person meets it: map, click, URL, keyboard, phone, both languages."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
DEFINITION = "variant=measured_twice"
#: Order of drawing: the shown districts by code, then the hidden, then the empty ones.
PATHS = "#ncd-map-city .choroplethlayer path.choroplethlocation"


def ready(page: Page) -> Page:
    """Wait for the map and the sentence."""
    expect(page.locator(PATHS).first).to_be_visible()
    expect(page.locator("#ncd-lead")).to_contain_text("95")
    return page


def centre_of_district_1(page: Page) -> tuple[float, float]:
    """Where a person would point; plotly listens on a sheet above the outlines."""
    box = page.locator("#ncd-map-inner path.choroplethlocation").first.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize(
    ("language", "title", "value"),
    [
        ("vi", "Tăng huyết áp", "34,8\u00a0% (khoảng tin cậy 95 %"),
        ("en", "Hypertension", "34.8% (95% confidence interval"),
    ],
)
def test_the_page_answers_its_question_in_both_languages(
    open_page: OpenPage, language: str, title: str, value: str
) -> None:
    page = ready(open_page(f"/ncd?lang={language}&{DEFINITION}"))

    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    expect(page.locator("#ncd-lead")).to_contain_text(value)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator(PATHS)).to_have_count(22)
    page.wait_for_function("document.fonts.status === 'loaded'")
    assert page.evaluate("document.fonts.check('16px \"Be Vietnam Pro\"')")


def test_a_hidden_district_is_hatched_and_an_empty_one_white(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?{DEFINITION}"))
    fills = page.locator(PATHS).evaluate_all("paths => paths.map(path => getComputedStyle(path).fill)")

    assert sum("hatch" in fill for fill in fills) == 1
    assert sum(fill == "rgb(255, 255, 255)" for fill in fills) == 19


def test_hover_tells_value_and_interval(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}"))
    page.mouse.move(*centre_of_district_1(page))

    expect(page.locator("#ncd-map-inner .hoverlayer")).to_contain_text("95% CI")


def test_a_click_on_a_district_selects_it_and_back_leaves_it(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}"))
    page.mouse.click(*centre_of_district_1(page))

    expect(page).to_have_url(re.compile("district=760"))
    expect(page.locator("#ncd-place")).to_contain_text("District 1")
    expect(page.locator("#ncd-place")).to_contain_text("43 of 80")
    expect(page.locator("#ncd-district")).to_have_value("District 1")

    page.go_back()
    expect(page.locator("#ncd-place")).to_be_empty()
    expect(page.locator("#ncd-district")).to_have_value("")
    assert "district=" not in page.url

    page.go_forward()
    expect(page.locator("#ncd-place")).to_contain_text("District 1")


def test_the_strip_leads_back_to_the_whole_city(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}&district=760"))
    back = page.get_by_role("button", name="Show the whole city").and_(page.locator("#ncd-whole-city"))
    expect(page.locator("#ncd-curve-title")).to_contain_text("District 1")
    back.focus()
    page.keyboard.press("Enter")

    expect(page.locator("#ncd-place")).to_be_empty()
    expect(back).to_be_hidden()
    expect(page.locator("#ncd-curve-title")).to_contain_text("Whole city")
    assert "district=" not in page.url


def test_a_click_on_a_cell_of_the_overview_chooses_its_district(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}"))
    marks = page.locator("#ncd-matrix-graph .textpoint")
    expect(marks.first).to_be_visible()
    expect(page.locator("#ncd-matrix-legend li").first).to_be_visible()
    marks.first.scroll_into_view_if_needed()
    box = marks.first.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    expect(page).to_have_url(re.compile("district=760"))
    expect(page.locator("#ncd-place")).to_contain_text("District 1")


def test_the_standard_is_asked_for_only_when_it_is_used(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}"))
    expect(page.locator("#ncd-standard")).to_be_hidden()
    page.get_by_text("Age-standardised", exact=True).click()
    page.locator("#ncd-standard").click()
    page.get_by_role("option", name="Vietnam").click()

    expect(page).to_have_url(re.compile("standard=vietnam"))
    expect(page.locator("#ncd-definition")).to_contain_text("Vietnam")
    expect(page.locator("#ncd-caution")).to_contain_text("Standardising")


def test_the_histogram_follows_the_condition_and_can_be_changed(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}"))
    expect(page.locator("#ncd-distribution-title")).to_contain_text("Systolic pressure")
    expect(page.locator("#ncd-distribution-classes")).to_contain_text("QĐ 3192")
    page.locator("#ncd-quantity").get_by_text("Diastolic", exact=True).click()

    expect(page).to_have_url(re.compile("quantity=diastolic"))
    # Everybody of the small city has the same diastolic pressure: one class of all would tell it of each of them.
    expect(page.locator("#ncd-distribution-title")).to_have_text("Diastolic: no distribution can be shown")
    expect(page.locator("#ncd-distribution-classes")).to_contain_text("Hidden for privacy")


def test_a_pasted_link_shows_the_same(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}"))
    page.get_by_text("Female", exact=True).first.click()
    expect(page).to_have_url(re.compile("sex=female"))
    expect(page.locator("#ncd-lead")).to_contain_text("women")
    page.get_by_text("Age-standardised", exact=True).click()
    expect(page).to_have_url(re.compile("estimator=standardised"))
    expect(page.locator("#ncd-caution")).to_contain_text("Standardising")

    again = open_page(page.url.removeprefix(page.evaluate("location.origin")))
    expect(again.locator("#ncd-lead")).to_have_text(page.locator("#ncd-lead").inner_text())
    assert again.locator("input[value=female]").is_checked()
    assert again.locator("input[value=standardised]").is_checked()


def test_changing_the_condition_changes_its_definitions(open_page: OpenPage) -> None:
    page = ready(open_page("/ncd?lang=en&condition=hypertension"))
    page.locator("#ncd-condition").click()
    page.get_by_role("option", name="Overweight and obesity").click()

    expect(page).to_have_url(re.compile("condition=bmi&variant=who_overweight_25plus"))
    expect(page.locator("#ncd-variant")).to_have_value(re.compile("25"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Overweight")


def test_the_focus_stays_in_the_control(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}"))
    page.locator("#ncd-sex input[value=both]").focus()
    page.keyboard.press("ArrowRight")

    expect(page).to_have_url(re.compile("sex=male"))
    expect(page.locator("#ncd-lead")).to_contain_text("men aged")
    assert page.evaluate("document.activeElement.value") == "male"


def test_an_unknown_value_falls_back_and_says_so(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}&sex=x<b>&period=1999Q1"))

    expect(page.locator("#notices")).to_contain_text("no sex “x<b>”; showing Both")
    expect(page.locator("#notices")).to_contain_text("no quarter “1999Q1”")
    expect(page).to_have_url(re.compile("sex=both"))


def test_the_table_twin_says_the_same_as_the_map(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}"))
    card = page.locator("[data-card=ncd-map]")
    card.get_by_role("button", name="Table").click()

    expect(card.get_by_role("row", name=re.compile("^District 1 "))).to_contain_text("53.8%")
    expect(page.locator("#ncd-map-chart")).to_be_hidden()
    expect(card.get_by_role("row", name=re.compile("Gò Vấp"))).to_contain_text("Hidden for privacy")
    expect(card.get_by_role("row")).to_have_count(24)

    page.locator("#ncd-sex").get_by_text("Male", exact=True).click()
    expect(card.get_by_role("row", name=re.compile("^Whole city "))).to_contain_text("111")
    card.get_by_role("button", name="Table").click()
    expect(page.locator("#ncd-map-chart")).to_be_visible()


def test_tiles_show_the_same_district_and_can_be_clicked(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}"))
    page.get_by_text("Equal tiles", exact=True).click()
    expect(page).to_have_url(re.compile("map=tiles"))
    tile = page.locator("#ncd-map-tiles .textpoint", has_text="D. 1").first
    expect(tile).to_contain_text("54%")
    box = tile.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    expect(page.locator("#ncd-place")).to_contain_text("District")


def test_downloads_carry_the_filters(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}&sex=female"))
    card = page.locator("[data-card=ncd-compare]")
    for form, says in (
        ("CSV", b"Sex: Female"),
        ("SVG", b"Sex: Female"),
        ("XLSX", b"PK"),
        ("PNG", b"\x89PNG"),
    ):
        card.locator("summary").click()
        with page.expect_download() as download:
            card.locator(".menu-list").get_by_text(form, exact=True).click()
        content = Path(download.value.path()).read_bytes()
        assert says in content, form
        assert len(content) > 1000, form
        assert download.value.suggested_filename.endswith(form.lower())


def test_the_theme_is_remembered_and_not_in_the_link(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}", scheme="light"))
    light = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    page.get_by_role("button", name="Light or dark").click()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("#ncd-compare-graph .point").first).to_have_css("fill", "rgb(92, 196, 182)")
    assert page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") != light
    assert "theme" not in page.url
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    ready(page)


def test_the_keyboard_reaches_every_control_and_action(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}"))
    reached = set()
    for _ in range(90):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                """() => { const e = document.activeElement;
                const card = e.closest('[data-card]');
                const name = card ? card.dataset.card + ' ' + e.className : e.getAttribute('name') || e.className;
                return e.id || name; }"""
            )
        )
    for name in ("ncd-condition", "ncd-variant", "ncd-ages", "ncd-period", "ncd-district"):
        assert name in reached
    for card in ("map", "compare", "curve", "trend", "distribution", "matrix"):
        assert f"ncd-{card} action" in reached
    card = page.locator("[data-card=ncd-map]")
    card.get_by_role("button", name="Table").focus()
    page.keyboard.press("Enter")
    expect(card.get_by_role("table")).to_be_visible()
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(card.get_by_text("PNG", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(card.get_by_text("PNG", exact=True)).to_be_hidden()


def test_the_district_search_ignores_diacritics(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=vi&{DEFINITION}"))
    page.locator("#ncd-district").click()
    page.locator("#ncd-district").fill("go vap")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("district=764"))
    expect(page.locator("#ncd-place")).to_contain_text("Ẩn để giữ riêng tư")


def test_the_other_language_opens_in_the_same_state(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=vi&{DEFINITION}"))
    page.get_by_text("Nữ", exact=True).first.click()
    expect(page).to_have_url(re.compile("sex=female"))
    page.get_by_role("link", name="EN").click()

    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#ncd-lead")).to_contain_text("women")


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("path", ["/ncd?variant=measured_twice&district=760", "/?map=tiles"])
def test_a_phone_does_not_scroll_sideways(open_page: OpenPage, language: str, path: str) -> None:
    page = open_page(f"{path}&lang={language}", width=360, height=780)
    expect(page.locator(".waiting")).to_have_count(0)
    expect(page.locator(".main-svg").locator("visible=true").first).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_a4_print_keeps_every_card_and_drops_the_controls(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}", width=794, height=1123))
    page.emulate_media(media="print")

    expect(page.locator(".controls")).to_be_hidden()
    expect(page.locator(".navigation")).to_be_hidden()
    expect(page.locator("#ncd-filters")).to_contain_text("Condition: Hypertension")
    for card in ("map", "compare", "curve", "trend", "distribution", "matrix"):
        expect(page.locator(f"[data-card=ncd-{card}]")).to_be_visible()
    assert len(page.pdf(format="A4")) > 10_000


def test_a_page_that_is_not_there_says_so(open_page: OpenPage) -> None:
    page = open_page("/nothing?lang=en")

    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    page.get_by_role("link", name="Go to the overview").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Whole city")
