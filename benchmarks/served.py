"""``hssk serve`` over a data folder on a free port, and a Chromium beside it: for measurements, pictures, tests."""

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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
SECONDS_TO_START = 60
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]


#: Counts questions under way and notes the moment of the last press; :data:`SETTLED` needs it on the page.
WATCH = """(() => {
  window.__watch = { pending: 0, pressed: 0 };
  const ask = window.fetch;
  window.fetch = function () {
    window.__watch.pending += 1;
    return ask.apply(this, arguments).finally(() => { window.__watch.pending -= 1; });
  };
  const press = () => { window.__watch.pressed = performance.now(); };
  document.addEventListener('pointerdown', press, true);
  document.addEventListener('keydown', press, true);
})()"""
#: Waits until nothing is asked, nothing loads and figures are drawn; gives the moment of the first quiet frame.
SETTLED = """() => new Promise(done => {
  let quiet = 0, first = 0;
  const look = () => {
    const busy = window.__watch.pending > 0
      || document.querySelector('[data-dash-is-loading="true"], .waiting')
      || !document.querySelector('h1')
      || (document.querySelector('.graph') && !document.querySelector('.main-svg'));
    if (busy) quiet = 0; else if (++quiet === 1) first = performance.now();
    quiet > 6 ? done(first) : requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""


@contextmanager
def served(home: Path, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """The address of a server over ``home`` with two workers; stopped by SIGTERM afterwards, which it has to survive.

    ``environment``: of the server, that of this process where none is given.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "hssk", "serve", "--port", str(port), "--workers", "2"]
    variables = {**(environment or os.environ), "HSSK_HOME": str(home.resolve())}
    process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/healthz", process)
        yield address
    finally:
        process.terminate()
        if code := process.wait(timeout=20):
            raise RuntimeError(f"the server ended with code {code} when it was asked to stop")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium of this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield browser
        browser.close()


def chromium_path() -> str | None:
    """Where it is: ``HSSK_CHROMIUM``, else the first known name on the path."""
    named = os.environ.get("HSSK_CHROMIUM")
    candidates = (named,) if named else CHROMIUM_NAMES
    return next((path for name in candidates if (path := shutil.which(name))), None)


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
