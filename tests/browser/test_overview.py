"""The overview as a leader meets it: sentences, phases, map, curve, attention, changes; phone, link, language."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serving
from tests.support.home import run_build
from warehouse.synthetic.city import EXTRACTS, synthesize

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small synthetic city, built twice: it has targets, and something that changed."""
    folder: Path = tmp_path_factory.mktemp("overview")
    for name, day in (("before", date(2024, 11, 30)), ("now", date(2024, 12, 31))):
        synthesize(folder / name, population=6_000, seed=2, as_of=day)
        run_build(folder / "home", folder / name / EXTRACTS)
    yield from serving(folder / "home")


def ready(page: Page) -> Page:
    expect(page.locator("#overview-map-city .choroplethlocation").first).to_be_visible()
    expect(page.locator(".waiting")).to_have_count(0)
    return page


def test_it_answers_whether_the_city_is_on_track(open_page: OpenPage) -> None:
    page = ready(open_page("/?lang=en"))

    expect(page.get_by_role("heading", level=1)).to_contain_text("plan due")
    expect(page.locator("#overview-phases .card")).to_have_count(3)
    expect(page.locator("[data-card=overview-steps] .step")).to_have_count(5)
    expect(page.locator("#overview-attention")).to_contain_text("District 1")
    expect(page.locator("#overview-changes")).to_contain_text(
        "Data from 30 November 2024 to 31 December 2024"
    )
    expect(page.locator("#banner")).to_contain_text("Synthetic data")


def test_a_phase_and_a_district_move_the_curve_and_the_link(open_page: OpenPage) -> None:
    page = ready(open_page("/?lang=en"))
    page.locator("#overview-phase").get_by_text("Phase 2", exact=True).click()
    expect(page).to_have_url(re.compile("phase=p2"))
    expect(page.locator("#overview-curve-subtitle")).to_contain_text("Phase 2")

    page.locator("#overview-district").click()
    page.locator("#overview-district").fill("go vap")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("district=764"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Gò Vấp")
    expect(page.locator("#overview-curve-title")).to_contain_text("Gò Vấp")

    again = open_page(page.url.removeprefix(page.evaluate("location.origin")))
    expect(again.locator("#overview-curve-title")).to_have_text(
        page.locator("#overview-curve-title").inner_text()
    )
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Whole city")


def test_attention_leads_to_the_district(open_page: OpenPage) -> None:
    page = ready(open_page("/?lang=vi"))
    page.locator("#overview-attention").get_by_role("link", name="Xem đường tiến độ").first.click()

    expect(page).to_have_url(re.compile("district=760"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Quận 1")


def test_the_table_of_weeks_ends_with_the_last_complete_week(open_page: OpenPage) -> None:
    page = ready(open_page("/?lang=en"))
    card = page.locator("[data-card=overview-curve]")
    card.get_by_role("button", name="Table").click()

    expect(card.get_by_role("row").last).to_contain_text("29 December 2024")


def test_units_stand_on_the_map_and_a_click_on_one_chooses_its_district(open_page: OpenPage) -> None:
    page = ready(open_page("/?lang=en"))
    page.locator("#overview-geography").get_by_text("Units of July 2025").click()
    expect(page.locator("#overview-map-city .choroplethlocation")).to_have_count(102)
    expect(page.locator("[data-card=overview-map]")).to_contain_text("102 of the 168 units")
    place = page.locator("#overview-map-inner .choroplethlocation").nth(30)
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page).to_have_url(re.compile("geography=unit.*district=7[0-9]{2}"))
    expect(page.locator("#overview-map-city .choroplethlocation")).to_have_count(103)  # and the ring


def test_the_other_language_keeps_the_state(open_page: OpenPage) -> None:
    page = open_page("/?lang=vi&phase=p3&map=tiles")
    expect(page.locator("#overview-map-tiles .textpoint").first).to_be_visible()
    page.get_by_role("link", name="EN").click()

    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page).to_have_url(re.compile("phase=p3"))
    expect(page.locator("#overview-curve-subtitle")).to_contain_text("Phase 3")
