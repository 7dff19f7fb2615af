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

from dashboard import data, ids, pages, theme
from dashboard.app import layout
from dashboard.words import words

ASSETS = Path(__file__).resolve().parents[2] / "dashboard" / "assets"


def ids_of(component: Component) -> Iterator[str]:
    for part in (component, *component._traverse()):
        if isinstance(part, Component) and getattr(part, "id", None):
            yield part.id


def test_every_callback_names_components_that_stand_in_a_layout(app: Dash) -> None:
    app.server.test_client().get("/ncd")
    laid_out = {*ids_of(layout()), *ids_of(pages.page("/ncd", {}, words("vi")))}
    named = set()
    for callback in app._callback_list:
        parts = [*callback["inputs"], *callback["state"]]
        named |= {part["id"] for part in parts}
        named |= {output.rpartition(".")[0] for output in callback["output"].strip(".").split("...")}

    assert len(named) > 20
    assert named - laid_out == set()


def test_every_id_is_used() -> None:
    known = {value for name, value in vars(ids).items() if name.isupper()}
    laid_out = {*ids_of(layout()), *ids_of(pages.page("/ncd", {}, words("vi")))}

    assert known == laid_out & known


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_layout_asks_nothing_and_says_where_it_leads(language: str) -> None:
    page = str(pages.page("/nowhere", {"lang": language}, words(language)))

    assert words(language)("not_found.title") in page


def test_the_first_page_is_a_redirect_that_keeps_the_query(server: Flask) -> None:
    answer = server.test_client().get("/?lang=en")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/ncd?lang=en")


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

    monkeypatch.setitem(server.config, data.HOME, tmp_path)
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
    return {
        "output": "..headline.children...lead.children...caution.children..",
        "outputs": [{"id": name, "property": "children"} for name in ("headline", "lead", "caution")],
        "inputs": [{"id": "selection", "property": "data", "value": query}],
        "changedPropIds": ["selection.data"],
    }


def test_a_callback_answers_in_the_language_of_the_selection(server: Flask) -> None:
    query = {"condition": "hypertension", "variant": "measured_twice", "lang": "en"}
    answer = server.test_client().post("/_dash-update-component", json=callback_body(query))

    assert answer.status_code == 200
    assert "with a record and an assessment" in answer.get_json()["response"]["headline"]["children"]


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
    own = [*ASSETS.glob("*.css"), *ASSETS.glob("*.js")]

    assert [
        path.name for path in own if re.search(r"(https?:)?//[a-z]", path.read_text(encoding="utf-8"))
    ] == []


def test_colours_of_the_style_sheet_are_those_of_the_theme() -> None:
    css = (ASSETS / "atlas.css").read_text(encoding="utf-8")
    named = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", css))
    red, green, blue = (int(theme.SUPPRESSED[i : i + 2], 16) for i in (1, 3, 5))

    assert named["ink"] == theme.INK
    assert named["accent"] == theme.ACCENT
    assert named["selected"] == theme.SELECTED
    assert f"rgb({red}, {green}, {blue})" in css
