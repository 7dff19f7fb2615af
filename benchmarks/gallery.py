"""Pictures of every page, in both languages, wide and narrow: ``make screenshots``.

    python -m benchmarks.gallery HOME OUT

Also writes ``OUT/README.md``, which shows them; the project's README shows the first. Pictures are reduced to a
palette of 128 colours, so that the gallery stays small.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from benchmarks.served import SETTLED, WATCH, chromium, served

#: Name of a picture and the page it shows: path and query without the language.
PAGES = {
    "overview": "/?",
    "rollout": "/rollout?",
    "quality": "/quality?",
    "models": "/models?condition=hypertension",
    "methods": "/methods?about=hypertension/recommended",
    "ncd": "/ncd?estimator=modelled&period=2024Q3",
    "ncd-district": "/ncd?condition=bmi&district=764&map=tiles",
}
#: Name, viewport in CSS pixels, colour scheme.
SIZES = (("wide", 1440, 900, "light"), ("narrow", 360, 780, "light"), ("dark", 1440, 900, "dark"))
LANGUAGES = ("vi", "en")
COLOURS = 128


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Take pictures of every page.")
    parser.add_argument("home", type=Path, help="data folder with a published build")
    parser.add_argument("out", type=Path, help="folder of the pictures")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with served(options.home) as address, chromium() as browser:
        names = [_picture(browser, address, options.out, *shot) for shot in shots()]
    (options.out / "README.md").write_text(index(names), encoding="utf-8")


def shots() -> list[tuple[str, str, int, int, str]]:
    """Name, path with query, width, height and colour scheme of every picture."""
    return [
        (f"{page}-{language}-{size}", f"{path}&lang={language}", width, height, scheme)
        for page, path in PAGES.items()
        for size, width, height, scheme in SIZES
        for language in (LANGUAGES if scheme == "light" else LANGUAGES[:1])
    ]


def index(names: list[str]) -> str:
    """The page that shows the gallery."""
    lines = ["# Gallery", "", "Every page on a synthetic city, written by `make screenshots`.", ""]
    for name in names:
        lines += [f"## {name}", "", f"![{name}]({name}.png)", ""]
    return "\n".join(lines)


def _picture(
    browser: Browser, address: str, out: Path, name: str, path: str, width: int, height: int, scheme: str
) -> str:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(address + path)
    page.evaluate("document.fonts.ready.then(() => true)")
    page.evaluate(SETTLED)
    _write(page.screenshot(full_page=True), out / f"{name}.png")
    context.close()
    print(f"  {name}")
    return name


def _write(picture: bytes, path: Path) -> None:
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
