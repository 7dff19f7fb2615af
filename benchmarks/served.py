"""``hssk serve`` over a data folder on a free port, and a Chromium beside it: for measurements and pictures."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
SECONDS_TO_START = 60
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]


@contextmanager
def served(home: Path) -> Iterator[str]:
    """The address of a server over ``home`` with two workers; stopped by SIGTERM afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "hssk", "serve", "--port", str(port), "--workers", "2"]
    environment = {**os.environ, "HSSK_HOME": str(home.resolve())}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/healthz", process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium of this machine: ``HSSK_CHROMIUM``, else the first known name on the path."""
    named = os.environ.get("HSSK_CHROMIUM")
    path = named or next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline, between = time.monotonic() + SECONDS_TO_START, threading.Event()
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with code {process.returncode} before it answered")
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310  # an address of this process's own making
                return
        except (urllib.error.URLError, ConnectionError):
            between.wait(0.05)
    raise RuntimeError(f"no answer from {url}")
