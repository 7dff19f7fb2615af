"""The rollout page, the way from a number to its method, the estimates beside the truth, the models; in a browser."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serving
from tests.support.shared import copied

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def address(fitted_city: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small synthetic city with targets, estimates and its truth."""
    yield from serving(copied(fitted_city, tmp_path_factory.mktemp("rollout")).home)


def ready(page: Page) -> Page:
    expect(page.locator(".main-svg").first).to_be_visible()
    expect(page.locator(".waiting")).to_have_count(0)
    return page


def test_it_says_how_far_the_records_have_come(open_page: OpenPage) -> None:
    page = ready(open_page("/rollout?lang=en"))

    expect(page.get_by_role("heading", level=1)).to_contain_text("with every mandatory section")
    expect(page.locator("[data-card]")).to_have_count(6)
    expect(page.locator("#rollout-plan-title")).to_contain_text(re.compile(r"reached: \d+; not reached: \d+"))
    expect(page.locator("#rollout-curves-title")).to_contain_text("under the line of their plan")


def test_a_district_opens_its_wards(open_page: OpenPage) -> None:
    page = ready(open_page("/rollout?lang=vi&split=ward"))
    expect(page.locator("#rollout-split-subtitle")).to_contain_text("Hãy chọn một quận, huyện")

    page.locator("#rollout-district").click()
    page.locator("#rollout-district").fill("binh chanh")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("district=785"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bình Chánh")
    expect(page.locator("#rollout-split-title")).to_contain_text("Xã ")


def test_a_pasted_link_shows_the_same_and_the_phone_does_not_scroll_sideways(open_page: OpenPage) -> None:
    page = ready(open_page("/rollout?lang=en&phase=p2&group=child&source=bhxh&split=phase", width=360))

    expect(page.locator("#rollout-plan-subtitle")).to_contain_text("Phase 2")
    expect(page.locator("#rollout-source")).to_have_value("Health insurance")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_a_hundred_units_fill_a_sheet_of_paper_and_no_more(open_page: OpenPage) -> None:
    """Each line keeps its name: they are smaller where lines are closer than names are high."""
    page = ready(open_page("/rollout?lang=en&geography=unit"))
    expect(page.locator("#rollout-heat-graph .ytick")).to_have_count(102)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")

    sheet = 273 / 25.4 * 96
    card = page.locator("[data-card=rollout-heat]").bounding_box()
    assert card
    assert card["height"] <= sheet
    names = page.locator("#rollout-heat-graph .ytick text")
    expect(names).to_have_count(102)
    size = names.first.evaluate("name => parseFloat(getComputedStyle(name).fontSize)")
    tops = sorted(box["y"] for name in names.all()[:3] if (box := name.bounding_box()))
    assert 6 <= size <= tops[1] - tops[0]


def test_every_card_gives_its_table(open_page: OpenPage) -> None:
    page = ready(open_page("/rollout?lang=en"))
    for button in page.locator("[data-card-view]").all():
        button.click()
    expect(page.locator(".card-table table")).to_have_count(6)


def test_from_a_number_to_the_rules_and_the_sql_that_made_it(open_page: OpenPage) -> None:
    page = ready(open_page("/ncd?lang=en"))
    page.get_by_role("link", name="In full: rules, SQL, extract files").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("What each number is")
    asked = page.locator(".methods-asked")
    expect(asked).to_contain_text("raised_twice")
    expect(asked.get_by_text("at least 2 day(s), 1–365 days apart, in the last 730 days")).to_be_visible()
    asked.get_by_text("mart_case", exact=True).click()
    expect(asked.locator("pre").first).to_contain_text("select")


def test_the_four_estimates_stand_beside_the_truth_which_can_be_hidden(open_page: OpenPage) -> None:
    page = ready(open_page("/ncd?lang=en&estimator=modelled"))

    expect(page.locator("#ncd-convergence-title")).to_contain_text("the truth of this synthetic city")
    expect(page.locator("#ncd-readiness")).to_contain_text(re.compile("Ready|caution|Not ready"))
    page.get_by_text("Without the truth").click()
    expect(page.locator("#ncd-convergence-title")).not_to_contain_text("truth of this")
    expect(page).to_have_url(re.compile("truth=hidden"))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_models_page_holds_every_estimate_against_the_truth(open_page: OpenPage, language: str) -> None:
    page = ready(open_page(f"/models?lang={language}&condition=bmi", width=360))

    expect(page.locator(".reliance > li")).to_have_count(5)
    expect(page.locator(".chip-on")).to_have_count(1)
    expect(page.locator("#models-against-frame .main-svg").first).to_be_visible()
    expect(page.locator("#models-fits tbody tr").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_the_panels_give_their_rows_as_a_table_and_as_a_file(open_page: OpenPage) -> None:
    page = ready(open_page("/models?lang=en&condition=hypertension"))
    page.locator("[data-card-view]").click()
    expect(page.locator(".card-table tbody tr")).to_have_count(5 * 23)

    page.locator(".menu summary").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="CSV").click()
    rows = Path(saved.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert sum("modelled" in row for row in rows) == 23
    assert any("true" in row.split(",") for row in rows)
