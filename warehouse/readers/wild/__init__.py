"""Tables in the wild: workbooks, text in any encoding, packed files, and the columns and words of other systems.

What :mod:`warehouse.readers.tabular` reads (clean CSV in UTF-8, Parquet) it reads many times faster; this package is
for the rest, and for every file that has a mapping.
"""

from warehouse.readers.wild.limits import LIMITS, Limits
from warehouse.readers.wild.mapping import Mapping, mapping_for, parse_mapping, read_mapping, read_mappings
from warehouse.readers.wild.staging import SUFFIXES, stage

__all__ = [
    "LIMITS",
    "SUFFIXES",
    "Limits",
    "Mapping",
    "mapping_for",
    "parse_mapping",
    "read_mapping",
    "read_mappings",
    "stage",
]
