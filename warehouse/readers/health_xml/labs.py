"""Which LOINC code a laboratory result stands for, by its code or its name: ``maps/lab_names.csv``."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources

#: Services of TT 23/2024/TT-BYT, chapter 23 (biochemistry), in order: blood, urine from number 172, others from 207.
_SERVICE = re.compile(r"23\.0*(\d{1,4})\.")
_FIRST_OF_URINE, _FIRST_OF_OTHERS = 172, 207
#: TEN_CHI_SO has 255 signs at most.
_LONGEST_NAME = 255
_NOISE = re.compile(r"[^\w%/+]+")


def loinc_of(code: str | None, name: str | None, service: str | None) -> str | None:
    """The LOINC code of a result, None when the names say nothing certain.

    A name that could be of blood does not count under a service on urine or another fluid.
    """
    is_short = len(code or "") + len(name or "") + len(service or "") <= _LONGEST_NAME
    return (_remembered if is_short else _found)(code, name, service)


def _found(code: str | None, name: str | None, service: str | None) -> str | None:
    fluid = _fluid(service)
    for written in (code, name):
        found = _known(written) if written and len(written) <= _LONGEST_NAME else None
        if found and fluid in ("", found[1]):
            return found[0]
    return None


_remembered = lru_cache(maxsize=16_384)(_found)


@lru_cache(maxsize=16_384)
def _known(written: str) -> tuple[str, str] | None:
    return _names().get(_plain(written))


def _fluid(service: str | None) -> str:
    found = _SERVICE.match(service or "")
    if not found:
        return ""
    number = int(found.group(1))
    if number < _FIRST_OF_URINE:
        return "blood"
    return "urine" if number < _FIRST_OF_OTHERS else "other"


def _plain(text: str) -> str:
    """Lower case, without tone marks, every run of other signs one blank."""
    bare = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    letters = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return _NOISE.sub(" ", letters).strip()


@cache
def _names() -> Mapping[str, tuple[str, str]]:
    text = resources.files("warehouse.readers").joinpath("maps", "lab_names.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {_plain(row["name"]): (row["loinc"], row["fluid"]) for row in rows}
