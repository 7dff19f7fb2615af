"""The models page: what it says of rungs near and far from the truth, and where no truth is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from flask import Flask

from dashboard.access import Viewer
from dashboard.components import models_parts
from dashboard.data import models as data
from dashboard.figures.against import against, top_of
from dashboard.selection.models import ModelsSelection, Subject, resolve
from dashboard.theme import LIGHT
from dashboard.words import words

VI, EN = words("vi"), words("en")
SUBJECT = Subject(
    condition="Hypertension", definition="Recommended", variant="recommended", version="1", quarter="2024Q3"
)
SELECTION = ModelsSelection(language="en", build="b", condition="hypertension")


def texts_of(component: Any) -> Iterator[str]:
    """Every text of a tree of components."""
    if isinstance(component, str):
        yield component
    elif isinstance(component, list | tuple):
        for part in component:
            yield from texts_of(part)
    elif component is not None:
        yield from texts_of(getattr(component, "children", None))


def answer(**changes: Any) -> dict[str, Any]:
    row = {
        "estimator": "weighted", "quarter": "2024Q3", "district": "760", "name": "District 1", "state": "shown",
        "value": 0.30, "lower": 0.26, "upper": 0.34, "true": 0.25, "level": "district",
    }  # fmt: skip
    return {**row, **changes}


def score(**changes: Any) -> dict[str, Any]:
    row = {
        "estimator": "weighted", "level": "district", "answers": 22, "shown": 11, "bias": 0.04, "error": 0.042,
        "worst": 0.054, "covered": 0.45, "trust": "not_ready", "trust_reason": "narrow",
    }  # fmt: skip
    return {**row, **changes}


def test_the_headline_names_the_nearest_rung_and_how_far_it_is() -> None:
    scores = pl.DataFrame(
        [score(), score(estimator="modelled", error=0.013), score(level="city", error=0.001)]
    )
    told = models_parts.headline(scores, pl.DataFrame(), SUBJECT, EN)
    assert (
        told == "Hypertension: “Modelled” comes nearest to the truth, 1.3 points off in a district on average"
    )


@pytest.mark.parametrize("text", [VI, EN])
def test_without_numbers_the_headline_says_why(text: Any) -> None:
    blank = pl.DataFrame([score(shown=0, error=None)])
    assert models_parts.headline(blank, pl.DataFrame(), SUBJECT, text) == text(
        "models.headline_blank", condition="Hypertension"
    )
    fits = pl.DataFrame({"faults": [[], ["overdispersed"]]})
    assert models_parts.headline(pl.DataFrame(), fits, SUBJECT, text) == text(
        "models.headline_fits", condition="Hypertension", good=1, all=2
    )


def test_a_rung_is_told_with_its_verdict_the_city_and_the_districts() -> None:
    found = models_parts.reliance(pl.DataFrame([score()]), pl.DataFrame([answer(district="city")]), EN)
    told = " ".join(texts_of(found))
    assert "Not reliable" in told
    assert EN("models.why_narrow") in told
    assert "City: 30.0% (26.0–34.0); truth 25.0%, so 5.0 points too high." in told
    assert "Districts: 11 of 22 with a number, off by 4.2 points on average and 5.4 at worst; 45% of" in told


def test_a_hidden_city_has_no_gap() -> None:
    hidden = answer(district="city", state="suppressed", value=None, lower=None, upper=None)
    told = " ".join(texts_of(models_parts.reliance(pl.DataFrame([score()]), pl.DataFrame([hidden]), EN)))
    assert EN("models.city_blank") in told
    assert "too high" not in told


def test_dots_stand_at_the_truth_and_the_diagonal_is_being_right() -> None:
    rows = pl.DataFrame([answer(), answer(district="city", name="City", value=0.2, lower=0.1, upper=0.37)])
    figure = against(rows, VI, LIGHT, top=top_of(rows))
    districts, city = figure.data
    assert (list(districts.x), list(districts.y)) == ([0.25], [0.30])
    assert list(city.error_y.array) == pytest.approx([0.17])
    assert top_of(rows) == pytest.approx(0.4)
    [line] = figure.layout.shapes
    assert (line.x0, line.y0) == (0, 0)
    assert line.x1 == line.y1 == pytest.approx(0.4)


def test_a_panel_without_numbers_says_so() -> None:
    rows = pl.DataFrame([answer(state="not_defined", value=None, lower=None, upper=None)])
    figure = against(rows, EN, LIGHT, top=0.5)
    assert not figure.data
    assert EN("state.not_defined") in figure.layout.annotations[0].text


def test_an_unknown_condition_falls_back_and_says_so() -> None:
    chosen, fallbacks = resolve(
        {"condition": "plague"}, build="b", conditions=["hypertension", "bmi"], language="vi"
    )
    assert chosen.condition == "hypertension"
    assert [(item.name, item.asked, item.used) for item in fallbacks] == [
        ("condition", "plague", "hypertension")
    ]


@pytest.mark.usefixtures("server")
def test_real_records_have_no_truth_and_no_scores(server: Flask) -> None:
    assert server
    opened = data.open_page({}, Viewer(), "en")
    assert opened is not None
    assert not data.knows_truth(opened.selection)
    assert data.answers(opened.selection, Viewer()).is_empty()
    assert data.scores(opened.selection, Viewer(), ["level"]).is_empty()
