"""Clinical text gives the values it tells, and none that it does not."""

from __future__ import annotations

import sys
import unicodedata
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from warehouse.readers import free_text, free_text_words
from warehouse.readers.free_text import Mined, mined
from warehouse.rule_types import spell_unit
from warehouse.rules import load_rules

#: Short names of the quantities, to keep the table readable.
SHORT = {
    "s": "systolic",
    "d": "diastolic",
    "h": "height",
    "w": "weight",
    "b": "waist",
    "p": "heart_rate",
    "a": "hba1c",
    "f": "fasting_glucose",
    "r": "random_glucose",
}
#: Text -> what it tells: quantity, value and unit as written; "@" at home.
TOLD = {
    # Blood pressure: names, blanks, units.
    "HA 150/90 mmHg": "s150mmHg d90mmHg",
    "HA 150/90": "s150 d90",
    "HA: 150/90": "s150 d90",
    "HA=150/90mmHg": "s150mmHg d90mmHg",
    "HA 150 / 90mmHg": "s150mmHg d90mmHg",
    "HA 150/90 mm Hg": "s150mmHg d90mmHg",
    "BP 150/90": "s150 d90",
    "Huyết áp 150/90": "s150 d90",
    "huyet ap 150/90": "s150 d90",
    "HUYẾT ÁP: 150/90 MMHG": "s150mmHg d90mmHg",
    "HA đo được 150/90": "s150 d90",
    "HA lúc vào viện: 150/90": "s150 d90",
    "HA lúc 8h30 150/90": "s150 d90",
    "HA sau 5 phút 140/80": "s140 d80",
    "BN tỉnh, HA 150/90, tim đều": "s150 d90",
    "Tiền sử THA, HA 150/90": "s150 d90",
    "tiền sử HA cao nhất 180/100, nay HA 150/90": "s150 d90",
    "Mục tiêu HA < 130/80, hiện HA 150/90": "s150 d90",
    # Centimetres of mercury.
    "huyết áp: 15/9": "s150 d90",
    "HA 15,5/9": "s155 d90",
    "HA 15/9 cmHg": "s150mmHg d90mmHg",
    # By their own names.
    "HATT 150, HATTr 90": "s150 d90",
    "HATT: 150 mmHg - HATTr: 90 mmHg": "s150mmHg d90mmHg",
    "HATT/HATTr: 150/90": "s150 d90",
    "Huyết áp tâm thu 150 mmHg, tâm trương 90 mmHg": "s150mmHg d90mmHg",
    "HATT 150": "s150",
    "HATTr 90": "d90",
    "HATT 15": "s150",
    # Several readings.
    "HA tay trái 140/80, tay phải 145/85": "s140 d80 s145 d85",
    "HA (T) 140/80 (P) 145/85": "s140 d80 s145 d85",
    "HA lần 1: 150/90; lần 2: 146/88": "s150 d90 s146 d88",
    "HA lần 1: 150/90\nLần 2: 146/88\nLần 3: 140/86": "s150 d90 s146 d88 s140 d86",
    "HA 150/90, 146/88": "s150 d90 s146 d88",
    "HA nằm 150/90, đứng 130/80": "s150 d90 s130 d80",
    "HA sáng 15/9, chiều 14/8": "s150 d90 s140 d80",
    "HA 150/90. Tái khám. HA 140/80": "s150 d90 s140 d80",
    # At home.
    "HA ở nhà 150/90": "s150@ d90@",
    "HA 150/90 ở nhà": "s150@ d90@",
    "HA 150/90 (tại nhà)": "s150@ d90@",
    "Tại nhà đo HA 150/90": "s150@ d90@",
    "BN tự đo HA: 150/90": "s150@ d90@",
    "HA ở nhà 150/90, tại PK 140/80": "s150@ d90@ s140 d80",
    "HA 140/80 ở nhà: 150/90": "s140 d80 s150@ d90@",
    "HA 150/90, ở nhà uống thuốc đều": "s150 d90",
    "HA ở nhà 150/90, 146/88": "s150@ d90@ s146@ d88@",
    "ĐH đói ở nhà 7,8": "f7.8@",
    # Size.
    "cao 1m60": "h1.6m",
    "cao 1m6": "h1.6m",
    "Cao 1m 60": "h1.6m",
    "cao: 160cm": "h160cm",
    "chiều cao 1,60 m": "h1.6m",
    "Chiều cao 160": "h160",
    "chieu cao: 160 cm": "h160cm",
    "BN cao 160cm, nặng 60kg": "h160cm w60kg",
    "CN 60kg": "w60kg",
    "CN: 60": "w60",
    "cân nặng: 60,5 kg": "w60.5kg",
    "can nang 60 ky": "w60kg",
    "vòng bụng 90cm": "b90cm",
    "VB 90": "b90",
    "vong eo: 90 cm": "b90cm",
    # Pulse.
    "M 80 l/p": "p80/min",
    "M: 80": "p80",
    "M 80 lần/phút": "p80/min",
    "mạch: 80": "p80",
    "Mạch quay đều rõ 80 ck/phút": "p80/min",
    "nhịp tim 80 bpm": "p80bpm",
    "tần số tim 80/phút": "p80/min",
    # Glucose and HbA1c.
    "HbA1c 7,2%": "a7.2%",
    "HbA1c: 7.2": "a7.2",
    "HbA1C: 55 mmol/mol": "a55mmol/mol",
    "Hb A1c 7,2 %": "a7.2%",
    "ĐH đói 7,8 mmol/L": "f7.8mmol/L",
    "đường huyết lúc đói: 8": "f8",
    "Glucose máu 7,8 mmol/l (đói)": "f7.8mmol/L",
    "đường huyết 140 mg/dl": "r140mg/dL",
    "ĐH mao mạch bất kỳ: 11,2": "r11.2",
    "ĐH sau ăn 2h: 11,2 mmol/L": "r11.2mmol/L",
    "dh doi 126mg/dL": "f126mg/dL",
    # Many in one line.
    "M 80 l/p, HA 150/90 mmHg, CN 60kg, cao 1m60, VB 90": "p80/min s150mmHg d90mmHg w60kg h1.6m b90",
    "HA:150/90mmHg M:80l/ph T:37 CN:60kg": "s150mmHg d90mmHg p80/min w60kg",
    "VB 90 M 80": "b90 p80",
    "60kg cao 1m60": "h1.6m",
    "BN nữ 60 tuổi cao 155 cm nặng 55 kg": "h155cm w55kg",
    "CC: 160cm, P: 60kg": "h160cm w60kg",
    "Cân nặng (kg): 60; Chiều cao(cm): 160; HA(mmHg): 150/90; Mạch (l/p): 80": (
        "w60kg h160cm s150mmHg d90mmHg p80/min"
    ),
    "HA (mmHg): 15/9": "s150mmHg d90mmHg",
    "Cao (cm): 160": "h160cm",
    "TD HA: 8h 150/90, 14h 140/80, 20h30 135/80": "s150 d90 s140 d80 s135 d80",
    "HA150/90 M80 CN60kg": "s150 d90 p80 w60kg",
    "HA: 150/90mmHg (tay P), mạch 80l/p": "s150mmHg d90mmHg p80/min",
    "HA 150/90, 12/10 tái khám": "s150 d90",
    "HA 150/90, tái khám 15/9": "s150 d90",
    "HA 150/90. Tái khám sáng 15/9": "s150 d90",
    "HA 150/90, sáng 15/9 khám lại": "s150 d90",
    "HA 15/9, tái khám 12/10": "s150 d90",
    "HA 15/9, tại viện 12/10": "s150 d90",
    "HA 150/90; sau 12/10 khám lại": "s150 d90",
    "HA 150/90; sau nghỉ 5 phút: 140/85": "s150 d90",
    "HA 150/90, sau 5 phút: 140/85": "s150 d90 s140 d85",
    "HA 150/90, thị lực 10/10": "s150 d90",
    "HA 150/90, mục tiêu 130/80": "s150 d90",
    "HA 150/90, trước đây 180/100": "s150 d90",
    "HA 150/90, 180/100 năm ngoái": "s150 d90",
    "Cân nặng: 60kg, chiều cao: 160cm, BMI 23,4": "w60kg h160cm",
    "tăng huyết áp 10 năm, HA 150/90": "s150 d90",
}
#: Why -> text that tells nothing.
SILENT = {
    "nothing": ["", "   \n", "Bệnh tỉnh, tiếp xúc tốt", "HA", "HA:", "M", "cao"],
    "not measured": ["HA đo không được", "HA: không đo", "HA kẹt", "mạch không bắt được", "HA 0/0"],
    "dates": [
        "12/10",
        "HA 12/10/2024",
        "tái khám 12/10",
        "CN 12/10",
        "HA ngày 12/10",
        "HA tái khám 12/10",
        "HA sáng 12/10 150/90",
        "HA 12/10 là 150/90",
        "HA 12/10: 150/90",
        "M: 12/10",
        "CN 15/9",
    ],
    "doses": ["ngày uống 1/2 viên", "Amlodipin 5mg 1v x 2", "Glucose 5% 500ml", "Truyền glucose 30% x 2 ống"],
    "other measures": [
        "thị lực 10/10",
        "mắt phải 10/10",
        "thổi tâm thu 3/6",
        "nhịp thở 20 l/p",
        "glucose niệu 5",
    ],
    "targets": [
        "HA mục tiêu < 140/90",
        "mục tiêu HA 130/80",
        "Mục tiêu: HA 130/80, HbA1c 7%",
        "HA < 140/90",
        "HbA1c < 7%",
        "duy trì HA 130/80",
        "nếu HA 180/110 thì nhập viện",
    ],
    "histories": [
        "tiền sử HA cao nhất 180/100",
        "HA cao nhất 180/100",
        "HA max 180/100",
        "có lúc HA 180/100",
        "TS HA 180/100",
        "HA 180/100 năm ngoái",
        "HA 180/100 (năm 2019)",
        "tháng trước HbA1c 9%",
        "HA tối đa 180/100",
    ],
    "durations": ["tăng HA 10 năm", "THA 10 năm", "HA cao 5 năm", "đường huyết cao 5 năm", "CN 2 tháng"],
    "ranges": ["HA 140-150/80-90", "HA 150/90-160/95", "mạch 80-90", "HA dao động 140/80 - 150/90"],
    "outside the limits": [
        "HA 500/90",
        "HA 150/15 mmHg",
        "HA 90/150",
        "HA 15/9 mmHg",
        "HA 150/9",
        "HATT 150, HATTr 160",
        "cao 3m50",
        "chiều cao 16 cm",
        "CN 600kg",
        "VB 20",
        "M 800",
        "HbA1c 300%",
        "ĐH đói 700 mmol/L",
        "HA 150,5/90",
        "HA 9999999999/90",
    ],
    "other words": [
        "hạ 150/90",
        "huyết áp cao 160cm",
        "ngã từ trên cao 2m",
        "sụt cân 5kg",
        "tăng cân 5kg",
        "bệnh nặng 60 ngày",
        "thuốc cản quang 60 ml, căn 60kg",
        "1 m 60",
        "1 M 60",
        "tay P 60kg",
        "CC 60",
        "P: 60",
        "nhịp tim thai 140 l/p",
        "chiều cao tử cung 30cm, 100cm",
        "cân nặng lý tưởng 60kg",
        "HbA1c 2 tháng trước 8%",
        "m 80",
        "bệnh cao huyết áp",
        "HA 150\\90",
        "hba1c1",
    ],
}
QUIET = [(why, text) for why, texts in SILENT.items() for text in texts]


def told(found: tuple[Mined, ...]) -> str:
    short = {name: letter for letter, name in SHORT.items()}
    return " ".join(f"{short[item.quantity]}{item.value:g}{item.unit}{'@' * item.at_home}" for item in found)


@pytest.mark.parametrize(("text", "expected"), TOLD.items())
def test_text_tells(text: str, expected: str) -> None:
    assert told(mined(text)) == expected


@pytest.mark.parametrize(("why", "text"), QUIET, ids=[f"{why}: {text}" for why, text in QUIET])
def test_text_tells_nothing(why: str, text: str) -> None:
    assert told(mined(text)) == "", why


@pytest.mark.parametrize("text", TOLD)
def test_marks_of_their_own_tell_the_same(text: str) -> None:
    assert told(mined(unicodedata.normalize("NFD", text))) == TOLD[text]


@pytest.mark.parametrize("text", TOLD)
def test_lost_marks_tell_the_same(text: str) -> None:
    apart = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    bare = "".join(sign for sign in apart if not unicodedata.combining(sign))

    assert told(mined(bare)) == TOLD[text]


@pytest.mark.parametrize("text", TOLD)
def test_a_value_is_named_as_the_rules_name_it(text: str) -> None:
    rules = load_rules()
    units = {(rule.quantity, rule.unit_written) for rule in rules.units}
    meanings = {rule.loinc: {rule.quantity, rule.quantity_if_fasting} for rule in rules.loinc}

    for item in mined(text):
        assert (item.quantity, spell_unit(item.unit)) in units
        assert item.quantity in meanings[item.loinc]


@pytest.mark.parametrize(
    ("text", "loinc"),
    [
        ("HbA1c 7,2%", "4548-4"),
        ("HbA1c 55 mmol/mol", "59261-8"),
        ("HbA1c 55", "59261-8"),
        ("ĐH đói 7,8", "14771-0"),
        ("ĐH đói 140", "1558-6"),
        ("ĐH 7,8 mmol/L", "14749-6"),
        ("ĐH 140 mg/dL", "2345-7"),
    ],
)
def test_the_code_tells_the_unit(text: str, loinc: str) -> None:
    assert [item.loinc for item in mined(text)] == [loinc]


def test_two_pressures_of_a_reading_have_its_number() -> None:
    found = mined("HA tay trái 140/80, tay phải 145/85, M 80. HATT 150, HATTr 90; M 82")

    assert [(item.quantity, item.value, item.reading) for item in found] == [
        ("systolic", 140, 1),
        ("diastolic", 80, 1),
        ("systolic", 145, 2),
        ("diastolic", 85, 2),
        ("heart_rate", 80, 1),
        ("systolic", 150, 3),
        ("diastolic", 90, 3),
        ("heart_rate", 82, 2),
    ]


def test_a_span_is_what_tells_the_value() -> None:
    text = "Bệnh tỉnh, HA tay trái 140/80 mmHg, tay phải 145/85; cao 1m60cm."
    spans = [text[item.start : item.end] for item in mined(text)]

    assert spans == ["HA tay trái 140/80 mmHg"] * 2 + ["tay phải 145/85"] * 2 + ["cao 1m60cm"]


@pytest.mark.parametrize("phrase", ["mạch đều 80 lần/phút", "CN 60 ký"])
def test_a_span_of_text_with_marks_of_their_own_is_whole(phrase: str) -> None:
    text = unicodedata.normalize("NFD", f"Bệnh tỉnh, {phrase}, khỏe")
    (item,) = mined(text)

    assert unicodedata.normalize("NFC", text[item.start : item.end]) == phrase


def test_a_token_too_long_for_a_name_is_not_put_in_order() -> None:
    """Putting marks in order takes time that grows faster than their number."""
    tokens = free_text_words.Tokens("a" + "\u0301\u0323" * 50 + "b")

    assert (tokens.words[0], tokens.written(0), tokens.span(0)) == ("ab", "", (0, 102))


def test_only_short_texts_are_remembered_and_not_without_end() -> None:
    remembered = free_text.remembered
    short, long = "HA 151/91 mmHg", "Bệnh ổn. " * 30 + "HA 151/91 mmHg"
    remembered.cache_clear()

    assert told(mined(long)) == told(mined(short)) == told(mined(short)) == "s151mmHg d91mmHg"
    assert (remembered.cache_info().currsize, remembered.cache_info().hits) == (1, 1)
    assert remembered.cache_info().maxsize is not None


ADVERSARIAL = {
    "names": "HA " * 33_000,
    "names and words": "HA tay trái lần 1 lúc " * 4_500,
    "numbers": "9" * 100_000,
    "decimals": "1," * 50_000,
    "commas": "1" + "," * 100_000,
    "strokes": "HA 150/" * 14_000,
    "readings": "HA 150/90" + ", 150/90" * 12_500,
    "blanks": "HA" + " " * 100_000 + "150/90",
    "marks": "a" + "\u0301" * 100_000,
    "marks out of order": "a" + "\u0301\u0323" * 50_000 + "b",
    "histories": "tiền sử " * 12_500,
    "glucose": "đường huyết sau ăn 2h " * 4_500,
    "letters": "hba1" * 25_000,
}


@pytest.mark.parametrize("text", ADVERSARIAL.values(), ids=ADVERSARIAL)
def test_work_grows_no_faster_than_the_text(text: str) -> None:
    """Counted in calls of functions, which no machine makes slow: ten times the text, ten times the calls."""
    tenth, whole = calls(text[: len(text) // 10]), calls(text)

    assert whole <= 10.5 * tenth + 2_000
    assert whole <= 60 * len(text)


def calls(text: str) -> int:
    count = 0

    def counted(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        free_text._mined(text)
    finally:
        sys.setprofile(before)
    return count


def test_no_quantifier_of_the_tokens_stands_inside_another() -> None:
    """Calls do not count the steps inside an expression; without nested quantifiers these are bounded too."""
    assert deepest_repeat(parser.parse(free_text_words.TOKEN.pattern)) == 1
    assert deepest_repeat(parser.parse("(?:[a-z]+,)*")) == 2


def test_a_number_has_an_end() -> None:
    assert parser.parse(free_text_words.NUMBER.pattern).getwidth() == (1, 9)


def deepest_repeat(parsed: Any) -> int:
    depth = 0
    for operation, argument in parsed:
        parts = [part for part in flat(argument) if isinstance(part, parser.SubPattern)]
        inside = max(map(deepest_repeat, parts), default=0)
        depth = max(depth, inside + (operation in (parser.MAX_REPEAT, parser.MIN_REPEAT)))
    return depth


def flat(argument: Any) -> list[Any]:
    if isinstance(argument, list | tuple):
        return [part for item in argument for part in flat(item)]
    return [argument]


def test_grams_are_of_a_newborn_and_the_note_may_be_its_mother_s() -> None:
    assert mined("Sinh 1 bé trai, CN 3200g") == mined("Cân nặng 3200 gam") == ()
