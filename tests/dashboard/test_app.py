"""The application: headers, health, redirects, ids of every callback, nothing from outside, faults told quietly."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dash import Dash
from dash.development.base_component import Component
from flask import Flask
from plotly.offline import get_plotlyjs_version

from dashboard import pages, theme
from dashboard.app import layout
from dashboard.data import ncd as data
from dashboard.data import source
from dashboard.figures.tile_map import contrast
from dashboard.words import words

#: What the first callback of the explorer writes.
OUTPUTS = (
    *((f"ncd-{name}", "children") for name in ("headline", "lead", "readiness", "caution", "place")),
    *((f"ncd-map-{name}", "figure") for name in ("city", "inner", "tiles")),
    *((f"ncd-map-{name}", "hidden") for name in ("outlines", "squares")),
    *((f"ncd-map-{name}", "children") for name in ("title", "subtitle", "legend", "summary")),
    ("ncd-compare-graph", "figure"),
    ("ncd-compare-frame", "style"),
    *((f"ncd-compare-{name}", "children") for name in ("title", "subtitle", "summary")),
)
ASSETS = Path(__file__).resolve().parents[2] / "dashboard" / "assets"


def ids_of(component: Component) -> Iterator[str]:
    for part in (component, *component._traverse()):
        if isinstance(part, Component) and getattr(part, "id", None):
            yield part.id


def laid_out() -> set[str]:
    found = set(ids_of(layout()))
    for path in pages.PAGES:
        found |= set(ids_of(pages.page(path, {}, words("vi"))))
    return found


def test_every_callback_names_components_that_stand_in_a_layout(app: Dash) -> None:
    app.server.test_client().get("/ncd")
    named = set()
    for callback in app._callback_list:
        parts = [*callback["inputs"], *callback["state"]]
        named |= {part["id"] for part in parts}
        outputs = callback["output"].strip(".").split("...")
        named |= {output.partition("@")[0].rpartition(".")[0] for output in outputs}

    assert len(named) > 80
    assert named - laid_out() == set()


def test_no_id_stands_twice_on_a_page() -> None:
    for path in pages.PAGES:
        found = list(ids_of(pages.page(path, {}, words("vi"))))
        assert len(found) == len(set(found)), path


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_layout_asks_nothing_and_says_where_it_leads(language: str) -> None:
    page = str(pages.page("/nowhere", {"lang": language}, words(language)))

    assert words(language)("not_found.title") in page


def test_the_first_page_is_the_overview(server: Flask) -> None:
    answer = server.test_client().get("/?lang=en")

    assert answer.status_code == 200
    assert "<title>Overview · HSSK Atlas</title>" in answer.text


def test_headers_let_nothing_in_from_outside(server: Flask) -> None:
    answer = server.test_client().get("/ncd?lang=en")
    policy = answer.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "http" not in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert '<html lang="en">' in answer.text
    assert "<title>Non-communicable diseases · HSSK Atlas</title>" in answer.text


def test_health_and_readiness(server: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = server.test_client()
    assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 200)

    monkeypatch.setitem(server.config, source.HOME, tmp_path)
    assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 503)


@pytest.mark.parametrize("encoding", ["br", "gzip", "zstd"])
def test_the_figure_library_goes_compressed_to_every_client(server: Flask, encoding: str) -> None:
    answer = server.test_client().get(
        "/assets/vendor/plotly-atlas.min.js?m=1", headers={"Accept-Encoding": encoding}
    )

    assert answer.headers["Content-Encoding"] == encoding
    assert len(answer.data) < 600_000
    assert "immutable" in answer.headers["Cache-Control"]


def callback_body(query: dict[str, Any]) -> dict[str, Any]:
    names = [*OUTPUTS]
    return {
        "output": ".." + "...".join(f"{name}.{part}" for name, part in names) + "..",
        "outputs": [{"id": name, "property": part} for name, part in names],
        "inputs": [{"id": "ncd-part-places", "property": "data", "value": query}],
        "changedPropIds": ["ncd-part-places.data"],
    }


def test_a_callback_answers_in_the_language_of_the_selection(server: Flask) -> None:
    query = {"condition": "hypertension", "variant": "measured_twice", "lang": "en"}
    answer = server.test_client().post("/_dash-update-component", json=callback_body(query))

    assert answer.status_code == 200
    assert "with a record and an assessment" in answer.get_json()["response"]["ncd-headline"]["children"]


def test_a_fault_is_told_without_its_inside(server: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(data, "city", broken)
    answer = server.test_client().post("/_dash-update-component", json=callback_body({"lang": "vi"}))

    assert answer.status_code == 200
    assert words("vi")("fault.title") in str(answer.get_json())
    assert "secret detail" not in answer.text


def test_the_figure_library_is_the_version_plotly_for_python_speaks() -> None:
    head = (ASSETS / "vendor" / "plotly-atlas.min.js").read_text(encoding="utf-8")[:200]

    assert f"plotly.js v{get_plotlyjs_version()}," in head


def test_styles_and_scripts_name_no_other_host() -> None:
    own = [*ASSETS.glob("*.css"), *ASSETS.rglob("*.js")]
    named = {
        found
        for path in own
        if "vendor" not in path.parts
        for found in re.findall(r"(?:https?:)?//[a-z][^\s\"']*", path.read_text(encoding="utf-8"))
    }

    # The names of XML vocabularies are not addresses anybody asks.
    assert named <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK], ids=lambda palette: palette.name)
def test_colours_of_the_style_sheet_are_those_of_the_theme(palette: theme.Palette) -> None:
    css = (ASSETS / "atlas.css").read_text(encoding="utf-8")
    selector = {"light": ':root, [data-look="light"] {', "dark": ':root[data-theme="dark"] {'}[palette.name]
    block = css.partition(selector)[2].partition("}")[0]
    named = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    red, green, blue = (int(palette.suppressed[i : i + 2], 16) for i in (1, 3, 5))

    for name in ("ink", "quiet", "rule", "paper", "accent", "selected"):
        assert named[name] == getattr(palette, name), name
    assert f'path[fill="rgb({red}, {green}, {blue})"]' in css


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK], ids=lambda palette: palette.name)
def test_text_can_be_read_in_both_themes(palette: theme.Palette) -> None:
    for colour in (
        palette.ink,
        palette.quiet,
        palette.accent,
        palette.selected,
        palette.male,
        palette.female,
    ):
        assert contrast(colour, palette.paper) >= 4.5, colour
    for fill in (*palette.scale, *palette.comparison, palette.suppressed):
        assert max(contrast(palette.ink, fill), contrast(palette.paper, fill)) >= 4.5, fill
