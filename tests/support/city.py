"""A small city through the real build: two districts with numbers, one too small to show, the others empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.home import pressure, record, resident, run_build, write_csv
from warehouse.synthetic.city import EXTRACTS, synthesize

#: District, people, how many of them are raised on two days. 764 is under thirty people.
GROUPS = (("760", 80, 40), ("761", 120, 30), ("764", 20, 8))
WARDS = {"760": "26758", "761": "26764", "764": "26869"}
DAYS = ("2024-03-05", "2024-04-05")


def survey_result(**changes: Any) -> dict[str, Any]:
    """One published result."""
    row = {
        "study": "S", "definition": "hypertension/one_visit_or_treated", "quarter": "2024Q2", "sex": "both",
        "age_band": "18+", "value": 0.30, "lower": 0.28, "upper": 0.32, "people": 2000, "source": "a report",
    }  # fmt: skip
    return {**row, **changes}


SURVEY = (survey_result(), survey_result(sex="male"), survey_result(age_band="18-39"))


def examination(**changes: Any) -> dict[str, Any]:
    """One reference examination."""
    row = {
        "examination_ref": "X-1", "person_ref": "760-001", "study": "S", "definition": "hypertension/recommended",
        "examined_on": "2024-05-02", "has_condition": "true",
    }  # fmt: skip
    return {**row, **changes}


def city_home(
    home: Path,
    *,
    survey: Sequence[Mapping[str, Any]] = SURVEY,
    examinations: Sequence[Mapping[str, Any]] = (),
    **options: Any,
) -> Path:
    """Build the small city into ``home`` with the options of a build; returns ``home``."""
    extract = home / "extract"
    people = [(f"{code}-{i:03}", code, i, i < raised) for code, count, raised in GROUPS for i in range(count)]
    write_csv(extract / "resident.csv", [_resident(ref, code, i) for ref, code, i, _ in people])
    write_csv(extract / "health_record.csv", [record(ref) for ref, *_ in people])
    readings = [
        row
        for ref, _, _, is_raised in people
        for day in DAYS
        for row in pressure(ref, day, 150 if is_raised else 120)
    ]
    write_csv(extract / "measurement.csv", readings)
    write_csv(extract / "survey.csv", survey)
    if examinations:
        write_csv(extract / "reference_examination.csv", examinations)
    run_build(home, extract, **options)
    return home


def synthetic_home(
    folder: Path, *, population: int, seed: int, scenario: str = "calm", linkage: str = "exact"
) -> Path:
    """A synthetic city of ``population`` residents through the real build; returns its home inside ``folder``."""
    synthesize(folder / "city", population=population, seed=seed, scenario=scenario)
    run_build(folder / "home", folder / "city" / EXTRACTS, linkage=linkage)
    return folder / "home"


def _resident(ref: str, code: str, number: int) -> dict[str, object]:
    year = 1945 + number % 50
    sex = "female" if number % 2 else "male"
    return resident(ref, birth_date=f"{year}-05-17", sex=sex, district_code=code, ward_code=WARDS[code])
