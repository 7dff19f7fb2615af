"""What the explorer says: shares that add up, no direction, no comparison that the numbers do not bear."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.components import ncd_sheets, statements
from dashboard.selection.ncd import Indicator, NcdSelection, Scheme, Subject
from dashboard.words import words
from tests.support.components import told

VI, EN = words("vi"), words("en")
COLUMNS = ("numerator", "denominator", "value", "lower", "upper", "method", "state", "reason")
HIDDEN = (None, None, None, None, None, "wilson", "suppressed", "small_count")
MISSING = (None, None, None, None, None, "none", "no_data", "nobody_counted")
SELECTION = NcdSelection(
    language="en", build="b", condition="hypertension", variant="recommended", estimator="crude",
    standard="who_world_2000", ages="18-69", sex="both", period="2024Q4",
)  # fmt: skip
SUBJECT = Subject("Hypertension", "Recommended", "", "", "1.0.0", "assessed", 18, date(2024, 8, 14))


def row(value: float, lower: float | None = None, upper: float | None = None) -> dict[str, object]:
    limits = (value - 0.02 if lower is None else lower, value + 0.02 if upper is None else upper)
    return dict(zip(COLUMNS, (30, 100, value, *limits, "wilson", "shown", None), strict=True))


def state(values: tuple[object, ...]) -> dict[str, object]:
    return dict(zip(COLUMNS, values, strict=True))


def indicator(district: dict[str, object], city: dict[str, object], *, is_count: bool = False) -> Indicator:
    frame = pl.DataFrame(
        [{"district": "760", "name": "Quận 1", "short": "Q. 1", **district}], infer_schema_length=None
    )
    name = "coverage" if is_count else "a"
    return Indicator(indicator=name, name="A", city=city, rows=frame, wide=None if is_count else frame)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=8).filter(any))
def test_rounded_shares_of_a_whole_add_to_a_hundred(counts: list[int]) -> None:
    shares = [count / sum(counts) for count in counts]
    rounded = statements.shares_of_whole(shares)

    assert round(sum(rounded) * 1000) == 1000
    assert all(abs(short - full) < 0.001 for short, full in zip(rounded, shares, strict=True))


@pytest.mark.parametrize(
    ("own", "expected"),
    [(0.52, "count_higher"), (0.38, "count_lower"), (0.494, "similar"), (0.506, "similar")],
)
def test_a_complete_count_is_compared_without_an_interval(own: float, expected: str) -> None:
    counted = {**row(own), "lower": None, "upper": None}
    (cell,) = statements.matrix_cells([indicator(counted, row(0.5), is_count=True)], EN)

    assert cell["position"] == expected
    assert "95%" not in cell["hover"]


@pytest.mark.parametrize(
    ("own", "city", "expected"),
    [
        (state(HIDDEN), row(0.5), "suppressed"),
        (state(MISSING), row(0.5), "no_data"),
        (row(0.5), state(HIDDEN), "uncompared"),
    ],
)
def test_what_cannot_be_compared_is_never_called_similar(
    own: dict[str, object], city: dict[str, object], expected: str
) -> None:
    (cell,) = statements.matrix_cells([indicator(own, city)], VI)

    assert cell["position"] == expected


def test_the_matrix_tells_what_chance_alone_would_give_and_leaves_counts_out() -> None:
    cells = [{"position": "higher", "indicator": "a"}] * 8 + [{"position": "similar", "indicator": "a"}] * 92
    counts = [
        {"position": "count_higher", "indicator": "coverage"},
        {"position": "similar", "indicator": "coverage"},
    ]

    assert statements.matrix_title([*cells, *counts], EN) == (
        "8 of 100 cells differ from the whole city; chance alone may give about 5"
    )


def test_the_trend_names_two_values_and_no_direction() -> None:
    frame = pl.DataFrame([{"quarter": "2022Q4", **row(0.49)}, {"quarter": "2024Q4", **row(0.34)}])

    for text in (VI, EN):
        title = statements.trend_title(frame, text)
        assert not set(title) & set("→↑↓↗↘▲▼")
        assert text.percent(0.49) in title
        assert text.percent(0.34) in title
    assert "cannot be judged" in statements.trend_title(frame, EN)
    assert statements.trend_title(frame.head(1), EN) == EN("trend.title_none")


def test_when_a_quarter_was_frozen_is_told_and_why_it_was_revised() -> None:
    words = ("Hypertension", "Recommended", "", "", "1.0.0", "record_holders", 18, date(2024, 8, 14))
    first, second = Subject(*words), Subject(*words, vintage=2, reason="late records")

    frozen = EN("ncd.frozen", date=EN.date(date(2024, 8, 14)))
    assert statements.cautions(first, SELECTION, EN) == [EN("ncd.caution_holders"), frozen]
    assert "vintage 2: late records" in statements.cautions(second, SELECTION, EN)[-1]


def test_the_comparison_counts_every_district_once() -> None:
    frame = pl.DataFrame([row(0.6), row(0.4), row(0.5), row(0.505), state(HIDDEN)], infer_schema_length=None)

    assert statements.compare_title(frame, row(0.5), EN) == (
        "Districts higher than the whole city: 1; lower: 1; not told apart: 2; not shown: 1"
    )
    assert statements.compare_title(frame.tail(1), row(0.5), EN) == EN("compare.title_none")


def test_the_median_stands_in_its_bin() -> None:
    bins = pl.DataFrame(
        [
            {"bin_from": low, "bin_to": low + 5, **row(share)}
            for low, share in ((110.0, 0.3), (115.0, 0.3), (120.0, 0.4))
        ]
    )

    assert "115–120" in statements.distribution_title(bins, "systolic", EN)
    hidden = pl.DataFrame([{"bin_from": 0.0, "bin_to": 5.0, **state(HIDDEN)}])
    assert statements.distribution_title(hidden, "systolic", EN) == "Systolic: no distribution can be shown"


SCHEME = Scheme(
    quantity="body_mass_index", scheme="asian", source="s",
    names=("Underweight", "Normal", "Overweight"), starts=(None, 18.5, 23.0),
)  # fmt: skip


def classes(*shares: float | None) -> pl.DataFrame:
    rows = [state(HIDDEN) if share is None else row(share) for share in shares]
    edges = zip((0.0, 18.5, 23.0), (18.5, 23.0, None), rows, strict=True)
    found = [{"bin_from": low, "bin_to": high, **values} for low, high, values in edges]
    return pl.DataFrame(found, infer_schema_length=None)


def test_classes_are_named_with_their_edges_and_add_up() -> None:
    text = told(ncd_sheets.class_tables([(SCHEME, classes(1 / 3, 1 / 3, 1 / 3))], EN)[0])

    for part in ("below 18.5", "18.5 to below 23", "from 23", "33.4%", "33.3%"):
        assert part in text


def test_a_hidden_class_is_told_in_words_and_the_others_are_not_made_to_add_up() -> None:
    text = told(ncd_sheets.class_tables([(SCHEME, classes(1 / 3, None, 1 / 3))], EN)[0])

    assert EN("state.suppressed") in text
    assert "33.4%" not in text


def test_one_class_has_one_share_in_every_scheme() -> None:
    coarse = Scheme(
        quantity="body_mass_index",
        scheme="who",
        source="s",
        names=("Underweight", "Other"),
        starts=(None, 18.5),
    )
    two = pl.DataFrame(
        [{"bin_from": 0.0, "bin_to": 18.5, **row(0.1115)}, {"bin_from": 18.5, "bin_to": None, **row(0.8885)}]
    )
    fine, wide = ncd_sheets.class_tables([(SCHEME, classes(0.1115, 0.4535, 0.435)), (coarse, two)], EN)

    for share in ("11.1%", "11.2%"):
        assert (share in told(fine)) == (share in told(wide))
