"""Every page against WCAG 2.2 AA by axe-core: both languages, light and dark, wide and on a phone."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
PATHS = {
    "overview": "/?",
    "rollout": "/rollout?",
    "ncd": "/ncd?variant=measured_twice",
    "quality": "/quality?",
    "models": "/models?",
    "methods": "/methods?about=hypertension/recommended",
    "nothing": "/nowhere?",
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def faults(page: Page) -> list[str]:
    """Rule, impact and the first element of every violation."""
    # Of what passes axe need not name every element.
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{item['id']} ({item['impact']}): {item['help']}; {node['html'][:200]}"
        for item in found
        for node in item["nodes"][:3]
    ]


def settled(page: Page, name: str) -> Page:
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if name not in ("nothing", "methods", "models"):
        expect(page.locator(".main-svg").first).to_be_visible()
    if name != "nothing":
        expect(page.locator(".waiting")).to_have_count(0)
    return page


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_page: OpenPage, name: str, language: str, theme: str) -> None:
    page = settled(open_page(f"{PATHS[name]}&lang={language}", scheme=theme), name)

    assert faults(page) == []
    if theme == "light":  # no script of a page looks at its width, so the narrowed page is that of a phone
        page.set_viewport_size({"width": 360, "height": 1000})
        assert faults(page) == []


@pytest.mark.parametrize("name", ["overview", "ncd"])
def test_axe_finds_nothing_in_an_opened_table_and_menu(open_page: OpenPage, name: str) -> None:
    page = settled(open_page(f"{PATHS[name]}&lang=vi"), name)
    page.get_by_role("button", name="Bảng").first.click()
    expect(page.get_by_role("table").first).to_be_visible()

    assert faults(page) == []
