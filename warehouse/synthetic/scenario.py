"""How hard the city makes it for whoever estimates: one TOML file a scenario, every switch set in each of them.

``calm``: the records are what they seem. ``realistic``: a little of everything that is known to happen. ``hostile``:
every assumption of the estimators is broken at once. None of it is drawn from the family of the models.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from warehouse.errors import EXIT_USAGE, Defect, UserError
from warehouse.geography import districts
from warehouse.synthetic.parameters import Floats

SCENARIOS = ("calm", "realistic", "hostile")
DEFAULT = "realistic"
#: Seed of the patterns over districts: they belong to the city and not to one draw of it.
_PATTERN_SEED = 3160
_ABOUT = ("name", "says")
#: What can befall a row (:mod:`warehouse.synthetic.defects`).
DEFECTS = (
    "height_in_metres",
    "weight_times_ten",
    "glucose_in_mg_dl",
    "missing_unit",
    "years_ahead",
    "code_without_point",
    "lost_tone_marks",
    "old_district_code",
    "day_and_month_swapped",
    "pressures_swapped",
    "sent_twice",
    "entered_twice",
)
#: What a row of a hospital's own register may say other than the register of residents
#: (:mod:`warehouse.synthetic.hospital`).
HOSPITAL = (
    "national_id_left_out",
    "old_id_left_out",
    "insurance_left_out",
    "phone_left_out",
    "phone_changed",
    "middle_name_left_out",
    "name_misspelt",
    "given_name_first",
    "marks_lost",
    "sex_wrong",
    "birth_year_only",
    "birth_swapped",
    "birth_digit_wrong",
    "ward_earlier",
    "ward_other",
    "ward_left_out",
)
#: Sections of a scenario, and what each has a share of.
SECTIONS: Mapping[str, tuple[str, ...]] = {"defects": DEFECTS, "hospital": HOSPITAL}
#: Beyond the rivers: Thủ Đức and Cần Giờ east of the Sài Gòn river, District 7 and Nhà Bè south of the canals.
ACROSS = ("769", "778", "786", "787")
#: Three districts no two of which touch: Gò Vấp, District 6, Củ Chi.
CLUSTER = ("764", "775", "783")


@dataclass(frozen=True)
class Switches:
    """What a scenario sets. Shares and odds ratios are plain; what moves pressure is in mmHg systolic.

    selection_odds_ratio     of having a record, the ill against others of the same group of the plan and district
    selection_spread         how far the logarithm of it differs between districts, as a share of itself
    interaction_mmhg         district by age by sex: spread of the districts, at thirty years from 45
    river_jump_mmhg          added across the rivers
    cluster_mmhg             added in three districts that do not touch
    systolic_per_income      by standard deviation of income
    enrolment_per_income     on the logit of having a record
    systolic_of_uninsured    added to those not insured
    claims_missed            share of the diagnoses and supplies a hospital leaves out of its claims, on average
    claims_invented          chance that a visit of an adult without hypertension is claimed as one, on average
    claims_spread            how far hospitals differ in both, as a share of the average
    copied_share             of the pressures that stations of the copying districts write down
    copying_districts        codes
    rounded_share            of the pressures that are rounded to tens by hand
    jump_share               of the last phase of the plan that is enrolled within three weeks of jump_day
    weekly_capacity          records a week that a ward can make for every thousand residents; 0 is without limit
    unregistered_share       of the adults under 45, who live here, are counted officially and stand in no register
    lag_days                 from a visit to the day its rows arrive, on average; hospitals and stations differ
    needs_connection         whether rows of a facility arrive only once it is connected (claims come by the insurer)
    official_error           largest error of a district's official population, as a share
    split_share              of the holders of a record whose hospital visits stand under another reference
    split_odds_ratio         of that, the ill against others
    restated_share           of the addresses from before July 2025 that registers write anew in its units since
    defects                  shares of the rows that each of :data:`DEFECTS` befalls, of those it can befall
    hospital                 the same of :data:`HOSPITAL`, of the rows of people who stand under another reference
    """

    selection_odds_ratio: float
    selection_spread: float
    interaction_mmhg: float
    river_jump_mmhg: float
    cluster_mmhg: float
    systolic_per_income: float
    enrolment_per_income: float
    systolic_of_uninsured: float
    claims_missed: float
    claims_invented: float
    claims_spread: float
    copied_share: float
    copying_districts: tuple[str, ...]
    rounded_share: float
    jump_share: float
    jump_day: date
    weekly_capacity: float
    unregistered_share: float
    lag_days: float
    needs_connection: bool
    official_error: float
    split_share: float
    split_odds_ratio: float
    restated_share: float
    defects: Mapping[str, float]
    hospital: Mapping[str, float]

    def selection_by_district(self) -> Floats:
        """Logarithm of the odds ratio of having a record, by district."""
        return np.asarray(
            np.log(self.selection_odds_ratio) * (1 + self.selection_spread * pattern(0)), dtype=np.float64
        )

    def systolic_by_district(self) -> Floats:
        """What the map of the scenario adds to systolic pressure (mmHg): across the rivers, and in the cluster."""
        return self.river_jump_mmhg * _among(ACROSS) + self.cluster_mmhg * _among(CLUSTER)

    def interaction_by_district(self) -> Floats:
        """Pressure (mmHg) by district for men of 75 and women of 15; the reverse for men of 15 and women of 75."""
        return self.interaction_mmhg * pattern(1)

    def is_copying(self) -> Floats:
        """1 in the districts whose stations copy pressures, by district."""
        return _among(self.copying_districts)

    def official_errors(self) -> Floats:
        """Error of the official population as a share, by district."""
        return self.official_error * pattern(2)


@cache
def pattern(number: int) -> Floats:
    """Between -1 and 1 by district, evenly spread and in an order of its own for each number."""
    steps = np.linspace(-1.0, 1.0, len(districts()))
    return np.asarray(np.random.default_rng([_PATTERN_SEED, number]).permutation(steps), dtype=np.float64)


def _among(codes: tuple[str, ...]) -> Floats:
    return np.array([float(unit.code in codes) for unit in districts()])


def read_scenario(name: str) -> Switches:
    """A shipped scenario. Raises UserError for a name that is none, Defect when its file is not whole."""
    if name not in SCENARIOS:
        raise UserError(
            "not a scenario",
            field="--scenario",
            value=name,
            expected=", ".join(SCENARIOS),
            exit_code=EXIT_USAGE,
        )
    text = (
        resources.files(__package__)
        .joinpath("scenarios")
        .joinpath(f"{name}.toml")
        .read_text(encoding="utf-8")
    )
    return switches_of(tomllib.loads(text))


def switches_of(content: Mapping[str, Any]) -> Switches:
    """Checked switches from the content of a file. Raises Defect with all faults at once."""
    faults = list(_faults(content))
    if faults:
        raise Defect("scenario of the synthetic city: " + "; ".join(faults))
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in content.items()
    }
    return Switches(**{key: value for key, value in values.items() if key not in _ABOUT})


def _faults(content: Mapping[str, Any]) -> Iterator[str]:
    wanted = {item.name for item in fields(Switches)} | set(_ABOUT)
    if odd := wanted ^ set(content):
        yield f"{', '.join(sorted(odd))}: missing or unknown"
    for section, names in SECTIONS.items():
        if odd := set(names) ^ set(content.get(section, {})):
            yield f"[{section}] {', '.join(sorted(odd))}: missing or unknown"
    known = {unit.code for unit in districts()}
    for code in content.get("copying_districts", ()):
        if code not in known:
            yield f"copying_districts {code}: no such district"
    shares = {name: share for section in SECTIONS for name, share in content.get(section, {}).items()}
    for name, share in [*content.items(), *shares.items()]:
        is_share = name.endswith(("_share", "_missed", "_invented")) or name in shares
        if is_share and not 0 <= share < 1:
            yield f"{name} = {share}: not a share"
        if name.endswith("_odds_ratio") and share <= 0:
            yield f"{name} = {share}: not above 0"
