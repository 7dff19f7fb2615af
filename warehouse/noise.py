"""The noise table of disclosure control: what is added to a count, by its cell key.

A cell key is the sum of its people's record keys modulo 256, so it is known wherever the count is and looks random.
Each line of the design has 256 entries, one per key, whose sum is zero: the noise is unbiased, and a count of the same
people always gets the same one. Which key gets which entry is a secret order drawn from the record key.

Method: Fraser & Wooton, A proposed method for confidentialising tabular output, UNECE 2005 (Australian TableBuilder);
Office for National Statistics, Protecting personal data in Census 2021 results (cell key perturbation).
"""

from __future__ import annotations

import hashlib
import hmac

import polars as pl

KEYS = 256
#: People counted (the last line: that many or more) -> noise -> number of keys that get it. Never below -people.
DESIGN: dict[int, dict[int, int]] = {
    1: {-1: 112, 0: 72, 1: 42, 2: 20, 3: 10},
    2: {-2: 40, -1: 66, 0: 54, 1: 58, 2: 26, 3: 12},
    3: {-3: 8, -2: 26, -1: 54, 0: 80, 1: 54, 2: 26, 3: 8},
}


def noise_table(record_key: bytes) -> pl.DataFrame:
    """``rule_noise``: ``people`` (1, 2, 3 = three or more), ``cell_key`` 0..255, ``noise``."""
    rows = [
        (people, cell_key, noise)
        for people, line in DESIGN.items()
        for cell_key, noise in zip(_order(record_key, people), _entries(line), strict=True)
    ]
    schema = {"people": pl.Int16, "cell_key": pl.Int16, "noise": pl.Int16}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("people", "cell_key")


def _entries(line: dict[int, int]) -> list[int]:
    return [noise for noise, keys in line.items() for _ in range(keys)]


def _order(record_key: bytes, people: int) -> list[int]:
    """The keys in an order nobody knows without the secret."""

    def place(cell_key: int) -> bytes:
        return hmac.new(record_key, f"noise:{people}:{cell_key}".encode(), hashlib.sha256).digest()

    return sorted(range(KEYS), key=place)
