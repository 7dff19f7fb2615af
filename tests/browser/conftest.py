"""A real server on a free port, a real browser, and a page that fails on any request to another host."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, ViewportSize, expect, sync_playwright

from tests.support.city import city_home
from tests.support.home import environment
from tests.support.tools import chromium_path
from tests.support.tree import ROOT

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
SECONDS_TO_START = 60
#: Two browsers and their servers share two cores while the tests run; a person waits on one.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``hssk serve`` over the small city."""
    home = city_home(tmp_path_factory.mktemp("city"))
    yield from serving(home)


def serving(home: Path) -> Iterator[str]:
    """Start ``hssk serve`` on a free port, wait until it answers, stop it by SIGTERM."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "hssk", "serve", "--port", str(port), "--workers", "2"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(home))
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/healthz", process)
        yield address
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Ask until the server answers; a server that ended is a failure at once."""
    deadline, between = time.monotonic() + SECONDS_TO_START, threading.Event()
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended before it answered"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            between.wait(0.05)
    raise AssertionError(f"no answer from {url}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[OpenPage]:
    """``open_page("/ncd?lang=en", width=360)``; afterwards no console error and no foreign request may have been."""
    faults: list[str] = []
    contexts: list[BrowserContext] = []

    def note_request(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            faults.append(f"request to {request.url}")

    def opened(
        path: str, *, width: int = 1440, height: int = 1000, at: str = address, scheme: str = "light"
    ) -> Page:
        size = ViewportSize(width=width, height=height)
        dark: Literal["dark", "light"] = "dark" if scheme == "dark" else "light"
        context = browser.new_context(locale="vi-VN", viewport=size, color_scheme=dark, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.on("request", note_request)
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(at + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []
