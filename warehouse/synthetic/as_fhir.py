"""Part of the city as FHIR R4 resources: what connected facilities send of their visits, line by line (NDJSON).

The rows that a facility's own system would hold (origin ``clinic``) leave the tables and become resources, so a build
of both says the same as one of the tables alone. Source: https://hl7.org/fhir/R4/
"""

from __future__ import annotations

from typing import Any

import polars as pl

#: Tables with resources of their own, and the column of their time.
TABLES = ("encounter", "measurement", "condition", "medication")
_CLASSES = {"inpatient": "IMP", "outpatient": "AMB", "exam": "AMB"}
_CLINICAL = ["active", "resolved"]
_VERIFIED = {"refuted": "refuted", "entered_in_error": "entered-in-error"}
_OFFSET = "+07:00"
_UCUM = "http://unitsofmeasure.org"
_PANEL = "85354-9"
#: Fields without a value are left out of a resource; so are objects that nothing is left in.
_NOTHING = (r'"[A-Za-z0-9]+":(?:null|\{\}|\[\{?\}?\]),?', r",([}\]])")
_DEEPEST = 4


def split(name: str, frame: pl.DataFrame, senders: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, pl.Series]]:
    """A table without the rows that go as resources, and the lines of these by kind of resource.

    ``senders``: ``encounter_ref`` and ``facility_ref`` of the visits to facilities that send them.
    """
    key = "encounter_id" if name == "encounter" else "encounter_ref"
    is_sent = pl.col(key).is_in(senders["encounter_ref"].implode())
    if "origin" in frame.columns:
        is_sent &= pl.col("origin") == "clinic"
    sent = frame.filter(is_sent)
    return frame.filter(~is_sent.fill_null(value=False)), _RESOURCES[name](sent)


def _encounters(rows: pl.DataFrame) -> dict[str, pl.Series]:
    encounter = rows.select(
        id="encounter_id",
        status=pl.lit("finished"),
        **{
            "class": _coding(
                "http://terminology.hl7.org/CodeSystem/v3-ActCode", pl.col("class").replace(_CLASSES)
            )
        },
        subject=_reference("Patient", "person_ref"),
        period=pl.struct(start=_instant("started_at"), end=_instant("ended_at")),
        serviceProvider=_reference("Organization", "facility_ref"),
    )
    return {"Encounter": _lines("Encounter", encounter)}


def _measurements(rows: pl.DataFrame) -> dict[str, pl.Series]:
    """Readings that a panel binds as one Observation with components, all others alone."""
    is_bound = pl.col("panel_ref").is_not_null()
    panels = _panels(rows.filter(is_bound).unique("measurement_id", keep="first", maintain_order=True))
    alone = rows.filter(~is_bound).select(
        **_observation("measurement_id", pl.col("code"), pl.col("taken_at")),
        valueQuantity=_quantity(pl.col("value"), pl.col("unit")),
    )
    return {"Observation": pl.concat([_lines("Observation", panels), _lines("Observation", alone)])}


def _panels(rows: pl.DataFrame) -> pl.DataFrame:
    """One Observation a panel and moment: of a panel whose two times differ, both are told as they were written."""
    bound = rows.group_by("panel_ref", "taken_at", maintain_order=True).agg(
        pl.col("measurement_id", "person_ref", "encounter_ref", "facility_ref", "method").first(),
        component=pl.struct(
            code=_concept("http://loinc.org", pl.col("code")),
            valueQuantity=_quantity(pl.col("value"), pl.col("unit")),
        ),
    )
    return bound.sort("taken_at").select(
        **_observation("measurement_id", pl.lit(_PANEL), pl.col("taken_at")), component="component"
    )


def _observation(identity: str, code: pl.Expr, taken_at: pl.Expr) -> dict[str, Any]:
    return {
        "id": pl.col(identity),
        "status": pl.lit("final"),
        "code": _concept("http://loinc.org", code),
        "subject": _reference("Patient", "person_ref"),
        "encounter": _reference("Encounter", "encounter_ref"),
        "effectiveDateTime": _written(taken_at),
        "performer": pl.concat_list(_reference("Organization", "facility_ref")),
        "method": pl.struct(text="method"),
    }


def _conditions(rows: pl.DataFrame) -> dict[str, pl.Series]:
    condition = rows.select(
        id="condition_id",
        clinicalStatus=_concept(
            "http://terminology.hl7.org/CodeSystem/condition-clinical",
            pl.when(pl.col("status").is_in(_CLINICAL)).then(pl.col("status")),
        ),
        verificationStatus=_concept(
            "http://terminology.hl7.org/CodeSystem/condition-ver-status",
            pl.col("status").replace_strict(_VERIFIED, default="confirmed"),
        ),
        code=_concept("http://hl7.org/fhir/sid/icd-10", pl.col("icd10")),
        subject=_reference("Patient", "person_ref"),
        encounter=_reference("Encounter", "encounter_ref"),
        onsetDateTime=pl.col("onset_date").cast(pl.String),
        recordedDate=_instant("recorded_at"),
    )
    return {"Condition": _lines("Condition", condition)}


def _medications(rows: pl.DataFrame) -> dict[str, pl.Series]:
    request = rows.select(
        id="medication_id",
        status=pl.lit("active"),
        intent=pl.lit("order"),
        medicationCodeableConcept=pl.struct(
            coding=pl.concat_list(pl.struct(system=pl.lit("http://www.whocc.no/atc"), code="atc")),
            text="name_as_written",
        ),
        subject=_reference("Patient", "person_ref"),
        encounter=_reference("Encounter", "encounter_ref"),
        authoredOn=pl.col("started_on").cast(pl.String),
        dispenseRequest=pl.struct(
            expectedSupplyDuration=pl.struct(
                value="days_supplied", unit=pl.lit("d"), system=pl.lit(_UCUM), code=pl.lit("d")
            )
        ),
    )
    return {"MedicationRequest": _lines("MedicationRequest", request)}


_RESOURCES = {
    "encounter": _encounters,
    "measurement": _measurements,
    "condition": _conditions,
    "medication": _medications,
}


def _coding(system: str, code: pl.Expr) -> pl.Expr:
    return pl.struct(system=pl.lit(system), code=code)


def _concept(system: str, code: pl.Expr) -> pl.Expr:
    return pl.struct(coding=pl.concat_list(_coding(system, code)))


def _quantity(value: pl.Expr, unit: pl.Expr) -> pl.Expr:
    return pl.struct(value=value, unit=unit)


def _reference(kind: str, column: str) -> pl.Expr:
    return pl.struct(reference=pl.lit(f"{kind}/") + pl.col(column))


def _instant(column: str) -> pl.Expr:
    return _written(pl.col(column))


def _written(moment: pl.Expr) -> pl.Expr:
    return moment.dt.strftime("%Y-%m-%dT%H:%M:%S") + _OFFSET


def _lines(kind: str, resources: pl.DataFrame) -> pl.Series:
    """Resources as lines of JSON without empty fields."""
    whole = resources.select(pl.struct(pl.lit(kind).alias("resourceType"), pl.all()).struct.json_encode())
    lines = whole.to_series()
    for _ in range(_DEEPEST):
        for pattern, kept in zip(_NOTHING, ("", "$1"), strict=True):
            lines = lines.str.replace_all(pattern, kept)
    return lines.alias("line")
