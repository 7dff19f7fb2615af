"""How many generated examples a property is tried on: all of them in ``make test-all``, a part in ``make test``."""

from __future__ import annotations

from hypothesis import settings

#: Examples of a property that says no number itself, by profile; ``--hypothesis-profile`` chooses the profile.
PROFILES = {"part": 40, "whole": 100}
#: Below it a part would no longer try much.
FEWEST = 10


def examples(whole: int) -> int:
    """Of ``whole`` examples the share that the profile in force tries."""
    part = whole * settings().max_examples // PROFILES["whole"]
    return max(part, min(whole, FEWEST))
