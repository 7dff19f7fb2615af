"""Drug names as people write them become the ATC codes they mean, and no others."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from importlib import resources

import pytest

from warehouse.codes import Atc
from warehouse.readers import drugs
from warehouse.readers.drugs import atc_of

NAMES = {
    # One substance: salts, strengths, forms, both spellings, any case.
    "amlodipine": "C08CA01",
    "Amlodipin": "C08CA01",
    "AMLODIPIN BESILAT": "C08CA01",
    "amlodipin besylat 5 mg": "C08CA01",
    "Amlodipine 5mg viên nén": "C08CA01",
    "Amlodipin5mg": "C08CA01",
    "Amlodipin STADA 5mg": "C08CA01",
    "Amlodipin (dưới dạng amlodipin besilat) 5mg": "C08CA01",
    "Amlor (amlodipin)": "C08CA01",
    "Amlor [amlodipin] 5mg": "C08CA01",
    "Amlor (amlodipin 5mg": "C08CA01",
    "hydrochlorothiazide 25 MG Oral Tablet": "C03AA03",
    "Hydroclorothiazid": "C03AA03",
    "HCTZ 12,5": "C03AA03",
    "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet": "A10BA02",
    "metformin hydroclorid": "A10BA02",
    "Glucophage XR (Metformin HCl) 750mg": "A10BA02",
    "losartan kali": "C09CA01",
    "Losartan potassium 50mg": "C09CA01",
    "perindopril arginin": "C09AA04",
    "Perindopril tert-butylamin 4mg": "C09AA04",
    "Enalapril maleat 5mg": "C09AA02",
    "captopril": "C09AA01",
    "Imidapril": "C09AA16",
    "bisoprolol fumarat": "C07AB07",
    "metoprolol succinat": "C07AB02",
    "24 HR metoprolol succinate 100 MG Extended Release Oral Tablet": "C07AB02",
    "Propranolol hydroclorid": "C07AA05",
    "Methyldopa": "C02AB01",
    "Metyldopa 250mg": "C02AB01",
    "doxazosin mesylate": "C02CA04",
    "Indapamid 1,5mg viên nén giải phóng chậm": "C03BA11",
    "chlorthalidone": "C03BA04",
    "Furosemid": "C03CA01",
    "Spironolacton 25 mg": "C03DA01",
    "nifedipin 20mg retard": "C08CA05",
    "Lercanidipin hydroclorid": "C08CA13",
    "Diltiazem hydroclorid 60mg": "C08DB01",
    "Olmesartan": "C09CA08",
    "Candesartan cilexetil": "C09CA06",
    "gliclazid MR 30mg": "A10BB09",
    "Glyburide 5 MG": "A10BB01",
    "Glimepirid": "A10BB12",
    "Acarbose 50mg": "A10BF01",
    "Sitagliptin (dưới dạng sitagliptin phosphat monohydrat)": "A10BH01",
    "Dapagliflozin propanediol monohydrat": "A10BK01",
    "Empagliflozin": "A10BK03",
    "3 ML liraglutide 6 MG/ML Pen Injector": "A10BJ02",
    "Semaglutid": "A10BJ06",
    "Atorvastatin calci 20mg": "C10AA05",
    "rosuvastatin": "C10AA07",
    "Fenofibrat 160mg": "C10AB05",
    "ezetimib": "C10AX09",
    "clopidogrel": "B01AC04",
    "Clopidogrel bisulfat 75mg/viên": "B01AC04",
    "acid acetylsalicylic": "B01AC06",
    "Aspirin 81 MG Oral Tablet": "B01AC06",
    "Acetylsalicylic acid": "B01AC06",
    "Warfarin natri": "B01AA03",
    "Rivaroxaban": "B01AF01",
    "apixaban": "B01AF02",
    "albuterol 0.21 MG/ML Inhalation Solution": "R03AC02",
    "Salbutamol sulfat 100mcg/liều": "R03AC02",
    "Theophylin": "R03DA04",
    "Aminofylin 4,8%": "R03DA05",
    "budesonide 0.25 MG/ML Inhalation Suspension": "R03BA02",
    "Nitroglycerin 0.4 MG/ACTUAT Mucosal Spray": "C01DA02",
    # Insulins: a mixture is not what it is mixed from.
    "insulin": "A10A",
    "Insulin glargine 100IU/ml, bút tiêm": "A10AE04",
    "Insulin người": "A10AB01",
    "insulin, regular, human 100 UNT/ML": "A10AB01",
    "NPH insulin": "A10AC01",
    "Insulin tác dụng chậm, kéo dài (Slow-acting, Long-acting)": "A10AE",
    "Insulin trộn, hỗn hợp (Mixtard-acting, Dual-acting)": "A10AD",
    "Insulin người 30/70": "A10AD01",
    "Insulin aspart 30/70": "A10AD05",
    "Insulin lispro": "A10AB04",
    "Insulin analog aspart": "A10AB05",
    "Insulin Lantus (insulin glargine)": "A10AE04",
    "insulin isophane, human 70 UNT/ML / insulin, regular, human 30 UNT/ML Injectable Suspension [Humulin]": "A10AD01",
    "insulin aspart protamine, human 70 UNT/ML / insulin aspart, human 30 UNT/ML": "A10AD05",
    "Bơm tiêm đóng sẵn insulin glargine": "A10AE04",
    # Combinations, in any order and with any sign between.
    "Losartan 50mg + Hydroclorothiazid 12,5mg": "C09DA01",
    "Hydroclorothiazid 12,5mg + Losartan kali 50mg": "C09DA01",
    "losartan kali và hydroclorothiazid": "C09DA01",
    "Losartan Plus (losartan kali 50mg, hydroclorothiazid 12.5mg)": "C09DA01",
    "perindopril/amlodipine": "C09BB04",
    "Coveram 5/5 (perindopril arginin + amlodipin besilat)": "C09BB04",
    "Perindopril + indapamid + amlodipin": "C09BX01",
    "Perindopril arginine; Indapamide": "C09BA04",
    "Lisinopril 10 MG / Hydrochlorothiazide 12.5 MG": "C09BA03",
    "Enalapril - hydroclorothiazid": "C09BA02",
    "amlodipine 5 MG / hydrochlorothiazide 12.5 MG / olmesartan medoxomil 20 MG Oral Tablet": "C09DX03",
    "amlodipin-valsartan": "C09DB01",
    "Valsartan 80mg, Amlodipin 5mg": "C09DB01",
    "Telmisartan & amlodipin": "C09DB04",
    "sacubitril 49mg/valsartan 51mg": "C09DX04",
    "Bisoprolol 5mg + hydroclorothiazid 6,25mg": "C07BB07",
    "atenolol + chlorthalidone": "C07CB03",
    "metformin with sitagliptin": "A10BD07",
    "Metformin hydroclorid 500mg + Glibenclamid 5mg": "A10BD02",
    "Vildagliptin 50mg/Metformin 1000mg": "A10BD08",
    "linagliptin+metformin": "A10BD11",
    "Lipitor (atorvastatin) + Norvasc (amlodipin)": "C10BX03",
    "simvastatin; ezetimib": "C10BA02",
    "Clopidogrel 75mg + Acid acetylsalicylic 100mg": "B01AC30",
    "Fluticason propionat + Salmeterol xinafoat": "R03AK06",
    "budesonid 160mcg/liều + formoterol 4,5mcg/liều": "R03AK07",
    # No code of the combination: the largest part that lowers blood pressure or glucose, else none.
    "losartan + cao lá sen": "C09CA01",
    "valsartan + cao lá sen + amlodipin": "C09DB01",
    "Metformin + amlodipin": "A10BA02",
    "Aspirin + atorvastatin + losartan": "C09CA01",
    "atorvastatin + cao lá sen": None,
    "salbutamol + theophylin": None,
    # Not known, not a drug, or not for the inside of the body.
    "": None,
    " + / ": None,
    "5mg": None,
    "Paracetamol 500mg": None,
    "Acid folic": None,
    "Vitamin B1 + B6 + B12": None,
    "sacubitril": None,
    "Amlo": None,
    "Bơm tiêm insulin 1ml": None,
    "Timolol 0,5% nhỏ mắt": None,
    "Minoxidil 5% topical solution": None,
    "Budesonid xịt mũi": None,
    "Hydrocortisone 10 MG/ML Topical Cream": None,
    "amlodipin losartan metformin aspirin enalapril insulin atorvastatin": None,
}


def rows(name: str) -> list[dict[str, str]]:
    text = resources.files("warehouse.readers").joinpath("maps", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@pytest.mark.parametrize(("name", "code"), NAMES.items())
def test_name_as_written(name: str, code: str | None) -> None:
    assert atc_of(name) == code


@pytest.mark.parametrize("name", ["Amlodipin viên nén đặc biệt", "Losartan kali và hydroclorothiazid"])
def test_accents_may_be_apart_or_lost(name: str) -> None:
    apart = unicodedata.normalize("NFD", name)
    lost = "".join(sign for sign in apart if not unicodedata.combining(sign)).replace("đ", "d")

    assert apart != name
    assert atc_of(apart) == atc_of(lost) == atc_of(name.upper()) == atc_of(name) is not None


def test_a_long_list_is_no_drug_and_takes_no_time() -> None:
    assert atc_of(" + ".join(row["inn"] for row in rows("drug_names"))) is None


@pytest.mark.parametrize("row", rows("drug_names"), ids=lambda row: row["inn"])
def test_every_name_means_its_own_code(row: dict[str, str]) -> None:
    assert atc_of(row["inn"]) == Atc(row["atc"]) == row["atc"]


@pytest.mark.parametrize("row", rows("drug_combinations"), ids=lambda row: row["inns"])
def test_every_combination_means_its_own_code(row: dict[str, str]) -> None:
    inns = row["inns"].split("+")

    assert inns == sorted(set(inns))
    assert Atc(row["atc"]) == row["atc"]
    assert {atc_of("+".join(inns)), atc_of(" / ".join(reversed(inns)))} == {row["atc"]}


@pytest.mark.parametrize("row", rows("drug_synonyms"), ids=lambda row: row["written"])
def test_every_other_name_means_a_known_substance(row: dict[str, str]) -> None:
    assert atc_of(row["written"]) == atc_of(row["inn"]) is not None


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("drug_names", "inn"),
        ("drug_combinations", "inns"),
        ("drug_synonyms", "written"),
        ("drug_words", "word"),
    ],
)
def test_nothing_is_said_twice_nor_without_a_source(file: str, column: str) -> None:
    written = Counter(row[column] for row in rows(file))

    assert [name for name, times in written.items() if times > 1] == []
    assert all(row["source"] and row["reviewed"] == "2026-11-27" for row in rows(file))


def test_no_two_names_are_spelled_alike() -> None:
    """Both spellings are read as one, so names that differ only by spelling would hide each other."""
    inns = {row["inn"] for row in rows("drug_names")}
    names = [*inns, *(row["written"] for row in rows("drug_synonyms"))]
    spelled = Counter(drugs._phrase(name) for name in names)

    assert [phrase for phrase, times in spelled.items() if times > 1 or not phrase] == []


def test_substances_have_codes_of_their_own() -> None:
    """Two rows with one code would be one substance under two names, which belongs among the synonyms."""
    codes = Counter(row["atc"] for row in rows("drug_names"))

    assert [code for code, times in codes.items() if times > 1] == []


def test_every_group_the_value_sets_ask_for_has_a_name() -> None:
    folder = resources.files("warehouse").joinpath("value_sets")
    files = [file for file in folder.iterdir() if file.name.endswith("_atc.csv")]
    asked = {row["code"] for file in files for row in csv.DictReader(file.read_text("utf-8").splitlines())}
    known = [row["atc"] for file in ("drug_names", "drug_combinations") for row in rows(file)]

    assert files
    assert [code for code in asked if not any(atc.startswith(code) for atc in known)] == []
