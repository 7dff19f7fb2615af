"""The URL is not trusted: a Selection of allowed values comes out, and what fell back is named."""

from dataclasses import fields
from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from dashboard.selection.base import UNWRITTEN, language_of
from dashboard.selection.ncd import PARTS, Choices, NcdSelection, resolve
from dashboard.selection.overview import resolve as resolve_overview

CHOICES = Choices(
    build="20221231-0123abcd",
    variants={"hypertension": ("recommended", "survey"), "bmi": ("who_overweight_25plus",)},
    periods=("2022Q4", "2022Q3"),
    districts=("760", "769"),
)
NAMES = (
    "condition",
    "variant",
    "estimator",
    "sex",
    "period",
    "district",
    "map",
    "ages",
    "standard",
    "quantity",
    "theme",
    "seen",
    "build",
    "lang",
    "other",
)


def test_an_empty_query_gives_the_defaults_and_nothing_to_announce() -> None:
    selection, fallbacks = resolve({}, CHOICES, "vi")

    assert (selection.condition, selection.variant, selection.period) == (
        "hypertension",
        "recommended",
        "2022Q4",
    )
    assert (selection.district, fallbacks) == (None, ())


def test_unknown_values_fall_back_to_a_named_default() -> None:
    selection, fallbacks = resolve({"condition": "gout", "district": "999", "sex": "male"}, CHOICES, "en")

    assert (selection.condition, selection.district, selection.sex) == ("hypertension", None, "male")
    assert [(item.name, item.asked) for item in fallbacks] == [("condition", "gout"), ("district", "999")]


def test_a_variant_of_another_condition_is_unknown() -> None:
    selection, fallbacks = resolve({"condition": "bmi", "variant": "survey"}, CHOICES, "vi")

    assert selection.variant == "who_overweight_25plus"
    assert [item.name for item in fallbacks] == ["variant"]


def test_a_pasted_link_means_the_same() -> None:
    query = {
        "condition": "bmi",
        "estimator": "standardised",
        "sex": "female",
        "period": "2022Q3",
        "district": "769",
    }
    selection, _ = resolve(query, CHOICES, "en")
    again, fallbacks = resolve(dict(parse_qsl(selection.as_query()[1:])), CHOICES, "en")

    assert (again, fallbacks) == (selection, ())
    assert "lang=en" in selection.as_query()
    assert "seen=20221231-0123abcd" in selection.as_query()
    assert "theme" not in selection.as_query()


def test_the_quantity_follows_the_condition_unless_asked() -> None:
    assert resolve({"condition": "bmi"}, CHOICES, "vi")[0].quantity == "body_mass_index"
    assert resolve({}, CHOICES, "vi")[0].quantity == "systolic"
    assert resolve({"quantity": "diastolic"}, CHOICES, "vi")[0].quantity == "diastolic"


def test_the_overview_reads_its_query_as_carefully() -> None:
    query = {"phase": "p9", "district": "760", "map": "tiles"}
    selection, fallbacks = resolve_overview(query, build="b", districts=("760",), language="en")

    assert (selection.phase, selection.district, selection.map) == ("all", "760", "tiles")
    assert [(item.name, item.asked) for item in fallbacks] == [("phase", "p9")]


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=60)))
def test_no_query_breaks_the_page(query: dict[str, str]) -> None:
    selection, fallbacks = resolve(query, CHOICES, language_of(query, "vi"))

    assert selection.condition in CHOICES.conditions
    assert selection.variant in CHOICES.variants[selection.condition]
    assert selection.district in (None, *CHOICES.districts)
    assert all(len(item.asked) <= 40 for item in fallbacks)


def test_every_choice_of_the_explorer_draws_some_part_again() -> None:
    choices = {item.name for item in fields(NcdSelection) if item.name not in UNWRITTEN}

    assert {name for names in PARTS.values() for name in names} == choices
