"""The checks of the data: what each looks for, what a build does about it, and what a person should do.

One row of ``sql/check/checks.csv`` and one SQL file ``core_check_<id>.sql`` beside it, which gives the bad rows.
"""

from __future__ import annotations

import io
from importlib import resources

import polars as pl

KINDS = ("conformance", "completeness", "plausibility")
#: What becomes of a bad row: read another way, kept and not used, or used as it is because nobody can tell.
TREATMENTS = ("repaired", "unused", "used")
#: What the effect of a check compares the published number with. ``rows``: the people touched judged again without the
#: rows (or statements) found; ``people``: without these people, where something is missing and there is no row to leave
#: out; ``unread``: itself, because no number of the city reads what was found.
BASES = ("rows", "people", "unread")


def check_table() -> pl.DataFrame:
    """``rule_check``: one row a check, in the order of their ids."""
    text = resources.files("warehouse.sql").joinpath("check", "checks.csv").read_text(encoding="utf-8")
    return pl.read_csv(io.StringIO(text), try_parse_dates=True).sort("check_id")
