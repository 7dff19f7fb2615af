"""A real server on a free port, a real browser, and a page that fails on any request to another host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, ViewportSize, expect

from benchmarks.served import chromium, served
from tests.support.home import environment
from tests.support.shared import copied

#: Two browsers and their servers share two cores while the tests run; a person waits on one.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def address(small_city: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``hssk serve`` over the small city."""
    yield from serving(copied(small_city, tmp_path_factory.mktemp("city")).home)


def serving(home: Path) -> Iterator[str]:
    """``hssk serve`` over ``home`` with the keys of the tests."""
    with served(home, environment(home)) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


OpenPage = Callable[..., Page]
#: Width, height, colour scheme of the system.
Screen = tuple[int, int, Literal["dark", "light"]]


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> dict[Screen, BrowserContext]:
    """One per screen, for all tests: each page finds in the cache the scripts that the one before it fetched."""
    return {}


@pytest.fixture
def open_page(browser: Browser, contexts: dict[Screen, BrowserContext], address: str) -> Iterator[OpenPage]:
    """``open_page("/ncd?lang=en", width=360)``; afterwards no console error and no foreign request may have been.

    Nothing a page stored is left for the next test.
    """
    faults: list[str] = []

    def note_request(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            faults.append(f"request to {request.url}")

    def opened(
        path: str, *, width: int = 1440, height: int = 1000, at: str = address, scheme: str = "light"
    ) -> Page:
        screen: Screen = (width, height, "dark" if scheme == "dark" else "light")
        if screen not in contexts:
            contexts[screen] = browser.new_context(
                locale="vi-VN",
                viewport=ViewportSize(width=width, height=height),
                color_scheme=screen[2],
                accept_downloads=True,
            )
        page = contexts[screen].new_page()
        page.on("request", note_request)
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(at + path)
        return page

    yield opened
    for context in contexts.values():
        for page in context.pages:
            page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
            page.close()
        context.clear_cookies()
    assert faults == []
