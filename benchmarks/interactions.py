"""How long a reader waits: twelve kinds of interaction in Chromium, from the press to the last drawn frame.

    python -m benchmarks.interactions HOME [--times 15]

A press counts from the pointer or key event in the page to the first of two quiet frames after the last answer of
the server. Also counts the bytes of a first visit as they went over the wire. Writes
``benchmarks/report/interactions-<residents>.md`` and ``.json``; never judges.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, Request

from benchmarks.served import SETTLED, WATCH, chromium, served

PATHS = ("/?lang=vi", "/rollout?lang=vi", "/ncd?lang=vi")
REPORT = Path(__file__).resolve().parent / "report"


@dataclass(frozen=True)
class Timing:
    """One kind of interaction: milliseconds, sorted."""

    kind: str
    milliseconds: tuple[float, ...]

    @property
    def p50(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def p95(self) -> float:
        """The nearest rank."""
        return self.milliseconds[max(0, -(-95 * len(self.milliseconds) // 100) - 1)]


Press = Callable[[Page, int], None]


def _segment(name: str, values: tuple[str, ...]) -> Press:
    """Choose one of a row of values in turn."""

    def press(page: Page, turn: int) -> None:
        value = values[turn % len(values)]
        page.locator(f"#{name} input[value='{value}'] + label").click()

    return press


def _select(name: str) -> Press:
    """Open a list and choose its next entry."""

    def press(page: Page, turn: int) -> None:
        page.locator(f"#{name}").click()
        options = page.get_by_role("option")
        options.first.wait_for()
        options.nth((turn + 1) % options.count()).click()

    return press


def _map(page: Page, turn: int) -> None:
    paths = page.locator("[id$=map-inner] path.choroplethlocation")
    paths.nth(1 + turn % 8).scroll_into_view_if_needed()
    box = paths.nth(1 + turn % 8).bounding_box()
    if box:
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def _table(page: Page, turn: int) -> None:
    page.locator("[data-card-view]").nth(turn // 2 % 2).click()


ESTIMATORS = ("standardised", "weighted", "modelled", "misclassification", "crude")
SPLITS = ("ward", "phase", "group", "source", "district")
KINDS: dict[str, tuple[str, Press]] = {
    "overview: phase": ("/?lang=vi", _segment("overview-phase", ("p1", "p2", "p3", "all"))),
    "overview: kind of map": ("/?lang=vi", _segment("overview-map", ("tiles", "true"))),
    "overview: click a district": ("/?lang=vi", _map),
    "rollout: phase": ("/rollout?lang=vi", _segment("rollout-phase", ("p1", "p2", "p3", "all"))),
    "rollout: group of the plan": ("/rollout?lang=vi", _select("rollout-group")),
    "rollout: source": ("/rollout?lang=vi", _select("rollout-source")),
    "rollout: district by list": ("/rollout?lang=vi", _select("rollout-district")),
    "rollout: split": ("/rollout?lang=vi&district=785", _segment("rollout-split", SPLITS)),
    "explorer: condition": ("/ncd?lang=vi", _select("ncd-condition")),
    "explorer: definition": ("/ncd?lang=vi", _select("ncd-variant")),
    "explorer: estimator": ("/ncd?lang=vi", _segment("ncd-estimator", ESTIMATORS)),
    "explorer: sex": ("/ncd?lang=vi", _segment("ncd-sex", ("female", "male", "both"))),
    "explorer: ages": ("/ncd?lang=vi", _select("ncd-ages")),
    "explorer: quarter": ("/ncd?lang=vi", _select("ncd-period")),
    "explorer: district by list": ("/ncd?lang=vi", _select("ncd-district")),
    "explorer: click a district": ("/ncd?lang=vi", _map),
    "explorer: kind of map": ("/ncd?lang=vi", _segment("ncd-map", ("tiles", "true"))),
    "explorer: table of a card": ("/ncd?lang=vi", _table),
}


def measure(browser: Browser, address: str, times: int) -> list[Timing]:
    """Every kind of interaction, ``times`` presses each on one page, and opening each page."""
    timings = [_opening(browser, address, path, times) for path in PATHS]
    for kind, (path, press) in KINDS.items():
        page = _open(browser, address + path)
        found = []
        for turn in range(times):
            press(page, turn)
            found.append(page.evaluate(SETTLED) - page.evaluate("window.__watch.pressed"))
        page.context.close()
        timings.append(Timing(kind, tuple(sorted(found))))
        print(f"  {kind:32} p50 {timings[-1].p50:6.0f} ms   p95 {timings[-1].p95:6.0f} ms")
    return timings


def _open(browser: Browser, url: str) -> Page:
    page = _page(browser)
    page.goto(url)
    page.evaluate(SETTLED)
    return page


def _page(browser: Browser) -> Page:
    """A page in a browser that has kept nothing."""
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.add_init_script(WATCH)
    return page


def _opening(browser: Browser, address: str, path: str, times: int) -> Timing:
    """From asking for the page to its last drawn figure, with an empty cache."""
    found = []
    for _ in range(max(3, times // 3)):
        page = _page(browser)
        page.goto(address + path)
        found.append(float(page.evaluate(SETTLED)))
        page.context.close()
    return Timing(f"open {path}, nothing kept", tuple(sorted(found)))


def first_visit(browser: Browser, url: str) -> int:
    """Bytes of a first visit over the wire, headers included."""
    page = _page(browser)
    asked: list[Request] = []
    # A function of Python: the driver writes an attribute on what it is given, which a bound append has no room for.
    page.on("requestfinished", lambda request: asked.append(request))  # noqa: PLW0108
    page.goto(url)
    page.evaluate(SETTLED)
    sizes = [request.sizes() for request in asked]
    page.context.close()
    return sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure interactions in a real browser.")
    parser.add_argument("home", type=Path, help="data folder with a published build")
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--name", default="city", help="name of the report, for example 200k")
    options = parser.parse_args()
    with served(options.home) as address, chromium() as browser:
        visits = {path: first_visit(browser, address + path) for path in PATHS}
        timings = measure(browser, address, options.times)
    REPORT.mkdir(exist_ok=True)
    text = as_markdown(timings, visits)
    (REPORT / f"interactions-{options.name}.md").write_text(text, encoding="utf-8")
    content = {"first_visit_bytes": visits, "timings": [asdict(timing) for timing in timings]}
    (REPORT / f"interactions-{options.name}.json").write_text(json.dumps(content), encoding="utf-8")
    print(text)


def as_markdown(timings: list[Timing], visits: dict[str, int]) -> str:
    """The report as a person reads it."""
    lines = ["| interaction | p50 ms | p95 ms | times |", "|---|---:|---:|---:|"]
    lines += [f"| {t.kind} | {t.p50:.0f} | {t.p95:.0f} | {len(t.milliseconds)} |" for t in timings]
    lines += ["", *(f"First visit of {path}: {size / 1000:.0f} kB" for path, size in visits.items()), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
