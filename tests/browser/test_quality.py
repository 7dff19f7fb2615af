"""The quality page as a steward meets it: sentence, checks, dots, twin of every card, files, phone."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serving
from tests.support.city import synthetic_home

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
CARDS = ("arrivals", "refusals", "checks", "linkage", "numbers", "digits", "completeness", "coverage")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small synthetic city: it has defects, sections, an official count."""
    yield from serving(
        synthetic_home(tmp_path_factory.mktemp("quality"), population=4_000, seed=3, scenario="hostile")
    )


def ready(page: Page) -> Page:
    expect(page.locator("#quality-digits-systolic .main-svg").first).to_be_visible()
    expect(page.locator(".waiting")).to_have_count(0)
    return page


@pytest.mark.parametrize(
    ("language", "text"), [("vi", "phép kiểm có phát hiện mới"), ("en", "checks found something new")]
)
def test_the_first_sentence_answers(open_page: OpenPage, language: str, text: str) -> None:
    page = ready(open_page(f"/quality?lang={language}"))

    expect(page.get_by_role("heading", level=1)).to_contain_text(text)
    expect(page.locator(".navigation a[aria-current]")).to_have_attribute("href", re.compile("/quality"))
    expect(page.locator("#quality-checks-body tbody tr").first).to_be_visible()


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_nothing_is_wider_than_the_screen(open_page: OpenPage, language: str, width: int) -> None:
    page = ready(open_page(f"/quality?lang={language}", width=width))

    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_every_card_has_its_table_and_only_figures_their_pictures(open_page: OpenPage) -> None:
    page = ready(open_page("/quality?lang=en"))
    for card in CARDS:
        page.locator(f'[data-card-view="quality-{card}"]').click()
        expect(page.locator(f"#quality-{card}-table table")).to_be_visible()

    expect(page.locator('[data-picture="png"]')).to_have_count(2)


def test_checks_come_as_a_file(open_page: OpenPage, tmp_path: Path) -> None:
    page = ready(open_page("/quality?lang=en"))
    page.locator('[data-card="quality-checks"] .menu summary').click()
    with page.expect_download() as download:
        page.locator('[data-card="quality-checks"] [data-export="csv"]').click()
    download.value.save_as(tmp_path / "checks.csv")

    assert "pressure_swapped" in (tmp_path / "checks.csv").read_text(encoding="utf-8-sig")


def test_hover_tells_share_interval_and_readings(open_page: OpenPage) -> None:
    page = ready(open_page("/quality?lang=en"))
    page.locator("#quality-digits-systolic .points path").last.hover(force=True)

    expect(page.locator("#quality-digits-systolic .hoverlayer")).to_contain_text("readings")
