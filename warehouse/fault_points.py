"""Named points at which a test may kill the process, to prove that what is served survives."""

from __future__ import annotations

import os
import signal

from warehouse.errors import UserError

POINTS = (
    "after_linkage",
    "before_commit",
    "after_commit",
    "after_marts",
    "before_publish",
    "before_current",
    "after_current",
)
#: Passed in a full rebuild only.
FULL_POINTS = ("after_store",)
#: Passed in a rotation of keys only.
ROTATION_POINTS = ("after_reseal", "after_marks")
_ALL = POINTS + FULL_POINTS + ROTATION_POINTS


def check_name(chosen: str | None) -> None:
    """Refuse a name that no code passes, or a fault test would prove nothing."""
    if chosen is not None and chosen not in _ALL:
        raise UserError(
            "no such fault point",
            field="HSSK_FAULT",
            value=chosen,
            expected="one of " + ", ".join(_ALL),
        )


def reach(point: str, chosen: str | None) -> None:
    """Kill this process with SIGKILL when ``point`` is the chosen one: no handler runs, as in a power cut."""
    if point == chosen:
        os.kill(os.getpid(), signal.SIGKILL)
