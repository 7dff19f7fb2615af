"""What belongs to the plan rather than to people: targets, activities, budget, facilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta

import numpy as np
import polars as pl

from warehouse.geography import districts, wards
from warehouse.synthetic.calibration import Calibration
from warehouse.synthetic.care import HOSPITALS, HOSPITALS_FROM, connected_day
from warehouse.synthetic.households import district_shares
from warehouse.synthetic.records import GROUPS, PHASE_OF, group_shares

CITY = "79"
SOURCE = "Synthetic city: a plan made up for it, after the phases of plan 3160/KH-UBND"
#: Lines of the plan's budget (VND): platform, communication, training, creation of records.
_BUDGET = {"hd1": 35_000_000_000, "hd2_1": 3_920_000_000, "hd2_2": 2_184_000_000, "hd2_3": 5_291_000_000}
#: Activities a month of a district: how many are planned, and the share that is done.
_PER_DISTRICT = {
    "communication": (12.0, 0.85),
    "training_officer": (15.0, 0.80),
    "training_investigator": (20.0, 0.75),
    "training_admin": (6.0, 0.90),
    "other": (2.0, 0.80),
}
#: The same for each resident of the district: a leaflet for every household within two years, calls, cleaning.
_PER_RESIDENT = {
    "leaflet": (0.012, 0.70),
    "hotline_received": (0.0009, 1.0),
    "hotline_call": (0.0009, 0.85),
    "defect_found": (0.0015, 1.0),
    "defect_fixed": (0.0015, 0.72),
    "duplicate_found": (0.0006, 1.0),
    "duplicate_merged": (0.0006, 0.80),
}
#: Chance that a ward sends its monthly report of declarations, before the effort of its district.
_REPORTS = 0.7
_LINKS_LIVE = 7
_Row = tuple[str, str, str, date, float, float]


def target_table(settings: Calibration, population: int) -> pl.DataFrame:
    """The ``target`` extract: cumulative people per district, group and quarter, and the city as their sum."""
    people = population * district_shares()[:, None] * group_shares(settings)
    rows: list[tuple[object, ...]] = []
    for place, group in enumerate(GROUPS):
        phase = PHASE_OF[group]
        for quarter, share in _by_quarter(settings.target[phase]).items():
            counts = [round(float(unit[place]) * share) for unit in people]
            units = [*zip((item.code for item in districts()), counts, strict=True), (CITY, sum(counts))]
            rows += [(unit, phase, group, quarter, count, True, SOURCE) for unit, count in units]
    names = ["unit_code", "phase", "group", "quarter", "target_people", "is_cumulative", "source"]
    return pl.DataFrame(rows, schema=names, orient="row")


def _by_quarter(steps: Mapping[str, float]) -> dict[str, float]:
    """Shares of every quarter from the first step to the last, straight between the steps."""
    known = {_index(quarter): share for quarter, share in steps.items()}
    quarters = range(min(known), max(known) + 1)
    shares = np.interp(list(quarters), list(known), list(known.values()))
    return {f"{i // 4}Q{i % 4 + 1}": float(share) for i, share in zip(quarters, shares, strict=True)}


def _index(quarter: str) -> int:
    return int(quarter[:4]) * 4 + int(quarter[-1]) - 1


def activity_table(settings: Calibration, population: int, as_of: date) -> pl.DataFrame:
    """The ``activity`` extract: one row per kind, district and month; founding acts; links of the city's platform."""
    months = list(_months(settings.period.first_record, as_of))
    rows = [*_founding_acts(), *_links(), *_ward_reports(settings, months)]
    for place, unit in enumerate(districts()):
        effort = _effort(settings, place)
        people = population * float(district_shares()[place])
        for kind, (planned, share) in _activities(people).items():
            for month in months:
                wave = 1 + 0.25 * np.sin(month.month + place)
                done = float(round(planned * min(share * effort, 1.15) * wave))
                rows.append(_activity(kind, unit.code, month, done, float(round(planned))))
    names = ["activity_id", "unit_code", "kind", "on_date", "quantity", "quantity_planned"]
    return pl.DataFrame(rows, schema=names, orient="row").filter(pl.col("on_date") <= as_of)


def _ward_reports(settings: Calibration, months: Sequence[date]) -> Iterator[_Row]:
    """One report of a ward and month; wards of a district with little effort leave more of them out."""
    efforts = {unit.code: _effort(settings, place) for place, unit in enumerate(districts())}
    for number, ward in enumerate(wards()):
        for place, month in enumerate(months):
            if (number * 37 + place * 61) % 100 < 100 * _REPORTS * efforts[ward.district_code]:
                yield _activity("declaration_report", ward.code, month, 1.0, 1.0)


def _effort(settings: Calibration, district: int) -> float:
    """How hard a district tries: 1 where its records are of middling completeness."""
    return 0.75 + 0.5 * float(settings.districts.completeness[district])


def _activities(people: float) -> dict[str, tuple[float, float]]:
    """Planned a month in a district of so many residents, and the share of it that is done."""
    per_head = {name: (rate * people, share) for name, (rate, share) in _PER_RESIDENT.items()}
    return dict(_PER_DISTRICT) | per_head


def _activity(kind: str, unit: str, day: date, done: float, planned: float) -> _Row:
    return (f"A-{kind}-{unit}-{day:%Y%m%d}", unit, kind, day, done, planned)


def _founding_acts() -> Iterator[_Row]:
    for place, unit in enumerate(districts()):
        for kind, day in (("steering_committee", date(2022, 9, 20)), ("local_plan", date(2022, 10, 5))):
            yield _activity(kind, unit.code, day + timedelta(days=place % 11), 1.0, 1.0)


def _links() -> Iterator[_Row]:
    """Ten links of the platform, six national and four of the city: one after another."""
    for place in range(_LINKS_LIVE):
        yield _activity("link_live", CITY, date(2022, 12, 15) + timedelta(days=place * 97), 1.0, 1.0)


def budget_table(settings: Calibration, as_of: date) -> pl.DataFrame:
    """The ``budget`` extract: allocated and disbursed up to the end of each month."""
    months = list(_months(settings.period.first_record, as_of))
    rows = [
        (line, month, amount, round(amount * (1 - max(1 - (place + 1) / 30, 0.0) ** 1.6)))
        for line, amount in _BUDGET.items()
        for place, month in enumerate(months)
    ]
    return pl.DataFrame(rows, schema=["line", "on_date", "allocated_vnd", "disbursed_vnd"], orient="row")


def _months(first: date, last: date) -> Iterator[date]:
    """The last day of every month from that of ``first``, up to ``last``."""
    year, month = first.year, first.month
    while True:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        day = date(year, month, 1) - timedelta(days=1)
        if day > last:
            return
        yield day


def facility_table(as_of: date) -> pl.DataFrame:
    """The ``facility`` extract: a station in every ward and forty hospitals, connected one after another."""
    home = {ward.code: ward.district_code for ward in wards()}
    rows = [
        (place, f"Trạm y tế {ward.name}", "health_station", ward.code, place)
        for place, ward in enumerate(wards())
    ]
    rows += [
        (HOSPITALS_FROM + place, f"Bệnh viện đa khoa số {place + 1}", "hospital", ward.code, place)
        for place, ward in enumerate(wards()[:: len(wards()) // HOSPITALS][:HOSPITALS])
    ]
    found = [
        (f"F{ref}", name, kind, home[ward], ward, *_connection(number, as_of))
        for ref, name, kind, ward, number in rows
    ]
    names = [
        "facility_ref", "name", "kind", "district_code", "ward_code", "his_connected_on", "last_message_at",
    ]  # fmt: skip
    return pl.DataFrame(found, schema=names, orient="row")


def _connection(number: int, as_of: date) -> tuple[date | None, datetime | None]:
    """When a facility was connected and last heard of: most of them lately, one in eight not for months."""
    day = int(connected_day(np.array([number]))[0])
    connected = date(1970, 1, 1) + timedelta(days=day)
    if connected > as_of:
        return None, None
    silent = 60 + number * 31 % 150 if number % 8 == 5 else number * 17 % 12
    heard = max(connected, as_of - timedelta(days=silent))
    return connected, datetime.combine(heard, time(6 + number % 14, number * 7 % 60))
