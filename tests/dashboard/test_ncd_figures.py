"""The explorer's figures: a gap is no line, labels never touch, an empty figure says why, every cell has a mark."""

from collections.abc import Mapping
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.ages import parse_age_bands
from dashboard.components import legend
from dashboard.figures import age_sex, distribution, labels, matrix, trend
from dashboard.selection.ncd import AGES, WIDE_BANDS
from dashboard.theme import DARK, LIGHT, Palette
from dashboard.words import words
from tests.support.components import told

VI = words("vi")
COLUMNS = ("numerator", "denominator", "value", "lower", "upper", "method", "state", "reason")
SHOWN = (30, 100, 0.3, 0.22, 0.4, "wilson", "shown", None)
HIDDEN = (None, None, None, None, None, "wilson", "suppressed", "small_denominator")
BANDS = ("18-29", "30-39", "40-49", "50-59", "60+")


def frame(key: str, states: Mapping[str, tuple[object, ...]], **more: str) -> pl.DataFrame:
    rows = [{key: name, **more, **dict(zip(COLUMNS, row, strict=True))} for name, row in states.items()]
    return pl.DataFrame(rows, infer_schema_length=None)


def both_sexes(states: Mapping[str, tuple[object, ...]]) -> pl.DataFrame:
    return pl.concat([frame("age_band", states, sex=sex) for sex in ("male", "female")])


def test_a_hidden_band_breaks_the_curve() -> None:
    states = {band: HIDDEN if band == "40-49" else SHOWN for band in BANDS}
    figure = age_sex.age_sex(both_sexes(states), None, VI, LIGHT)
    lines = [trace for trace in figure.data if trace.hovertemplate]

    assert [len(line.x) for line in lines] == [2, 2, 2, 2]
    assert not any(45.0 in line.x for line in lines)


def test_a_district_comes_as_dots_with_bars_and_no_line() -> None:
    states = dict.fromkeys(BANDS, SHOWN)
    figure = age_sex.age_sex(both_sexes(states), both_sexes({**states, "18-29": HIDDEN}), VI, LIGHT)
    dots = [trace for trace in figure.data if trace.mode == "markers"]

    assert [len(trace.x) for trace in dots] == [4, 4]
    assert dots[0].marker.symbol != dots[1].marker.symbol
    assert list(dots[0].error_y.array) == pytest.approx([0.1] * 4)
    assert all(trace.fill is None for trace in figure.data)


@pytest.mark.parametrize(("band", "place"), [("40-44", 42.5), ("50", 50.5), ("85+", 90)])
def test_a_band_stands_at_its_middle(band: str, place: float) -> None:
    assert age_sex.middle(band) == place


@pytest.mark.parametrize("ages", AGES)
def test_wide_bands_cover_exactly_the_ages_chosen(ages: str) -> None:
    edges = [band.rstrip("+").split("-") for band in WIDE_BANDS[ages].split(",")]

    assert edges[0][0] == ages.rstrip("+").split("-")[0]
    assert WIDE_BANDS[ages].endswith("+") == ages.endswith("+")
    if not ages.endswith("+"):
        assert edges[-1][1] == ages.split("-")[1]
    assert all(int(left[1]) + 1 == int(right[0]) for left, right in pairwise(edges))
    assert parse_age_bands(WIDE_BANDS[ages])


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=4),
    st.floats(1, 2),
)
def test_labels_at_the_ends_never_touch_and_stay_on_the_axis(values: list[float], top: float) -> None:
    ends = [labels.End(text=str(i), value=value, colour="#000000") for i, value in enumerate(values)]
    places = sorted(float(str(label["y"])) for label in labels.at_ends(ends, top))

    assert all(high - low >= labels.GAP * top - 1e-9 for low, high in pairwise(places))
    assert places[0] >= -1e-9
    assert places[-1] <= top + 1e-9


def test_labels_keep_the_order_of_their_lines() -> None:
    ends = [
        labels.End(text="low", value=0.30, colour="#000"),
        labels.End(text="high", value=0.301, colour="#000"),
    ]
    places = {str(label["text"]): float(str(label["y"])) for label in labels.at_ends(ends, 1.0)}

    assert places["low"] < places["high"]


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_a_figure_with_nothing_to_show_says_why(palette: Palette) -> None:
    ages, quarters = both_sexes(dict.fromkeys(BANDS, HIDDEN)), frame("quarter", {"2024Q4": HIDDEN})
    bins = frame("bin", {"a": HIDDEN}).with_columns(bin_from=pl.lit(0.0), bin_to=pl.lit(5.0))
    figures = [
        age_sex.age_sex(ages, None, VI, palette),
        trend.trend(quarters, None, VI, palette),
        distribution.distribution(bins, [25.0], VI, palette),
        distribution.distribution(bins.clear(), [25.0], VI, palette),
    ]

    for figure in figures:
        assert not figure.data
        assert not figure.layout.shapes
        assert figure.layout.xaxis.visible is False
    assert all(VI("state.suppressed") in figure.layout.annotations[0].text for figure in figures[:3])
    assert VI("state.no_data") in figures[3].layout.annotations[0].text


def test_the_trend_begins_at_nought_and_keeps_a_place_for_a_hidden_quarter() -> None:
    quarters = frame("quarter", {"2023Q4": SHOWN, "2024Q1": HIDDEN, "2024Q2": SHOWN})
    figure = trend.trend(quarters, quarters, VI, LIGHT, place_name="Q. 1")

    assert figure.layout.yaxis.range[0] == 0
    assert list(figure.layout.xaxis.categoryarray) == ["2023Q4", "2024Q1", "2024Q2"]
    assert {note.text for note in figure.layout.annotations} == {VI("place.city_short"), "Q. 1"}


def test_every_position_has_its_own_mark_and_its_entry_in_the_legend() -> None:
    assert len(set(matrix.MARKS.values())) == len(matrix.MARKS) == len(matrix.ORDER)
    assert set(matrix.colours(DARK)) == set(matrix.ORDER)
    text = told(legend.marks(set(matrix.ORDER), VI, LIGHT))
    assert all(VI(f"position.{position}") in text for position in matrix.ORDER)
    assert VI("position.higher") not in told(legend.marks({"lower"}, VI, LIGHT))
