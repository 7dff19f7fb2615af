"""What files are called outside the people's store: files of records are often named after the person.

Tables are told by their names, without long numbers; files of records by their folder and the beginning of their
SHA-256. Who runs a command sees the names as the sender gave them; the store knows corrections by them.
"""

from __future__ import annotations

import re

_TABLES = ("csv", "parquet", "wild")
_SIGNS = 12
_IS_TABLE = f"format in {_TABLES!r}"
#: Columns of ``meta_file`` as they are told.
TOLD = rf"""
    case when {_IS_TABLE} then regexp_replace(logical_name, '\d{{9,}}', '#', 'g')
        else regexp_replace(logical_name, '[^/]*$', '') || left(sha256, {_SIGNS}) end as logical_name,
    case when {_IS_TABLE} then regexp_replace(file_name, '\d{{9,}}', '#', 'g')
        else left(sha256, {_SIGNS}) end as file_name"""


def told(logical_name: str, sha256: str, form: str) -> str:
    """The logical name as it is told; the same as :data:`TOLD`."""
    if form in _TABLES:
        return re.sub(r"\d{9,}", "#", logical_name)
    return re.sub(r"[^/]*$", "", logical_name) + sha256[:_SIGNS]
