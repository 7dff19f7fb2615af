"""Figures mean what their frames say; hidden and missing are never a colour of the scale, and never zero."""

from datetime import date
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.components import legend, statements
from dashboard.figures import (
    age_sex,
    classes,
    compare,
    distribution,
    district_map,
    matrix,
    s_curve,
    tile_map,
    trend,
)
from dashboard.figures import labels as line_labels
from dashboard.geometry import Drawing
from dashboard.selection.ncd import Indicator
from dashboard.theme import DARK, LIGHT
from dashboard.words import words
from warehouse.geography import districts

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
    figure = district_map.city_map(FRAME, VI, LIGHT, geometry=Drawing("/outlines.json"), selected="761")
    values, hidden, missing, outline = figure.data

    assert list(values.locations) == ["760", "761"]
    assert (list(hidden.locations), hidden.colorscale[0][1]) == (["764"], LIGHT.suppressed)
    assert (list(missing.locations), missing.colorscale[0][1]) == (["765"], LIGHT.no_data)
    assert list(outline.locations) == ["761"]
    assert {trace.geojson for trace in figure.data} == {"/outlines.json"}


def test_hover_tells_value_interval_and_counts_or_the_reason() -> None:
    figure = district_map.inner_map(FRAME, VI, LIGHT, geometry=Drawing("/outlines.json"), selected=None)

    assert figure.data[0].customdata[0][2] == "30,0\u00a0% (KTC 95 %: 22,0–40,0)<br>30 trong 100 người"
    assert "riêng tư" in figure.data[1].customdata[0][2]


def test_a_map_without_a_shown_value_still_draws() -> None:
    frame = FRAME.filter(pl.col("state") != "shown")

    assert len(district_map.city_map(frame, VI, LIGHT, geometry=Drawing("/o.json"), selected=None).data) == 2
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
    scale = classes.colour_scale(edges, LIGHT)
    assert (scale[0][0], scale[-1][0]) == (0, 1)


def test_the_comparison_puts_the_highest_on_top_and_hidden_ones_below_in_words() -> None:
    figure = compare.compare(FRAME, CITY, VI, LIGHT, selected="760")

    assert list(figure.layout.yaxis.categoryarray) == ["Q. 765", "Q. 764", "Q. 760", "Q. 761"]
    assert {note.text for note in figure.layout.annotations} == {VI("state.suppressed"), VI("state.no_data")}
    assert figure.data[0].marker.color == (LIGHT.selected, LIGHT.accent)
    assert list(figure.data[0].error_x.array) == pytest.approx([0.1, 0.09])


def test_tiles_say_name_and_value_and_what_is_hidden() -> None:
    figure = tile_map.tile_map(FRAME, VI, LIGHT, selected="761")
    fills = [shape.fillcolor for shape in figure.layout.shapes]

    assert list(figure.data[0].text)[:3] == [
        "Q. 760<br><b>30\u00a0%</b>", "Q. 761<br><b>60\u00a0%</b>", "Q. 764<br><b>ẩn</b>",
    ]  # fmt: skip
    assert fills[2:4] == [LIGHT.suppressed, LIGHT.no_data]
    assert fills[4] == "rgba(0,0,0,0)"
    assert figure.layout.shapes[4].line.color == LIGHT.selected


def test_every_district_has_a_tile_of_its_own() -> None:
    assert set(tile_map.TILES) == {district.code for district in districts()}
    assert len(set(tile_map.TILES.values())) == 22


def estimates(**columns: list[object]) -> pl.DataFrame:
    count = len(next(iter(columns.values())))
    rows = [dict(zip(COLUMNS, (SHOWN, HIGH)[i % 2], strict=True)) for i in range(count)]
    return pl.DataFrame(
        [{**{name: values[i] for name, values in columns.items()}, **row} for i, row in enumerate(rows)]
    )


def test_the_curves_put_their_labels_apart() -> None:
    frame = estimates(sex=["male", "female"] * 2, age_band=["18-29", "18-29", "85+", "85+"])
    figure = age_sex.age_sex(frame.with_columns(value=pl.lit(0.3)), None, VI, LIGHT)
    labels = [note.y for note in figure.layout.annotations]

    assert abs(labels[0] - labels[1]) / figure.layout.yaxis.range[1] >= line_labels.GAP - 1e-9
    assert list(figure.data[1].x) == [24.0, 90.0]
    assert {trace.mode for trace in age_sex.age_sex(frame, frame, VI, DARK).data} == {"lines", "markers"}


def test_the_trend_tells_no_direction_from_two_quarters() -> None:
    frame = estimates(quarter=["2023Q4", "2024Q1"])
    figure = trend.trend(frame, None, VI, LIGHT)

    assert figure.data[1].marker.color == LIGHT.accent
    assert "không" not in statements.trend_title(frame, VI).split(";")[0]
    assert "chưa thể kết luận" in statements.trend_title(frame, VI)


def test_a_pooled_bin_keeps_its_area() -> None:
    frame = estimates(bin_from=[20.0, 20.5], bin_to=[20.5, 22.5])
    bars = distribution.distribution(frame, [25.0], VI, LIGHT).data[0]

    assert list(bars.y) == pytest.approx([0.3, 0.6 / 4])


def test_a_cell_of_the_matrix_carries_a_mark_beside_its_colour() -> None:
    cells = [
        {"indicator": "a", "code": code, "district": code, "position": position, "title": "t", "hover": "h"}
        for code, position in (("760", "much_higher"), ("761", "similar"), ("764", "suppressed"))
    ]
    places = [("760", "Q. 1"), ("761", "Q. 12"), ("764", "Q. Gò Vấp")]
    figure = matrix.matrix(cells, [("a", "A")], places, VI, LIGHT, selected="761")

    assert list(figure.data[1].text) == ["▲▲", "·", "×"]
    assert list(figure.data[0].z[0]) == [4, 2, 5]
    assert figure.layout.shapes[0].x0 == 0.5


def test_the_curve_of_records_draws_a_plan_only_where_there_is_one() -> None:
    weeks = {"week": [date(2023, 1, 2), date(2023, 1, 30)], "records": [10, 30]}
    with_plan = s_curve.s_curve(pl.DataFrame({**weeks, "due": [5, 40]}), VI, LIGHT)
    without = s_curve.s_curve(pl.DataFrame({**weeks, "due": [None, None]}), VI, LIGHT)

    assert [trace.name for trace in with_plan.data] == ["Kế hoạch", "Hồ sơ"]
    assert [trace.name for trace in without.data] == ["Hồ sơ"]
    assert "Tết" in {note.text for note in with_plan.layout.annotations}


@pytest.mark.parametrize(
    ("near", "far", "expected"),
    [
        ((0.31, 0.5), (0.305, 0.6), "much_higher"),
        ((0.31, 0.5), (0.29, 0.6), "higher"),
        ((0.2, 0.4), (0.1, 0.5), "similar"),
        ((0.1, 0.29), (0.05, 0.295), "much_lower"),
    ],
)
def test_the_matrix_has_two_levels(
    near: tuple[float, float], far: tuple[float, float], expected: str
) -> None:
    row = {**CITY, "district": "760", "name": "Quận 1", "short": "Q. 1"}
    rows = pl.DataFrame([{**row, "lower": near[0], "upper": near[1]}])
    wide = pl.DataFrame([{**row, "lower": far[0], "upper": far[1]}])
    item = Indicator(indicator="a", name="A", city=CITY, rows=rows, wide=wide)

    assert statements.matrix_cells([item], VI)[0]["position"] == expected


@pytest.mark.parametrize(
    ("lower", "upper", "expected"), [(0.31, 0.4, "higher"), (0.1, 0.29, "lower"), (0.29, 0.31, "similar")]
)
def test_a_district_differs_only_when_its_whole_interval_does(
    lower: float, upper: float, expected: str
) -> None:
    assert statements.position({**CITY, "lower": lower, "upper": upper}, CITY) == expected
    assert statements.position(dict(zip(COLUMNS, HIDDEN, strict=True)), CITY) is None


def test_the_legend_names_the_states() -> None:
    shown = str(legend.legend(FRAME, VI, LIGHT))

    for part in (VI("legend.suppressed"), VI("legend.no_data")):
        assert part in shown


def test_a_comparison_without_a_dot_has_no_scale() -> None:
    blank = FRAME.with_columns(pl.lit("not_defined").alias("state"), pl.lit(None, pl.Float64).alias("value"))
    figure = compare.compare(blank, CITY, VI, LIGHT, selected=None)

    assert figure.layout.xaxis.visible is False
    assert len(figure.layout.annotations) == blank.height
