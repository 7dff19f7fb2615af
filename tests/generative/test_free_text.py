"""Any text may be mined: nothing is raised, spans lie in the text, and what was rendered is found again."""

from __future__ import annotations

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from warehouse.readers import free_text_words
from warehouse.readers.free_text import mined

SPOKEN = (
    "HA huyết áp HATT HATTr cao chiều cân nặng CN VB vòng bụng M mạch HbA1c ĐH đường huyết đói sau ăn lần lúc tay trái "
    "ở nhà tiền sử mục tiêu năm trước 150/90 15/9 12/10/2024 1m60 1 60 7,2 , ; . : / - ( ) < mmHg cmHg kg cm m % l/p h"
)
WORDS = SPOKEN.split()
SCRAPS = st.lists(st.sampled_from([*WORDS, " ", "\n", ""]), max_size=30)
TEXTS = st.one_of(st.text(max_size=200), SCRAPS.map(" ".join), SCRAPS.map("".join))
BEFORE = st.sampled_from(["", "Bệnh tỉnh. ", "BN khỏe, ", "Tiền sử THA 10 năm; ", "tái khám 12/10\n", "- "])
AFTER = st.sampled_from(["", ".", ", tim đều", "; uống 1/2 viên", "\nTái khám 12/10/2024", " Bụng mềm"])
FORMS = st.sampled_from(["NFC", "NFD"])


@given(TEXTS, FORMS)
@example("İ HA 150/90", "NFC")
@example("ﬃ HA １５０／９０ ㎜Hg", "NFC")
@example("\ud800HA 150/90", "NFC")
@example("HA 150/90\u0301", "NFC")
def test_any_text_may_be_mined(text: str, form: str) -> None:
    text = unicodedata.normalize(form, text) if form == "NFD" else text
    found = mined(text)

    assert [item.start for item in found] == sorted(item.start for item in found)
    for item in found:
        assert 0 <= item.start < item.end <= len(text)
        assert any(sign.isdigit() for sign in unicodedata.normalize("NFKC", text[item.start : item.end]))
    assert mined(text) == found


@given(
    st.one_of(TEXTS, st.text(st.characters(max_codepoint=0x2FF)), st.text(st.sampled_from("ĐđạỆêüÅ≮≠–°²½ İ")))
)
@example("".join(map(chr, free_text_words._PLAIN)))
def test_whole_texts_are_folded_as_sign_by_sign(text: str) -> None:
    folded, places = free_text_words._folded(text)
    by_sign, from_where = free_text_words._folded_by_sign(text)

    assert folded == by_sign
    if places is None:
        assert from_where == list(range(len(text) + 1))
        assert unicodedata.is_normalized("NFC", text)


@given(TEXTS)
def test_a_reading_is_one_value_of_each_of_its_quantities(text: str) -> None:
    found = [(item.quantity, item.reading) for item in mined(text)]
    pressures = {item.reading: item.value for item in mined(text) if item.quantity == "systolic"}

    assert len(found) == len(set(found))
    for item in mined(text):
        assert item.quantity != "diastolic" or item.value < pressures.get(item.reading, 1000)


@given(
    systolic=st.integers(60, 300),
    pulse_pressure=st.integers(1, 200),
    name=st.sampled_from(["HA", "HA:", "Huyết áp", "huyet ap:", "HA tay trái", "HA ở nhà", "HA lần 1:"]),
    stroke=st.sampled_from(["/", " / ", "/ "]),
    unit=st.sampled_from(["", "mmHg", " mmHg"]),
    around=st.tuples(BEFORE, AFTER),
    form=FORMS,
)
def test_a_pressure_is_found_again(
    systolic: int,
    pulse_pressure: int,
    name: str,
    stroke: str,
    unit: str,
    around: tuple[str, str],
    form: str,
) -> None:
    diastolic = max(30, systolic - pulse_pressure)
    phrase = unicodedata.normalize(form, f"{name} {systolic}{stroke}{diastolic}{unit}")
    text = unicodedata.normalize(form, around[0]) + phrase + around[1]
    found = mined(text)

    is_plausible = diastolic <= 200
    assert [(item.quantity, item.value) for item in found] == (
        [("systolic", systolic), ("diastolic", diastolic)] if is_plausible else []
    )
    assert all(text[item.start : item.end] == phrase for item in found)
    assert all(item.at_home == ("nhà" in name) for item in found)


@given(
    tenths=st.integers(0, 9),
    whole=st.integers(31, 149),
    measure=st.sampled_from(
        [
            ("weight", "CN {}kg"),
            ("weight", "cân nặng: {} kg"),
            ("waist", "VB {}cm"),
            ("waist", "vòng bụng {}"),
            ("height", "chiều cao 1{}cm"),
            ("hba1c", "HbA1c: {} mmol/mol"),
            ("random_glucose", "đường huyết {} mg/dL"),
            ("fasting_glucose", "ĐH đói: {} mmol/L"),
        ]
    ),
    sign=st.sampled_from([",", "."]),
    around=st.tuples(BEFORE, AFTER),
)
def test_a_measure_is_found_again_if_it_is_plausible(
    tenths: int, whole: int, measure: tuple[str, str], sign: str, around: tuple[str, str]
) -> None:
    quantity, template = measure
    phrase = template.format(
        f"{whole % 100:02}{sign}{tenths}" if quantity == "height" else f"{whole}{sign}{tenths}"
    )
    value = float(f"1{whole % 100:02}.{tenths}" if quantity == "height" else f"{whole}.{tenths}")
    text = around[0] + phrase + around[1]

    low = {"waist": 40, "fasting_glucose": 1}.get(quantity, 0)
    high = {"fasting_glucose": 60}.get(quantity, 1000)
    expected = [(quantity, value, phrase)] if low <= value <= high else []
    assert [(item.quantity, item.value, text[item.start : item.end]) for item in mined(text)] == expected
