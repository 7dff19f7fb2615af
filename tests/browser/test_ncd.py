"""The page of non-communicable diseases as a person meets it: map, click, URL, keyboard, phone, both languages."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
DEFINITION = "variant=measured_twice"
#: Order of drawing: the shown districts by code, then the hidden, then the empty ones.
PATHS = "#map-city .choroplethlayer path.choroplethlocation"


def ready(page: Page) -> Page:
    """Wait for the map and the sentence."""
    expect(page.locator(PATHS).first).to_be_visible()
    expect(page.locator("#lead")).to_contain_text("95")
    return page


def centre_of_district_1(page: Page) -> tuple[float, float]:
    """Where a person would point; plotly listens on a sheet above the outlines."""
    box = page.locator("#map-inner path.choroplethlocation").first.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize(
    ("language", "title", "value"),
    [
        ("vi", "Tăng huyết áp", "35,5\u00a0% (khoảng tin cậy 95 %"),
        ("en", "Hypertension", "35.5% (95% confidence interval"),
    ],
)
def test_the_page_answers_its_question_in_both_languages(
    open_page: OpenPage, language: str, title: str, value: str
) -> None:
    page = ready(open_page(f"/ncd?lang={language}&{DEFINITION}"))

    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    expect(page.locator("#lead")).to_contain_text(value)
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

    expect(page.locator("#map-inner .hoverlayer")).to_contain_text("95% CI")


def test_a_click_on_a_district_selects_it_and_back_leaves_it(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}"))
    page.mouse.click(*centre_of_district_1(page))

    expect(page).to_have_url(re.compile("district=760"))
    expect(page.locator("#profile-title")).to_contain_text("District 1")
    expect(page.locator("#profile-facts")).to_contain_text("40 of 80")
    expect(page.locator("#district")).to_have_value("District 1")

    page.go_back()
    expect(page.locator("#profile-title")).to_contain_text("Whole city")
    expect(page.locator("#district")).to_have_value("")
    assert "district=" not in page.url

    page.go_forward()
    expect(page.locator("#profile-title")).to_contain_text("District 1")


def test_a_pasted_link_shows_the_same(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}"))
    page.get_by_text("Female", exact=True).first.click()
    expect(page).to_have_url(re.compile("sex=female"))
    expect(page.locator("#lead")).to_contain_text("women")
    page.get_by_text("Age-standardised", exact=True).click()
    expect(page).to_have_url(re.compile("estimator=standardised"))
    expect(page.locator("#caution")).to_contain_text("Standardising")

    again = open_page(page.url.removeprefix(page.evaluate("location.origin")))
    expect(again.locator("#lead")).to_have_text(page.locator("#lead").inner_text())
    assert again.locator("input[value=female]").is_checked()
    assert again.locator("input[value=standardised]").is_checked()


def test_changing_the_condition_changes_its_definitions(open_page: OpenPage) -> None:
    page = ready(open_page("/ncd?lang=en&condition=hypertension"))
    page.locator("#condition").click()
    page.get_by_role("option", name="Overweight and obesity").click()

    expect(page).to_have_url(re.compile("condition=bmi&variant=who_overweight_25plus"))
    expect(page.locator("#variant")).to_have_value(re.compile("25"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Overweight")


def test_the_focus_stays_in_the_control(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}"))
    page.locator("input[name][value=both]").focus()
    page.keyboard.press("ArrowRight")

    expect(page).to_have_url(re.compile("sex=male"))
    expect(page.locator("#lead")).to_contain_text("men aged")
    assert page.evaluate("document.activeElement.value") == "male"


def test_an_unknown_value_falls_back_and_says_so(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}&sex=x<b>&period=1999Q1"))

    expect(page.locator("#notices")).to_contain_text("no sex “x<b>”; showing Both")
    expect(page.locator("#notices")).to_contain_text("no quarter “1999Q1”")
    expect(page).to_have_url(re.compile("sex=both"))


def test_the_table_says_the_same_as_the_map(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=en&{DEFINITION}"))
    page.get_by_text("Table", exact=True).click()

    expect(page).to_have_url(re.compile("view=table"))
    expect(page.locator("#charts")).to_be_hidden()
    row = page.get_by_role("row", name=re.compile("^District 1 "))
    expect(row).to_contain_text("50.0%")
    expect(page.get_by_role("row", name=re.compile("Gò Vấp"))).to_contain_text("Hidden for privacy")
    expect(page.get_by_role("row")).to_have_count(24)


def test_the_district_search_ignores_diacritics(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=vi&{DEFINITION}"))
    page.locator("#district").click()
    page.locator("#district").fill("go vap")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("district=764"))
    expect(page.locator("#profile-facts")).to_contain_text("Ẩn để giữ riêng tư")


def test_the_other_language_opens_in_the_same_state(open_page: OpenPage) -> None:
    page = ready(open_page(f"/ncd?lang=vi&{DEFINITION}"))
    page.get_by_text("Nữ", exact=True).first.click()
    expect(page).to_have_url(re.compile("sex=female"))
    page.get_by_role("link", name="EN").click()

    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#lead")).to_contain_text("women")


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("view", ["chart", "table"])
def test_a_phone_does_not_scroll_sideways(open_page: OpenPage, language: str, view: str) -> None:
    page = open_page(f"/ncd?lang={language}&{DEFINITION}&view={view}", width=360, height=780)
    expect(page.locator("#lead")).to_contain_text("95")
    expect(page.locator("#profile .errorbars").first).to_be_attached()

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_page_that_is_not_there_says_so(open_page: OpenPage) -> None:
    page = open_page("/nothing?lang=en")

    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    page.get_by_role("link", name="Go to Non-communicable diseases").click()
    ready(page)
