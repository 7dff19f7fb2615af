"""Age and sex: of the city one curve a sex with its 95 % band; of a chosen district dots with bars over the curves.

A district has too few people for five-year bands, so it comes in wide ones, as dots: no line is drawn between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import empty, intervals, labels, phrases
from dashboard.theme import Palette
from dashboard.words import Words

SEXES = ("male", "female")
#: The middle of the open last band stands this far above its first year.
OPEN_BAND = 5
#: Dots of the two sexes stand this many years to the left and right of the middle, so that their bars are told apart.
APART = {"male": -0.7, "female": 0.7}


def age_sex(city: pl.DataFrame, place: pl.DataFrame | None, words: Words, palette: Palette) -> go.Figure:
    """``city`` and ``place``: sex, age_band and the columns of an estimate, ages ascending.

    With a place its dots stand in front, the city's curves behind in dots and without bands.
    """
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    front = city if place is None else place
    for sex in SEXES:
        colour = _colour(sex, palette)
        for rows in _runs(city, sex):
            if place is None:
                ages = [middle(row["age_band"]) for row in rows]
                figure.add_trace(intervals.band(ages, rows, colour, palette))
            figure.add_trace(_line(rows, words, colour, is_behind=place is not None))
        if place is not None:
            figure.add_trace(_dots(_shown(place, sex), words, colour, sex))
    shown = [row for frame in (city, place) if frame is not None for row in _all_shown(frame)]
    if not shown:
        return empty.say(figure, city.to_dicts(), words, palette)
    top = max(row["upper"] for row in shown) * 1.05
    lines = {sex: _shown(city, sex) or _shown(front, sex) for sex in SEXES}
    ends = [
        labels.End(text=words(f"sex.{sex}"), value=rows[-1]["value"], colour=_colour(sex, palette))
        for sex, rows in lines.items()
        if rows
    ]
    for label in labels.at_ends(ends, top):
        figure.add_annotation(**label)
    _axes(figure, shown, top, palette)
    return figure


def middle(band: str) -> float:
    """``40-44`` stands at 42.5, ``85+`` at 90."""
    first, _, last = band.rstrip("+").partition("-")
    return (int(first) + int(last or first) + 1) / 2 if "+" not in band else int(first) + OPEN_BAND


def _shown(frame: pl.DataFrame, sex: str) -> Sequence[phrases.Row]:
    return frame.filter((pl.col("sex") == sex) & (pl.col("state") == "shown")).to_dicts()


def _all_shown(frame: pl.DataFrame) -> Sequence[phrases.Row]:
    return [row for sex in SEXES for row in _shown(frame, sex)]


def _runs(frame: pl.DataFrame, sex: str) -> Iterator[list[phrases.Row]]:
    """Bands without a hidden one between them: a line over a gap would make up what is not shown."""
    run: list[phrases.Row] = []
    for row in frame.filter(pl.col("sex") == sex).to_dicts():
        if phrases.is_shown(row):
            run.append(row)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _colour(sex: str, palette: Palette) -> str:
    return palette.male if sex == "male" else palette.female


def _hover(row: phrases.Row, words: Words) -> tuple[str, str]:
    band = words("ages_curve.age", band=words.ages(row["age_band"]))
    return f"{words('sex.' + row['sex'])}, {band}", phrases.hover(row, words)


def _line(rows: Sequence[phrases.Row], words: Words, colour: str, *, is_behind: bool) -> go.Scatter:
    style = {"dash": "dot", "width": 1.4} if is_behind else {"dash": "solid", "width": 2.4}
    return go.Scatter(
        x=[middle(row["age_band"]) for row in rows],
        y=[row["value"] for row in rows],
        mode="lines" if len(rows) > 1 else "markers",
        line={"color": colour, **style},
        marker={"color": colour, "size": 5},
        customdata=[_hover(row, words) for row in rows],
        hovertemplate=phrases.HOVER,
    )


def _dots(rows: Sequence[phrases.Row], words: Words, colour: str, sex: str) -> go.Scatter:
    return go.Scatter(
        x=[middle(row["age_band"]) + APART[sex] for row in rows],
        y=[row["value"] for row in rows],
        mode="markers",
        marker={"color": colour, "size": 8, "symbol": "circle" if sex == "male" else "diamond"},
        error_y=intervals.arms(rows, colour, thickness=1.8),
        customdata=[_hover(row, words) for row in rows],
        hovertemplate=phrases.HOVER,
    )


def _axes(figure: go.Figure, shown: Sequence[phrases.Row], top: float, palette: Palette) -> None:
    ages = [middle(row["age_band"]) for row in shown]
    figure.update_xaxes(
        **theme.axis(palette, dtick=10, tick0=20, showgrid=False, range=[min(ages) - 2, max(ages) + 1])
    )
    figure.update_yaxes(
        **theme.axis(
            palette, tickformat=".0%", range=[0, top], nticks=6, automargin=True, ticklabelstandoff=4
        )
    )
    figure.update_layout(margin={"l": 4, "r": 54, "t": 8, "b": 24})
