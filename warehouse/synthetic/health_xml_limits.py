"""Which visits health XML can tell whole. It has fewer words than tables: a visit with a row beyond them stays there.

A claim (GIAMDINHHS) has an insured patient, diagnoses as coded at its end, drugs by name, results, weight as a field;
pressures and height stand in notes. An examination (KHAMSUCKHOE) has pressures, height and weight as fields, results
and diagnoses, no drugs. Neither has the status of a row or a day of its own for a diagnosis: it is of the day the visit
ended, so stays of several days, which the tables diagnose on the first, are none of these visits.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from warehouse.readers.drugs import atc_of
from warehouse.synthetic.readings import CODES

CLAIM, EXAMINATION = "GIAMDINHHS", "KHAMSUCKHOE"
VISIT = "encounter_ref"
#: LOINC code -> names of the result as laboratories print them; a reader knows which substance and which unit it is of.
RESULTS: Mapping[str, tuple[str, ...]] = {
    "14771-0": ("Glucose lúc đói", "Định lượng Glucose lúc đói"),
    "1558-6": ("Glucose lúc đói", "Đường huyết lúc đói"),
    "4548-4": ("HbA1c", "Định lượng HbA1c"),
    "59261-8": ("HbA1c (IFCC)", "HbA1c IFCC"),
    "14647-2": ("Cholesterol toàn phần", "Định lượng Cholesterol toàn phần"),
    "22748-8": ("LDL-C", "Định lượng LDL-C"),
    "14682-9": ("Creatinin máu", "Định lượng Creatinin"),
}
#: Heights a note is believed in (cm); a reader passes over what nobody can be.
_LOWEST, _HIGHEST = 40, 230
#: An examination has two fields for a pressure.
_FIELDS = 2
_NOT_TOLD = ("refuted", "entered_in_error")
_STARTED, _IS_EXAM = pl.col("started_at"), pl.col("envelope") == EXAMINATION
_CODE, _VALUE, _UNIT, _AT = pl.col("code"), pl.col("value"), pl.col("unit"), pl.col("taken_at")
_ON_THE_DAY = _AT.dt.date() == _STARTED.dt.date()
Tables = Mapping[str, pl.DataFrame]


def told_whole(tables: Tables, is_sender: pl.Series) -> pl.DataFrame:
    """The visits that go as XML: rows of ``encounter`` with the patient's of ``resident``, and their ``envelope``.

    ``is_sender``: of which rows of ``encounter`` the facility sends XML. Patients are written as the register of
    residents has them, so that their numbers tell who they are; whom a hospital knows otherwise stays in the tables,
    since a number may not be enough there. Visits are over; those of claims have a card and a diagnosis.
    """
    is_own = pl.col("registered_from").is_not_null()
    register = tables["resident"].filter(is_own).unique("person_ref", keep="first", maintain_order=True)
    envelope = pl.when(pl.col("class") == "exam").then(pl.lit(EXAMINATION)).otherwise(pl.lit(CLAIM))
    visits = (
        tables["encounter"]
        .filter(is_sender)
        .with_columns(envelope=envelope, number=pl.col("encounter_id").str.slice(1))
        .join(register.drop("source"), on="person_ref", how="inner", maintain_order="left")
        .filter(pl.col("national_id").is_not_null(), pl.col("insurance_no").is_not_null() | _IS_EXAM)
        .filter(pl.col("ended_at").is_not_null())
        .rename({"encounter_id": VISIT})
    )
    for name, beyond in _BEYOND.items():
        rows = of_visits(tables, name, visits)
        visits = visits.join(beyond(rows), on=VISIT, how="anti", maintain_order="left")
    has_diagnosis = pl.col(VISIT).is_in(tables["condition"][VISIT].drop_nulls().implode())
    return visits.filter(_IS_EXAM | has_diagnosis)


def of_visits(tables: Tables, name: str, visits: pl.DataFrame) -> pl.DataFrame:
    """The rows of a table that belong to visits, in its order, with what those are; what was sent twice once."""
    about = visits.select(VISIT, "envelope", "number", "started_at", "ended_at")
    rows = tables[name].unique(f"{name}_id", keep="first", maintain_order=True)
    return rows.join(about, on=VISIT, how="inner", maintain_order="left")


def pressures(rows: pl.DataFrame) -> pl.DataFrame:
    """The readings of visits, one row each: pressures and their units as columns, ``rows`` how many rows it had."""

    def of(name: str, column: pl.Expr) -> pl.Expr:
        return column.filter(_CODE.eq(CODES[name])).first()

    is_pressure = _CODE.is_in([CODES["systolic"], CODES["diastolic"]])
    reading = rows.filter(is_pressure).group_by(VISIT, "reading_number", maintain_order=True)
    return reading.agg(
        pl.col("envelope", "number", "started_at", "taken_at").first(),
        *(of(name, _VALUE).alias(name) for name in ("systolic", "diastolic")),
        *(of(name, _UNIT).alias(f"{name}_unit") for name in ("systolic", "diastolic")),
        rows=pl.len(),
        moments=_AT.n_unique(),
    ).sort(VISIT, "reading_number", maintain_order=True)


def _conditions(rows: pl.DataFrame) -> pl.DataFrame:
    """Visits with a diagnosis of another origin, taken back, or not of the day the visit ended."""
    return rows.filter(
        (pl.col("origin") != _origin())
        | pl.col("status").is_in(_NOT_TOLD)
        | (pl.col("recorded_at").dt.date() != pl.col("ended_at").dt.date())
    )


def _medications(rows: pl.DataFrame) -> pl.DataFrame:
    """Visits with a supply where there can be none, that is not of the day, or whose name does not tell its code."""
    names = rows["name_as_written"].unique().to_list()
    told = pl.col("name_as_written").replace_strict(
        names, [atc_of(name) for name in names], return_dtype=pl.String
    )
    return rows.filter(
        _IS_EXAM
        | (pl.col("origin") != "claim")
        | (pl.col("started_on") != _STARTED.dt.date())
        | told.ne_missing(pl.col("atc"))
    )


def _measurements(rows: pl.DataFrame) -> pl.DataFrame:
    """Visits with a result of another origin, or that the envelope has no way to tell."""
    of_claim = pl.col("origin").is_in(["claim", "clinic"])
    is_weight, is_height = (_CODE.eq(CODES[name]) for name in ("weight", "height"))
    is_told = (
        pl.when(is_weight)
        .then((_UNIT == "kg") & (_AT == _STARTED))
        .when(is_height)
        .then(_is_height_told())
        .otherwise(_CODE.is_in([*RESULTS, CODES["systolic"], CODES["diastolic"]]))
    )
    is_origin_told = pl.when(_IS_EXAM).then(pl.col("origin") == "exam").otherwise(of_claim)
    beyond = rows.filter(~(is_told & is_origin_told).fill_null(value=False))
    return pl.concat([beyond.select(VISIT), _beyond_pressures(pressures(rows)).select(VISIT)])


def _is_height_told() -> pl.Expr:
    """As a field of an examination in cm, whatever it says; in a note when somebody can be as tall."""
    factor = _UNIT.replace_strict({"cm": 1.0, "m": 100.0}, default=None, return_dtype=pl.Float64)
    field = (_UNIT == "cm") & (_AT == _STARTED)
    return pl.when(_IS_EXAM).then(field).otherwise((_VALUE * factor).is_between(_LOWEST, _HIGHEST))


def _beyond_pressures(readings: pl.DataFrame) -> pl.DataFrame:
    """Readings that are no pair of one moment; of notes the swapped, of fields those without a unit or beyond two."""
    is_pair = (pl.col("rows") == len(("systolic", "diastolic"))) & (pl.col("moments") == 1)
    has_units = pl.col("systolic_unit").is_not_null() & pl.col("diastolic_unit").is_not_null()
    repeats = pl.struct(VISIT, "systolic", "diastolic").is_duplicated()
    field = has_units & _ON_THE_DAY & (pl.col("reading_number") <= _FIELDS) & ~repeats
    is_told = pl.when(_IS_EXAM).then(field).otherwise(pl.col("systolic") > pl.col("diastolic"))
    return readings.filter(~(is_pair & is_told).fill_null(value=False))


def _origin() -> pl.Expr:
    return pl.when(_IS_EXAM).then(pl.lit("exam")).otherwise(pl.lit("claim"))


_BEYOND = {"condition": _conditions, "medication": _medications, "measurement": _measurements}
