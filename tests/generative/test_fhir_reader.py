"""The FHIR reader on files nobody would write by hand: nothing is lost, and both ways of reading say the same."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import fhir
from tests.support.examples import examples
from warehouse.errors import UserError
from warehouse.readers.fhir.shapes import SHAPES

CALM = settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.too_slow])

_IDS = st.sampled_from(["a", "b", "c", "a/b", ""])
_REFERENCES = st.one_of(
    st.none(),
    st.just({}),
    st.just({"display": "Nguyễn Văn An"}),
    st.builds(
        lambda form, key: {"reference": form.format(key)},
        st.sampled_from([
            "Patient/{}", "urn:uuid:{}", "https://his.vn/fhir/Patient/{}", "Patient/{}/_history/2", "#{}", "Group/{}",
            "Encounter/{}", "Patient?identifier=s|{}",
        ]),
        _IDS,
    ),
    st.builds(lambda value: {"identifier": {"system": "s", "value": value}}, _IDS),
)  # fmt: skip
_MOMENTS = st.sampled_from(["2024", "2024-05", "2024-05-06", "2024-05-06T23:00:00Z", "soon", "", None])
_CODES = st.sampled_from([
    ("http://loinc.org", "8480-6"), ("http://loinc.org", "85354-9"), ("http://loinc.org", None), (None, "I10"),
    ("http://hl7.org/fhir/sid/icd-10", "E11.9"), ("http://hl7.org/fhir/sid/icd-10-cm", "S72.001A"),
    ("http://snomed.info/sct", "38341003"), ("http://snomed.info/sct", "1"), ("http://www.whocc.no/atc", "C09AA03"),
    ("http://hl7.org/fhir/sid/cvx", "08"),
])  # fmt: skip
_CONCEPTS = st.builds(
    lambda codes, text: {"coding": [{"system": s, "code": c} for s, c in codes], "text": text},
    st.lists(_CODES, max_size=3),
    st.sampled_from([None, "Amlodipin 5mg", " "]),
)
_QUANTITIES = st.builds(
    lambda value, unit, comparator: {"value": value, "unit": unit, "comparator": comparator},
    st.one_of(
        st.integers(-5, 500), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["x", None])
    ),
    st.sampled_from(["mmHg", "mm[Hg]", "beats/minute", None]),
    st.sampled_from([None, None, "<"]),
)
#: What may stand anywhere: also where FHIR allows nothing of the kind.
_ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, 1, 1.5, True, "x", [], {}, [[]], {"x": 1}, [1, {"a": None}]]
)
_STATUSES = st.sampled_from(["final", "active", "completed", "finished", "entered-in-error", "", None])
_ELEMENTS: dict[str, st.SearchStrategy[Any]] = {
    "id": _IDS,
    "status": _STATUSES,
    "subject": _REFERENCES,
    "patient": _REFERENCES,
    "encounter": _REFERENCES,
    "performer": st.lists(_REFERENCES, max_size=3),
    "hasMember": st.lists(_REFERENCES, max_size=2),
    "code": _CONCEPTS,
    "medicationCodeableConcept": _CONCEPTS,
    "medicationReference": _REFERENCES,
    "vaccineCode": _CONCEPTS,
    "verificationStatus": st.builds(
        lambda c: {"coding": [{"code": c}]}, st.sampled_from(["refuted", "confirmed"])
    ),
    "valueQuantity": _QUANTITIES,
    "valueString": st.sampled_from(["130/80", "62,5", "âm tính", ""]),
    "valueCodeableConcept": _CONCEPTS,
    "component": st.lists(
        st.fixed_dictionaries({"code": _CONCEPTS}, optional={"valueQuantity": _QUANTITIES}), max_size=4
    ),
    "contained": st.lists(
        st.fixed_dictionaries({"resourceType": st.just("Patient"), "id": _IDS}, optional={"code": _CONCEPTS}),
        max_size=2,
    ),
    "meta": st.builds(lambda at: {"lastUpdated": at}, _MOMENTS),
    "period": st.builds(lambda start, end: {"start": start, "end": end}, _MOMENTS, _MOMENTS),
    "name": st.one_of(
        st.just("Trạm y tế"), st.just([{"use": "official", "family": "Lê", "given": ["Thị", "Bé"]}])
    ),
    "birthDate": _MOMENTS,
    **dict.fromkeys(
        ("effectiveDateTime", "issued", "onsetDateTime", "recordedDate", "authoredOn", "occurrenceDateTime"),
        _MOMENTS,
    ),
}


def resources(kind: str, *, odd: bool) -> st.SearchStrategy[fhir.Resource]:
    """Resources of one kind; ``odd`` ones have values of any form in any place."""
    names = [name for name in _ELEMENTS if name in SHAPES.get(kind, {"id": "", "meta": ""})]
    parts = {name: st.one_of(_ELEMENTS[name], _ODD) if odd else _ELEMENTS[name] for name in names}
    return st.fixed_dictionaries({"resourceType": st.just(kind)}, optional=parts)


_KINDS = st.sampled_from([*SHAPES, "Procedure", "Nguyen"])
_LINES = st.sampled_from([
    b"not json", b"[1, 2]", b'"text"', b"12", b"null", b"{}", b'{"resourceType": 5}', b'{"id": "x"', b"\xff\xfe",
    b'{"resourceType": "Patient", "id": "a\x00"}', b'{"resourceType":"Observation","valueInteger":NaN}',
    b'{"resourceType":"Patient","id":"a","id":"b"}', b'{"resourceType":"Patient","birthDate":1e999}',
    b"{" * 500, b'{"resourceType":"Bundle","type":"batch"}', b'{"resourceType":"Bundle","entry":{}}', b"  ",
])  # fmt: skip


@st.composite
def bundles(draw: st.DrawFn) -> fhir.Resource:
    entries: list[Any] = []
    for number in range(draw(st.integers(0, 4))):
        held = draw(st.one_of(_KINDS.flatmap(lambda kind: resources(kind, odd=False)), _ODD))
        urls = [f"urn:uuid:{number}", "https://his.vn/fhir/Patient/z", None]
        entries.append({"resource": held, "fullUrl": draw(st.sampled_from(urls))})
    entries += draw(
        st.lists(st.sampled_from([{"request": {"method": "DELETE", "url": "Patient/a"}}, {}, 1]), max_size=2)
    )
    return {
        "resourceType": "Bundle",
        "type": draw(st.sampled_from(["history", "batch", None])),
        "entry": entries,
    }


def held(line: bytes | fhir.Resource) -> int:
    """How many records a line holds: those of its entries for a Bundle, else one, none when blank."""
    if isinstance(line, bytes):
        return 0 if line in (b"  ", b'{"resourceType":"Bundle","type":"batch"}') else 1
    return len(line["entry"]) if line["resourceType"] == "Bundle" else 1


@CALM
@given(
    st.lists(
        st.one_of(_LINES, bundles(), _KINDS.flatmap(lambda kind: resources(kind, odd=True))), max_size=12
    )
)
def test_every_record_of_any_file_is_a_row_or_set_aside_or_bad(lines: list[bytes | fhir.Resource]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = fhir.ndjson(Path(folder) / "any.ndjson", lines)
        read = fhir.read(path)

    assert sum(read.staged.records.values()) + len(read.staged.bad) == sum(held(line) for line in lines)
    assert "Nguyen" not in repr(read.staged)


@CALM
@given(
    st.sampled_from([*SHAPES, "Procedure"]).flatmap(
        lambda kind: st.lists(resources(kind, odd=False), min_size=1, max_size=12)
    ),
    st.data(),
)
def test_both_ways_of_reading_give_equal_rows(records: list[fhir.Resource], data: st.DataObject) -> None:
    if data.draw(st.booleans()):
        records = [
            *records,
            *data.draw(st.lists(resources(records[0]["resourceType"], odd=True), max_size=2)),
        ]
    with tempfile.TemporaryDirectory() as folder:
        path = fhir.ndjson(Path(folder) / "one_kind.ndjson", records)
        fast, sound = fhir.read(path), fhir.read(path, try_fast=False)

    assert fast.staged.records == sound.staged.records
    assert fast.staged.set_aside == sound.staged.set_aside
    assert fast.rows == sound.rows


@CALM
@given(st.lists(_KINDS.flatmap(lambda kind: resources(kind, odd=False)), max_size=8), st.booleans())
def test_lines_and_a_bundle_of_the_same_resources_give_equal_rows(
    records: list[fhir.Resource], pretty: bool
) -> None:
    bare = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": item} for item in records]}
    with tempfile.TemporaryDirectory() as folder:
        lines = fhir.read(fhir.ndjson(Path(folder) / "lines.ndjson", records))
        whole = fhir.read(fhir.document(Path(folder) / "whole.json", bare, indent=2 if pretty else None))

    assert whole.staged.records == lines.staged.records
    assert whole.staged.set_aside == lines.staged.set_aside
    assert {table: rows for table, rows in whole.rows.items() if rows} == {
        table: rows for table, rows in lines.rows.items() if rows
    }


@CALM
@given(st.binary(max_size=300), st.sampled_from(["x.ndjson", "x.ndjson.gz", "x.json", "x.json.gz"]))
def test_any_bytes_are_read_or_refused_in_words(content: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        with suppress(UserError):
            fhir.read(path)


@CALM
@given(st.integers(0, 400), st.integers(0, 255))
def test_one_spoilt_byte_loses_no_other_line(place: int, byte: int) -> None:
    good = [fhir.panel(f"o{number}") for number in range(3)]
    lines = [json.dumps(item).encode() for item in good]
    spoilt = bytearray(lines[1])
    spoilt[place % len(spoilt)] = byte
    with tempfile.TemporaryDirectory() as folder:
        path = fhir.ndjson(Path(folder) / "spoilt.ndjson", [lines[0], bytes(spoilt), lines[2]])
        read = fhir.read(path)

    ids = [row["measurement_id"] for row in read.of("measurement")]
    assert {"o0/8480-6", "o0/8462-4", "o2/8480-6", "o2/8462-4"} <= set(ids)
