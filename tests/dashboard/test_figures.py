"""Figures mean what their frames say; hidden and missing are never a colour of the scale, and never zero."""

import re
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import theme
from dashboard.components import legend, statements, table
from dashboard.figures import classes, compare, district_map, profile
from dashboard.words import words

VI = words("vi")
COLUMNS = ("numerator", "denominator", "value", "lower", "upper", "method", "state", "reason")
SHOWN = (30, 100, 0.3, 0.22, 0.4, "wilson", "shown", None)
HIGH = (60, 100, 0.6, 0.5, 0.69, "wilson", "shown", None)
HIDDEN = (None, None, None, None, None, "wilson", "suppressed", "small_count")
MISSING = (None, None, None, None, None, "wilson", "no_data", "nobody_counted")
FRAME = pl.DataFrame(
    [
        {
            "district": code,
            "name": f"Quận {code}",
            "short": f"Q. {code}",
            **dict(zip(COLUMNS, row, strict=True)),
        }
        for code, row in (("760", SHOWN), ("761", HIGH), ("764", HIDDEN), ("765", MISSING))
    ]
)
CITY = dict(zip(COLUMNS, (90, 300, 0.3, 0.25, 0.35, "wilson", "shown", None), strict=True))


def test_the_map_keeps_hidden_and_missing_apart_from_values() -> None:
    figure = district_map.city_map(FRAME, VI, geometry="/outlines.json", selected="761")
    values, hidden, missing, outline = figure.data

    assert list(values.locations) == ["760", "761"]
    assert (list(hidden.locations), hidden.colorscale[0][1]) == (["764"], theme.SUPPRESSED)
    assert (list(missing.locations), missing.colorscale[0][1]) == (["765"], theme.NO_DATA)
    assert list(outline.locations) == ["761"]
    assert {trace.geojson for trace in figure.data} == {"/outlines.json"}


def test_hover_tells_value_interval_and_counts_or_the_reason() -> None:
    figure = district_map.inner_map(FRAME, VI, geometry="/outlines.json", selected=None)

    assert figure.data[0].customdata[0][2] == "30,0\u00a0% (KTC 95 %: 22,0–40,0)<br>30 trong 100 người"
    assert "riêng tư" in figure.data[1].customdata[0][2]


def test_a_map_without_a_shown_value_still_draws() -> None:
    frame = FRAME.filter(pl.col("state") != "shown")

    assert len(district_map.city_map(frame, VI, geometry="/o.json", selected=None).data) == 2
    assert statements.map_summary(frame, VI) == VI("map.summary_none")


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_classes_are_round_equal_and_cover_every_value(values: list[float]) -> None:
    edges = classes.breaks(values)
    widths = {round(high - low, 6) for low, high in pairwise(edges)}

    assert 2 <= len(edges) <= classes.MOST_CLASSES + 1
    assert len(widths) == 1
    assert widths <= set(classes.WIDTHS)
    assert edges[0] <= min(values) + 1e-8
    assert max(values) <= edges[-1] + 1e-8
    scale = classes.colour_scale(edges)
    assert (scale[0][0], scale[-1][0]) == (0, 1)


def test_the_comparison_puts_the_highest_on_top_and_hidden_ones_below_in_words() -> None:
    figure = compare.compare(FRAME, CITY, VI, selected="760")

    assert list(figure.layout.yaxis.categoryarray) == ["Q. 765", "Q. 764", "Q. 760", "Q. 761"]
    assert {note.text for note in figure.layout.annotations} == {VI("state.suppressed"), VI("state.no_data")}
    assert figure.data[0].marker.color == (theme.SELECTED, theme.ACCENT)
    assert list(figure.data[0].error_x.array) == pytest.approx([0.1, 0.09])


def test_the_profile_leaves_out_what_is_not_shown() -> None:
    rows = [
        {"group": group, **dict(zip(COLUMNS, row, strict=True))}
        for group, row in (("male", SHOWN), ("female", HIDDEN))
    ]
    figure = profile.profile(pl.DataFrame(rows), pl.DataFrame(rows), VI)

    assert [len(trace.x) for trace in figure.data] == [1, 1]
    assert list(figure.layout.yaxis.ticktext) == ["Nam", "Nữ"]


@pytest.mark.parametrize(
    ("lower", "upper", "expected"), [(0.31, 0.4, "higher"), (0.1, 0.29, "lower"), (0.29, 0.31, "similar")]
)
def test_a_district_differs_only_when_its_whole_interval_does(
    lower: float, upper: float, expected: str
) -> None:
    assert statements.position({**CITY, "lower": lower, "upper": upper}, CITY) == expected
    assert statements.position(dict(zip(COLUMNS, HIDDEN, strict=True)), CITY) is None


def test_legend_and_table_carry_the_same_states() -> None:
    shown_legend = str(legend.legend(FRAME, VI))
    shown_table = str(table.table(FRAME, CITY, VI, caption="c", selected=None))

    for part in (VI("legend.suppressed"), VI("legend.no_data")):
        assert part in shown_legend
        assert part in shown_table
    assert re.search(r"(?<!\d)0,0", shown_table) is None
