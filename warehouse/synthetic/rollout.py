"""What belongs to the plan rather than to people: official population, targets, activities, budget, facilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import numpy as np
import polars as pl

from warehouse.geography import districts, read_csv, wards
from warehouse.synthetic.calibration import Calibration
from warehouse.synthetic.people import age_sex_weights, district_shares
from warehouse.synthetic.records import GROUPS, PHASE_OF, group_shares

CITY = "79"
#: Official population of a year beside that of the end of the period.
_GROWTH = {2022: 0.976, 2023: 0.988, 2024: 1.0}
SOURCE = "synthetic city"
#: Lines of the plan's budget (VND): platform, communication, training, creation of records.
_BUDGET = {"hd1": 35_000_000_000, "hd2_1": 3_920_000_000, "hd2_2": 2_184_000_000, "hd2_3": 5_291_000_000}
#: Activities of the plan: how many a month and district are planned, and the share that is done.
_ACTIVITIES = {
    "communication": (12, 0.85),
    "leaflet": (9000, 0.70),
    "hotline_call": (400, 0.95),
    "training_officer": (15, 0.80),
    "training_investigator": (20, 0.75),
    "training_admin": (6, 0.90),
    "declaration_report": (10, 0.65),
    "defect_found": (300, 1.0),
    "defect_fixed": (300, 0.72),
}


def population_table(settings: Calibration, population: int) -> pl.DataFrame:
    """The ``population`` extract: the expected number of each cell, moved by up to two per cent per district."""
    expected = population * district_shares()[:, None, None] * age_sex_weights(settings)
    moved = 1 + 0.02 * np.sin(np.arange(len(expected)) * 2.4)
    bands = [row["age_from"] for row in read_csv("age_sex_2024.csv")]
    rows = [
        (
            unit.code,
            sex,
            band,
            year,
            round(float(expected[place, cell, side] * moved[place] * growth)),
            SOURCE,
        )
        for year, growth in _GROWTH.items()
        for place, unit in enumerate(districts())
        for cell, band in enumerate(_bands(bands))
        for side, sex in enumerate(("male", "female"))
    ]
    names = ["unit_code", "sex", "age_band", "year", "people", "source"]
    return pl.DataFrame(rows, schema=names, orient="row").group_by(
        ["unit_code", "sex", "age_band", "year", "source"], maintain_order=True
    ).agg(pl.col("people").sum()).select(names)  # fmt: skip


def _bands(starts: list[str]) -> list[str]:
    """``0-4`` and so on; everything from 85 is one band."""
    return [f"{start}-{int(start) + 4}" if int(start) < 85 else "85+" for start in starts]


def target_table(settings: Calibration, population: int) -> pl.DataFrame:
    """The ``target`` extract: cumulative people per district, group and quarter, and the city as their sum."""
    people = population * district_shares()[:, None] * group_shares()
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


def activity_table(settings: Calibration, as_of: date) -> pl.DataFrame:
    """The ``activity`` extract: one row per kind, district and month, and the founding acts of 2022."""
    rows: list[tuple[object, ...]] = []
    for place, unit in enumerate(districts()):
        for kind, day in (("steering_committee", date(2022, 9, 20)), ("local_plan", date(2022, 10, 5))):
            rows.append(
                (f"A-{kind}-{unit.code}", unit.code, kind, day + timedelta(days=place % 11), 1.0, 1.0)
            )
        for kind, (planned, share) in _ACTIVITIES.items():
            for month in _months(settings.first_record, as_of):
                done = share * (0.75 + 0.5 * float(settings.districts.completeness[place]))
                wave = 1 + 0.25 * np.sin(month.month + place)
                rows.append(
                    (f"A-{kind}-{unit.code}-{month:%Y%m}", unit.code, kind, month,
                     float(round(planned * min(done, 1.15) * wave)), float(planned))
                )  # fmt: skip
    names = ["activity_id", "unit_code", "kind", "on_date", "quantity", "quantity_planned"]
    return pl.DataFrame(rows, schema=names, orient="row").filter(pl.col("on_date") <= as_of)


def budget_table(settings: Calibration, as_of: date) -> pl.DataFrame:
    """The ``budget`` extract: allocated and disbursed up to the end of each month."""
    months = list(_months(settings.first_record, as_of))
    rows = [
        (line, month, amount, round(amount * (1 - (1 - (place + 1) / 30) ** 1.6)))
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
    """The ``facility`` extract: a station in every ward and forty hospitals."""
    home = {ward.code: ward.district_code for ward in wards()}
    rows: list[tuple[object, ...]] = [
        (f"F{place}", f"Trạm y tế {ward.name}", "health_station", ward.district_code, ward.code, place)
        for place, ward in enumerate(wards())
    ]
    rows += [
        (
            f"F{1000 + place}",
            f"Bệnh viện tổng hợp số {place + 1}",
            "hospital",
            home[ward.code],
            ward.code,
            place,
        )
        for place, ward in enumerate(wards()[::7][:40])
    ]
    found = []
    for ref, name, kind, district, ward, number in rows:
        connected = date(2022, 10, 1) + timedelta(days=int(str(number)) * 53 % 900)
        is_connected = connected <= as_of
        last = as_of - timedelta(days=int(str(number)) * 17 % 40) if is_connected else None
        found.append((ref, name, kind, district, ward, connected if is_connected else None, last))
    names = [
        "facility_ref",
        "name",
        "kind",
        "district_code",
        "ward_code",
        "his_connected_on",
        "last_message_at",
    ]
    return pl.DataFrame(found, schema=names, orient="row").with_columns(
        pl.col("last_message_at").cast(pl.Datetime("us"))
    )
