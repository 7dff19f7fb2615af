"""What is read of each resource: the elements of FHIR R4 a contract, a reference or a rule of the reader needs.

One shape serves both ways of reading. ``read_json`` gets it as DuckDB types and refuses a value of another form;
``from_json`` gets it as a JSON structure and leaves such a value out. Source: https://hl7.org/fhir/R4/.
"""

from __future__ import annotations

import json
from typing import TypeAlias

Shape: TypeAlias = "str | list[Shape] | dict[str, Shape]"

TEXT: Shape = "VARCHAR"
_IDENTIFIER: dict[str, Shape] = {"system": TEXT, "value": TEXT}
_REFERENCE: Shape = {"reference": TEXT, "type": TEXT, "identifier": _IDENTIFIER}
#: Where the words of a code do not matter.
_CODE: Shape = {"coding": [{"system": TEXT, "code": TEXT}]}
_CONCEPT: Shape = {"coding": [{"system": TEXT, "code": TEXT, "display": TEXT}], "text": TEXT}
_QUANTITY: Shape = {"value": TEXT, "comparator": TEXT, "unit": TEXT, "code": TEXT}
_PERIOD: Shape = {"start": TEXT, "end": TEXT}
_CONTAINED: Shape = [{"resourceType": TEXT, "id": TEXT, "identifier": [_IDENTIFIER], "code": _CONCEPT}]
_PLACE_CODE: dict[str, Shape] = {
    "url": TEXT,
    "valueCode": TEXT,
    "valueString": TEXT,
    "valueCoding": {"code": TEXT},
    "valueCodeableConcept": {"coding": [{"code": TEXT}]},
}
_EXTENSION: Shape = [{**_PLACE_CODE, "extension": [_PLACE_CODE]}]
_ADDRESS: dict[str, Shape] = {
    "use": TEXT,
    "text": TEXT,
    "city": TEXT,
    "district": TEXT,
    "extension": _EXTENSION,
    "_city": {"extension": _EXTENSION},
    "_district": {"extension": _EXTENSION},
}
_VALUE: dict[str, Shape] = {
    "valueQuantity": _QUANTITY,
    "valueString": TEXT,
    "valueInteger": TEXT,
    "valueBoolean": TEXT,
    # Rare, and twice in every component: read as JSON, taken apart where it occurs.
    "valueCodeableConcept": TEXT,
}
_ANY: dict[str, Shape] = {"resourceType": TEXT, "id": TEXT, "meta": {"lastUpdated": TEXT}}
_OF_PERSON: dict[str, Shape] = {
    **_ANY,
    "contained": _CONTAINED,
    "status": TEXT,
    "subject": _REFERENCE,
    "encounter": _REFERENCE,
}
_OF_DRUG: dict[str, Shape] = {
    **_OF_PERSON,
    "medicationCodeableConcept": _CONCEPT,
    "medicationReference": _REFERENCE,
}

SHAPES: dict[str, dict[str, Shape]] = {
    "Patient": {
        **_ANY,
        "identifier": [{**_IDENTIFIER, "type": {"coding": [{"code": TEXT}]}}],
        "name": [{"use": TEXT, "text": TEXT, "family": TEXT, "given": [TEXT]}],
        "telecom": [{"system": TEXT, "value": TEXT, "use": TEXT}],
        "gender": TEXT,
        "birthDate": TEXT,
        "deceasedDateTime": TEXT,
        "address": [_ADDRESS],
    },
    "Observation": {
        **_OF_PERSON,
        "category": TEXT,
        "code": _CODE,
        "method": {"coding": [{"display": TEXT}]},
        "effectiveDateTime": TEXT,
        "effectivePeriod": _PERIOD,
        "effectiveInstant": TEXT,
        "effectiveTiming": {"event": [TEXT]},
        "issued": TEXT,
        "performer": [_REFERENCE],
        "device": TEXT,
        "hasMember": [{"reference": TEXT}],
        **_VALUE,
        "valueDateTime": TEXT,
        "component": [{"code": _CODE, **_VALUE}],
    },
    "Condition": {
        **_OF_PERSON,
        "clinicalStatus": _CODE,
        "verificationStatus": _CODE,
        "code": _CONCEPT,
        "onsetDateTime": TEXT,
        "onsetPeriod": _PERIOD,
        "abatementDateTime": TEXT,
        "recordedDate": TEXT,
        "recorder": _REFERENCE,
        "asserter": _REFERENCE,
    },
    "MedicationRequest": {
        **_OF_DRUG,
        "intent": TEXT,
        "doNotPerform": TEXT,
        "reportedBoolean": TEXT,
        "authoredOn": TEXT,
        "dispenseRequest": {
            "validityPeriod": _PERIOD,
            "expectedSupplyDuration": _QUANTITY,
        },
    },
    "MedicationDispense": {
        **_OF_DRUG,
        "context": _REFERENCE,
        "whenHandedOver": TEXT,
        "whenPrepared": TEXT,
        "daysSupply": _QUANTITY,
    },
    "MedicationStatement": {
        **_OF_DRUG,
        "context": _REFERENCE,
        "effectiveDateTime": TEXT,
        "effectivePeriod": _PERIOD,
        "dateAsserted": TEXT,
        "informationSource": _REFERENCE,
    },
    "Encounter": {
        **_OF_PERSON,
        "identifier": [_IDENTIFIER],
        "class": {"code": TEXT},
        "period": _PERIOD,
        "serviceProvider": _REFERENCE,
        "location": [{"location": _REFERENCE}],
    },
    "Immunization": {
        **_ANY,
        "contained": _CONTAINED,
        "status": TEXT,
        "patient": _REFERENCE,
        "vaccineCode": _CONCEPT,
        "occurrenceDateTime": TEXT,
        "protocolApplied": [{"doseNumberPositiveInt": TEXT, "doseNumberString": TEXT}],
    },
    "Organization": {
        **_ANY,
        "identifier": [_IDENTIFIER],
        "name": TEXT,
        "type": [_CONCEPT],
        "address": [_ADDRESS],
    },
    "Location": {
        **_ANY,
        "identifier": [_IDENTIFIER],
        "name": TEXT,
        "type": [_CONCEPT],
        "address": _ADDRESS,
    },
    "Medication": {**_ANY, "identifier": [_IDENTIFIER], "code": _CONCEPT},
}
#: Of any other kind only these are read, to count it and to tell its versions apart.
COUNTED: dict[str, Shape] = _ANY


def duckdb_type(shape: Shape) -> str:
    """The shape as a DuckDB type: ``STRUCT("system" VARCHAR, "code" VARCHAR)[]``."""
    if isinstance(shape, str):
        return shape
    if isinstance(shape, list):
        return duckdb_type(shape[0]) + "[]"
    return "STRUCT(" + ", ".join(f'"{name}" {duckdb_type(part)}' for name, part in shape.items()) + ")"


def duckdb_columns(shape: dict[str, Shape]) -> dict[str, str]:
    """The shape of a resource as the ``columns`` of ``read_json``."""
    return {name: duckdb_type(part) for name, part in shape.items()}


def json_structure(shape: dict[str, Shape]) -> str:
    """The shape of a resource as the structure of ``from_json``."""
    return json.dumps(shape)
