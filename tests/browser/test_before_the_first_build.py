"""A server without a build: the page says what to do, and shows the numbers once there are some."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serving
from tests.support.city import city_home

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="module")
def address(empty_home: Path) -> Iterator[str]:
    yield from serving(empty_home)


@pytest.mark.parametrize("path", ["/", "/rollout", "/ncd", "/quality", "/models", "/methods"])
def test_every_page_says_what_to_do(open_page: Callable[..., Page], path: str) -> None:
    page = open_page(f"{path}?lang=en")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing to show yet")


def test_a_build_published_meanwhile_is_shown_by_a_reload(
    open_page: Callable[..., Page], empty_home: Path
) -> None:
    page = open_page("/ncd?lang=en")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing to show yet")

    city_home(empty_home)  # the last test of the module: from here on there is something to show
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hypertension")
