"""What the synthetic city is set to rather than drawn from: one class a table of ``calibration.toml``, with units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Period:
    """First day of visits, first day of records, last day of everything.

    ``look`` is the day a city is looked at unless another is asked for; shares of records refer to it.
    """

    first_visit: date
    first_record: date
    look: date
    end: date

    @property
    def rollout_years(self) -> float:
        """From the first record to the end."""
        return (self.end - self.first_record).days / 365.25


#: Entries a year of the tables levels are looked up in, and the oldest age they know.
_PER_YEAR, _OLDEST = 16, 125


@dataclass(frozen=True, eq=False)
class ByAgeAndSex:
    """A level by age, straight between the ages and flat beyond them, for men and women."""

    ages: Floats
    male: Floats
    female: Floats

    def at(self, age: Floats, is_female: NDArray[np.bool_]) -> Floats:
        """The level of people of these ages, to a sixteenth of a year."""
        place = np.clip(age * _PER_YEAR + 0.5, 0, _PER_YEAR * _OLDEST - 1).astype(np.int32)
        return np.asarray(self._table[place + is_female * np.int32(_PER_YEAR * _OLDEST)], dtype=np.float64)

    @cached_property
    def _table(self) -> Floats:
        """Men first, then women."""
        ages = np.arange(_PER_YEAR * _OLDEST) / _PER_YEAR
        levels = [np.interp(ages, self.ages, level) for level in (self.male, self.female)]
        return np.concatenate(levels)


@dataclass(frozen=True)
class Trend:
    """What calendar years add to the levels: mmHg, kg/m2, mmol/L; and how busily disease was looked for (ratio)."""

    years: Floats
    systolic: Floats
    body_mass_index: Floats
    glucose: Floats
    rate_by_year: Floats


@dataclass(frozen=True)
class BodyMassIndex:
    """Of adults, kg/m2. ``middle``: of the city, from which the slopes of other traits count."""

    level: ByAgeAndSex
    sd: float
    middle: float
    per_income: float


@dataclass(frozen=True)
class Pressure:
    """Usual untreated pressure (mmHg) at the middle body mass index, and its spread between people."""

    systolic: ByAgeAndSex
    diastolic: ByAgeAndSex
    sd_systolic: ByAgeAndSex
    sd_diastolic: ByAgeAndSex
    correlation: float
    systolic_per_bmi: float
    diastolic_per_bmi: float
    diastolic_share: float


@dataclass(frozen=True)
class Sugar:
    """Usual untreated fasting glucose (mmol/L) before any decline, and the HbA1c (%) that goes with it."""

    level: ByAgeAndSex
    sd: float
    per_bmi: float
    hba1c_at_5: float
    hba1c_per_mmol: float
    hba1c_sd: float


@dataclass(frozen=True)
class Decline:
    """Hazard a year (at 45, Gompertz slope, logarithms of ratios) of the decline of the islets; its pace after it."""

    at_45: float
    slope: float
    male: float
    per_bmi: float
    per_systolic_deviate: float
    per_income: float
    rate: float
    rate_spread: float


@dataclass(frozen=True)
class Level:
    """A trait with a level and a spread between people; slopes on body mass index."""

    level: ByAgeAndSex
    sd: float
    per_bmi: float


@dataclass(frozen=True)
class Kidney:
    """Usual filtration (mL/min/1.73 m2); what pressure above 130 mmHg and glucose above 7 mmol/L take off."""

    level: ByAgeAndSex
    sd: float
    per_10_mmhg: float
    per_mmol: float


@dataclass(frozen=True)
class Contact:
    """Inclination to see a doctor: shape of a gamma deviate, logarithms of ratios, and the middle they count from."""

    shape: float
    female: float
    insured: float
    per_income: float
    middle: float


@dataclass(frozen=True)
class Management:
    """Hazards a year of being diagnosed (at contact 1, every test positive, in the last year), of beginning a
    treatment the first time and again, of giving it up; effect of a treatment (mmHg, or share of the way to the
    goal), of which ``second_share`` on the second of the two quantities; adherence (two parameters of a beta).
    """

    rate: float
    begins: float
    begins_again: float
    stops: float
    effect: float
    effect_sd: float
    second_share: float
    adherence: Floats


@dataclass(frozen=True)
class Reading:
    """Readings around the usual pressure, mmHg; of blood around its usual value, as a share or (HbA1c) in points."""

    visit_sd_systolic: float
    visit_sd_diastolic: float
    within_sd_systolic: float
    within_sd_diastolic: float
    first_is_higher: float
    home_is_lower: float
    glucose_cv: float
    hba1c_sd: float
    cholesterol_cv: float
    creatinine_cv: float

    def of_one_visit(self) -> tuple[float, float]:
        """Scatter of what a survey takes of one visit, the mean of its second and third reading: both pressures."""
        return (
            float(np.hypot(self.visit_sd_systolic, self.within_sd_systolic / np.sqrt(2))),
            float(np.hypot(self.visit_sd_diastolic, self.within_sd_diastolic / np.sqrt(2))),
        )


@dataclass(frozen=True)
class Living:
    """Households (share of each size from 1 up), insurance, vulnerable groups; chances a year of dying (at birth, and
    what a year of age adds to its logarithm), leaving the city, a household's moving within it, being with child.
    """

    household_sizes: Floats
    insured_of_working_age_share: float
    insured_of_others_share: float
    dies_a_year_at_birth: float
    dies_per_year_of_age: float
    leaves_a_year_young: float
    leaves_a_year_other: float
    moves_a_year: float
    born_here_share: float
    pregnant_a_year: float
    poor_household_share: float
    disabled_share: float
    income_of_ward: float
    insured_per_income: float


@dataclass(frozen=True)
class Care:
    """How often people are seen, and what a visit leaves behind."""

    visits_a_year: float
    visits_a_year_per_year_of_age: float
    visits_a_year_if_diagnosed: float
    regular_share: float
    days_between_supplies: float
    without_record_share: float
    measured_with_record_share: float
    measured_without_record_share: float
    opened_with_exam_share: float
    inpatient_share: float
    home_device_share: float


@dataclass(frozen=True)
class Survey:
    """Fieldwork, and how many adults are drawn: about ``people``, at most a share of all residents."""

    first_day: date
    last_day: date
    people: int
    largest_share: float


@dataclass(frozen=True)
class Enrolment:
    """Logits of the groups of the plan beside the rest; rare fates of records."""

    over_50: float
    underlying_condition: float
    pregnant: float
    child: float
    second_record_share: float
    closed_share: float


@dataclass(frozen=True)
class Districts:
    """One number per district, in the order of the codes. ``record_share``: living residents with a record on the day
    of the look.

    ``pace`` above 1 is earlier; ``age_tilt`` above 0 is older; ``completeness`` is a share of the best. Tilts:
    mmHg, logarithm of the hazard of decline, kg/m2.
    """

    record_share: Floats
    pace: Floats
    tilt_systolic: Floats
    tilt_decline: Floats
    tilt_bmi: Floats
    age_tilt: Floats
    completeness: Floats
