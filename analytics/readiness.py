"""How far a number may be relied on: ready, caution or not ready, always with the reasons. Version 2.

Judged from the number itself: how many of its people were assessed, how much sampling error is left (the presentation
standards of the US National Center for Health Statistics: Parker et al. 2017, Vital Health Stat 2(175)), and whether it
still moves while records accrue; and from outside: whether the same correction gives what surveys of the city found, by
two one-sided tests with margins set beforehand (:mod:`analytics.benchmark`). The worst of all of them is the level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from analytics.indicator import CORRECTED

VERSION = "2"
#: Under it nothing is corrected (analytics.two_part); under half, most of the number rests on the prior of selection.
HALF_ASSESSED = 0.50
#: NCHS: an effective sample under 30, an interval wider than 30 points or than 1.3 times the value is not presented.
SMALLEST_SAMPLE = 30
WIDEST = 0.30
WIDEST_RELATIVE = 1.30
#: An interval up to 5 points wide is presented whatever its relative width.
NARROW = 0.05
#: Points by which a number may move from one quarter to the next.
DRIFT = 0.02
#: Draws of a correction for misclassification that left 0 to 1: more of them bend small shares upwards.
OFTEN_TRUNCATED = 0.10


class Level(StrEnum):
    """From best to worst."""

    READY = "ready"
    CAUTION = "caution"
    NOT_READY = "not_ready"


@dataclass(frozen=True)
class Readiness:
    """``reasons``: what made the level, worst first; the words for people are in the text catalogues."""

    level: Level
    reasons: tuple[str, ...]


def readiness(
    now: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    *,
    truth: float | None = None,
    simpler: Sequence[float] = (),
    of_insured: bool = False,
    surveys: Sequence[str | None] = (),
) -> Readiness:
    """Judge one row of an answer (with ``effective_n`` and ``assessed_share`` where it is corrected).

    ``before``: the same row of the quarter before, where there is one; ``truth``: what is really so, on a synthetic
    city; ``simpler``: the values of the rungs below; ``of_insured``: the definition counts known disease among the
    insured, which is no prevalence by itself; ``surveys``: the verdict on each published result for the condition
    (None: it could not be compared).
    """
    wrong = ["known_only"] if of_insured else _not_ready(now, surveys)
    doubtful = [] if wrong else _caution(now, before, surveys)
    if (
        not wrong
        and truth is not None
        and any(abs(value - truth) < abs(now["value"] - truth) for value in simpler)
    ):
        doubtful.insert(0, "worse_than_simpler")
    level = Level.NOT_READY if wrong else Level.CAUTION if doubtful else Level.READY
    return Readiness(level, tuple(wrong or doubtful))


def _not_ready(now: Mapping[str, Any], surveys: Sequence[str | None]) -> list[str]:
    if now["estimator"] not in CORRECTED:
        return ["not_of_residents"]
    if now["state"] != "shown":
        return ["no_number"]
    width = now["upper"] - now["lower"]
    is_wide = width >= WIDEST or (width > NARROW and width > WIDEST_RELATIVE * now["value"])
    found = {
        "survey_differs": "different" in surveys,
        "small_sample": now["effective_n"] < SMALLEST_SAMPLE,
        "wide_interval": is_wide,
    }
    return [name for name, holds in found.items() if holds]


def _caution(
    now: Mapping[str, Any], before: Mapping[str, Any] | None, surveys: Sequence[str | None]
) -> list[str]:
    moved = before is not None and before["state"] == "shown" and abs(now["value"] - before["value"]) > DRIFT
    is_compared = any(verdict is not None for verdict in surveys)
    found = {
        "no_survey": not surveys,
        "survey_not_comparable": bool(surveys) and not is_compared,
        "survey_not_shown": "not_shown" in surveys,
        "often_truncated": (now["truncated_share"] or 0) > OFTEN_TRUNCATED,
        "half_not_assessed": now["assessed_share"] < HALF_ASSESSED,
        "drift": moved,
        "drift_unknown": before is None or before["state"] != "shown",
    }
    return [name for name, holds in found.items() if holds]
