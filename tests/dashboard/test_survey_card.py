"""Surveys beside estimates: what the card says and draws, and what readiness makes of it."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from flask import Flask

from dashboard.access import Viewer
from dashboard.components import statements
from dashboard.data import ncd as data
from dashboard.figures.survey import survey
from dashboard.theme import LIGHT
from dashboard.words import words

VI, EN = words("vi"), words("en")
SHOWN: dict[str, Any] = {
    "study": "STEPS", "name": "One visit", "fieldwork": "2024Q2", "quarter": "2024Q2", "why": None,
    "sex": "male", "age_band": "18-39", "survey": 0.2, "survey_lower": 0.18, "survey_upper": 0.22,
    "value": 0.25, "lower": 0.2, "upper": 0.31,
}  # fmt: skip
NOT_COMPARED = {
    **SHOWN, "sex": "both", "age_band": "60+", "value": None, "lower": None, "upper": None, "quarter": None,
    "why": "survey.why_unusable",
}  # fmt: skip


def frame(*verdicts: str | None) -> pl.DataFrame:
    rows = [{**(SHOWN if verdict else NOT_COMPARED), "verdict": verdict} for verdict in verdicts]
    return pl.DataFrame(rows, infer_schema_length=None)


def test_the_title_counts_every_result_once() -> None:
    found = frame("equivalent", "different", "not_shown", "not_shown", None)
    assert statements.survey_title(found, EN) == (
        "Of 5 survey results 1 agree, 1 differ, 2 leave it open, 1 cannot be compared"
    )
    assert "cannot be compared" not in statements.survey_title(frame("equivalent"), EN)


def test_without_a_survey_it_says_so() -> None:
    for text in (VI, EN):
        assert statements.survey_title(frame("equivalent").clear(), text) == text("survey.title_none")


def test_why_a_result_is_compared_with_nothing_is_said_once() -> None:
    told = statements.survey_subtitle(frame("equivalent", None, None), EN)
    assert told.count(EN("survey.why_unusable")) == 1
    assert EN("survey.why", reasons="") not in statements.survey_subtitle(frame("equivalent"), EN)


def test_a_quarter_that_is_not_the_fieldwork_s_is_named() -> None:
    own = frame(None, "equivalent")
    assert "2024" not in statements.survey_subtitle(own, EN).replace("Q2 2024", "")
    told = statements.survey_subtitle(own.with_columns(pl.lit("2024Q3").alias("quarter")), EN)
    assert "STEPS, Q2 2024: One visit, beside the estimate of Q3 2024." in told


def test_a_result_without_an_estimate_keeps_its_dot() -> None:
    figure = survey(frame("equivalent", None), VI, LIGHT)
    published, own = figure.data
    assert (list(published.x), list(own.x)) == ([0.2, 0.2], [0.25])
    assert list(figure.layout.yaxis.ticktext) == ["Nam, 18–39", "Cả hai, 60+"]
    assert published.customdata[0][1].startswith("20,0")
    assert list(own.error_x.array) == pytest.approx([0.06])


@pytest.mark.usefixtures("server")
def test_both_sexes_come_first_and_all_ages_before_their_parts() -> None:
    page = data.open_page({"estimator": "weighted"}, Viewer(), "vi")
    assert page is not None
    rows = data.surveys(page.selection, Viewer())
    assert rows.select("sex", "age_band").rows() == [("both", "18+"), ("both", "18-39"), ("male", "18+")]
    assert rows["name"].unique().to_list() == ["Một lần đo hoặc đang điều trị"]
    assert rows.select(pl.col("verdict").is_null() == pl.col("why").is_not_null()).to_series().all()
    assert all(words(language)(why) for why in rows["why"].drop_nulls() for language in ("vi", "en"))


@pytest.mark.usefixtures("server")
def test_who_may_see_no_health_numbers_sees_no_surveys(server: Flask) -> None:
    page = data.open_page({}, Viewer(), "vi")
    assert page is not None
    with pytest.raises(Exception, match="no health numbers"):
        data.surveys(page.selection, Viewer(role="admin"))
