"""The definition files a build was made with, as they were: a later version of the program may hold others."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from analytics.generation import Generation, read_sql


@lru_cache(maxsize=8)
def documents(generation: Generation) -> dict[str, dict[str, Any]]:
    """The content of each case-definition file by condition: name, source, event_sets, clauses, variants."""
    rows = generation.frame(read_sql("definition_document")).iter_rows()
    return {condition: json.loads(document) for condition, document in rows}
