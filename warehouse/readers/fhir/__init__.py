"""Reader of FHIR R4: Bulk Data NDJSON, single Bundles and single resources, plain or gzip.

DuckDB parses. :func:`stage` makes rows of contract tables out of one file and accounts for every resource in it;
:mod:`warehouse.landing` judges the rows. Source: https://hl7.org/fhir/R4/ and https://hl7.org/fhir/uv/bulkdata/.
"""

from warehouse.readers.fhir.sniff import SUFFIXES, is_export_manifest, is_fhir
from warehouse.readers.fhir.staging import stage

__all__ = ["SUFFIXES", "is_export_manifest", "is_fhir", "stage"]
