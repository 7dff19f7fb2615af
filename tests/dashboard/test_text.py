"""The two catalogues hold the same texts with the same blanks, every text the code names, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from analytics.disclosure import Reason, State
from analytics.question import METHODS
from analytics.readiness import Level
from dashboard.data.overview import STEPS
from dashboard.figures.matrix import POSITIONS
from dashboard.selection.base import MAPS
from dashboard.selection.ncd import AGES, ESTIMATORS, QUANTITIES, SEXES, STANDARDS
from dashboard.selection.overview import PHASES
from dashboard.selection.rollout import GROUPS, LADDER, SPLITS
from dashboard.words import words

DASHBOARD = Path(__file__).resolve().parents[2] / "dashboard"
VI, EN = words("vi").catalogue, words("en").catalogue
CALLERS = ("words", "text", "self")


def calls() -> Iterator[ast.expr]:
    """First arguments of ``words(...)``, ``text(...)`` and, in words.py, ``self(...)``."""
    for path in sorted(DASHBOARD.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_call = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLERS
            )
            if is_call and node.args:
                yield node.args[0]


def constants() -> set[str]:
    """Every string in the code: a key may be chosen before it is used."""
    return {
        node.value
        for path in DASHBOARD.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def prefixes() -> set[str]:
    """``state.`` of ``words(f"state.{state}")``."""
    joined = [node for node in calls() if isinstance(node, ast.JoinedStr)]
    firsts = [node.values[0] for node in joined]
    added = {
        node.left.value
        for node in calls()
        if isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant)
    }
    return {str(part.value) for part in firsts if isinstance(part, ast.Constant)} | added


#: Switches name their options ``<name of the control>.<value>``.
#: Everything analytics.readiness can say.
READY = {level.value for level in Level}
REASONS = {
    *("known_only", "not_of_residents", "no_number", "small_sample", "wide_interval"),
    *("worse_than_simpler", "half_not_assessed", "drift", "drift_unknown", "often_truncated"),
    *("survey_differs", "no_survey", "survey_not_comparable", "survey_not_shown"),
}
SWITCHES = {
    "estimator.",
    "sex.",
    "map.",
    "phase.",
    "standard.",
    "ages.",
    "quantity.",
    "group.",
    "split.",
    "truth.",
}


def blanks(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def test_both_languages_have_the_same_texts_with_the_same_blanks() -> None:
    assert sorted(VI) == sorted(EN)
    assert {key for key in VI if blanks(VI[key]) != blanks(EN[key])} == set()
    assert [key for key in VI if not VI[key].strip() or not EN[key].strip()] == []


def test_every_text_the_code_names_exists() -> None:
    named = {node.value for node in calls() if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    languages = {"vi", "en"}

    assert {name for name in named - languages if name not in VI} == set()


def test_every_family_of_texts_is_complete() -> None:
    expected = {
        "state.": set(State),
        "reason.": set(Reason),
        "method.": set(METHODS),
        "estimator.": set(ESTIMATORS),
        "sex.": set(SEXES),
        "who.": set(SEXES),
        "map.": set(MAPS),
        "phase.": set(PHASES),
        "phase_name.": set(PHASES),
        "standard.": set(STANDARDS),
        "ages.": set(AGES),
        "quantity.": set(QUANTITIES),
        "unit.": set(QUANTITIES),
        "step.": {*STEPS, *LADDER},
        "step_short.": set(LADDER[1:]),
        "group.": set(GROUPS),
        "split.": set(SPLITS),
        "plan.": {"reached", "not_reached", "not_measurable"},
        "readiness.": {*READY, *REASONS},
        "position.": {*POSITIONS, "suppressed", "no_data"},
        "matrix.": set(POSITIONS),
        "fallback.": {
            "condition",
            "variant",
            "estimator",
            "sex",
            "period",
            "district",
            "build",
            "lang",
            "standard",
            "ages",
            "map",
            "quantity",
            "phase",
            "group",
            "source",
        },
        "denominator.": {"assessed", "outcome_dependent", "record_holders"},
    }
    missing = {prefix + str(name) for prefix, names in expected.items() for name in names} - set(VI)

    assert missing == set()


def test_no_text_is_left_over() -> None:
    used, families = constants(), prefixes() | SWITCHES
    left = {key for key in VI if key not in used and not any(key.startswith(family) for family in families)}

    assert left == set()
