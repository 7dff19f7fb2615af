"""The overview in a browser: the answer, a district chosen, a pasted link, the twin, the files, a phone, print."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser


def ready(page: Page) -> Page:
    """Wait until sentences and maps are there."""
    expect(page.locator("#overview-headline .waiting")).to_have_count(0)
    expect(page.locator("#overview-map-city .choroplethlayer path").first).to_be_attached()
    expect(page.locator("#overview-attention h2")).to_be_visible()
    return page


@pytest.mark.parametrize(("language", "title"), [("vi", "chưa có chỉ tiêu"), ("en", "without a target")])
def test_a_city_without_a_plan_is_told_so_in_both_languages(
    open_page: OpenPage, language: str, title: str
) -> None:
    page = ready(open_page(f"/?lang={language}"))

    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    expect(page.locator("#overview-phases .card")).to_have_count(3)
    expect(page.locator("html")).to_have_attribute("lang", language)
    assert "%" not in page.locator("#overview-phases").inner_text()


def test_a_first_build_says_that_there_is_none_to_compare_with(open_page: OpenPage) -> None:
    page = ready(open_page("/?lang=en"))

    expect(page.locator("#overview-changes")).to_contain_text("This is the first build")
    expect(page.locator("#overview-attention")).to_contain_text("nobody can be said to be behind")


def test_a_click_on_a_district_moves_numbers_and_curve_and_back_leaves_it(open_page: OpenPage) -> None:
    page = ready(open_page("/?lang=en"))
    created = page.locator("#overview-steps-created-caption")
    expect(created).to_contain_text("220")
    page.locator("#overview-map-inner").scroll_into_view_if_needed()
    box = page.locator("#overview-map-inner path.choroplethlocation").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    expect(page).to_have_url(re.compile("district=760"))
    expect(page.locator("#overview-curve-title")).to_contain_text("District 1")
    expect(created).to_contain_text("80")

    page.go_back()
    expect(page.locator("#overview-curve-title")).to_contain_text("Whole city")
    expect(created).to_contain_text("220")


def test_a_pasted_link_shows_the_same(open_page: OpenPage) -> None:
    page = ready(open_page("/?lang=en"))
    page.get_by_text("Phase 2", exact=True).click()
    expect(page).to_have_url(re.compile("phase=p2"))
    expect(page.locator("#overview-steps-subtitle")).to_contain_text("pregnant")

    again = ready(open_page(page.url.removeprefix(page.evaluate("location.origin"))))
    expect(again.locator("#overview-steps-subtitle")).to_have_text(
        page.locator("#overview-steps-subtitle").inner_text()
    )
    assert again.locator("input[value=p2]").is_checked()


def test_an_unknown_phase_falls_back_and_says_so(open_page: OpenPage) -> None:
    page = ready(open_page("/?lang=en&phase=p9"))

    expect(page.locator("#notices")).to_contain_text("p9")


@pytest.mark.parametrize("card", ["steps", "map", "curve"])
def test_every_card_has_its_table_and_its_file(open_page: OpenPage, card: str) -> None:
    page = ready(open_page("/?lang=en"))
    section = page.locator(f"[data-card=overview-{card}]")
    section.locator("[data-card-view]").click()

    expect(section.locator("table tbody tr").first).to_be_visible()
    expect(section.locator(".chart")).to_be_hidden()
    section.locator("details.menu summary").click()
    with page.expect_download() as waited:
        section.locator("a[data-export=csv]").click()
    text = Path(waited.value.path()).read_text(encoding="utf-8-sig")
    assert text.startswith("# ")
    assert "Phase: All phases" in text


def test_the_picture_of_the_headline_numbers_carries_the_numbers(open_page: OpenPage) -> None:
    page = ready(open_page("/?lang=en"))
    expect(page.locator("#overview-steps-created-caption")).to_contain_text("220")
    section = page.locator("[data-card=overview-steps]")
    section.locator("details.menu summary").click()
    with page.expect_download() as waited:
        section.locator("[data-picture=svg]").click()
    picture = Path(waited.value.path()).read_text(encoding="utf-8")

    assert ">220</text>" in picture
    assert "Records created" in picture


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_phone_does_not_scroll_sideways(open_page: OpenPage, language: str) -> None:
    page = ready(open_page(f"/?lang={language}", width=360, height=780))

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    phases = page.locator("#overview-phase")
    assert phases.evaluate("element => element.scrollWidth <= element.clientWidth + 1")


def test_print_leaves_out_the_controls_and_keeps_what_was_chosen(open_page: OpenPage) -> None:
    page = ready(open_page("/?lang=en&phase=p1"))
    page.emulate_media(media="print")

    expect(page.locator(".controls")).to_be_hidden()
    expect(page.locator("#overview-filters")).to_contain_text("Phase 1")
