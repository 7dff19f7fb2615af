"""The indicators of the plan as data: I01 to I30, in ``plan_indicators/*.toml``, validated when loaded.

An indicator is a measure asked in a fixed way (``measure``, ``ask``), or two counts of the administrative marts, one
over the other (``counts``). Both ways give rows of the same shape, with the target and whether it is reached.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

import polars as pl

from analytics.ages import parse_age_band
from analytics.disclosure import Kind, State
from analytics.indicator import Polarity, Target, Text, indicators
from warehouse.contracts import load_contracts
from warehouse.errors import Fault, Faults, UserError, suggest

UNITS = ("proportion", "ratio", "months")
DIMENSIONS = ("quarter", "month", "district", "sex", "age_band", "section", "part")
#: How a count is timed: up to the end of the period, within it, on its last day, in the year up to it, or known on the
#: extract date only.
TIMINGS = ("stock", "flow", "state", "year", "snapshot")
#: What is taken of the rows counted: their amount, what was planned, the amount of those that say what was planned, or
#: how many units have any.
TAKES = ("amount", "planned", "amount_of_planned", "wards", "districts")
#: What each mart counts (of the activities: whatever their contract names). The last four are no marts of events.
_ITEMS: Mapping[str, tuple[str, ...]] = {
    "budget": ("allocated", "disbursed"),
    "facility": ("registered", "connected", "sending"),
    "visit": ("visits", "judged", "reflected"),
    "arrival": tuple(
        f"{kind}_{step}" for kind in ("birth", "migrant") for step in ("people", "judged", "recorded")
    ),
    "load": ("rows", "people", "recorded"),
    "reach": tuple(
        f"{group}_{step}" for group in ("vulnerable", "pregnant") for step in ("people", "holders")
    ),
    "known": ("people", "holders"),
    "record": (
        *(
            "created",
            "identity_verified",
            "activated",
            "citizen_edited",
            "closed",
            "all_sections",
            "updated_12m",
        ),
        *("edited_after_activation", "adult", "adult_activated", "declared", "declared_by_proxy"),
    ),
    "population": ("people",),
    "place": ("wards", "districts"),
    "amount": ("budget", "link"),
    "estimate": ("months_since", "one"),
}
#: Marts whose counts have parts, and those that know no district.
_WITH_PARTS = ("activity", "facility", "budget", "load", "reach", "amount")
_OF_THE_CITY = ("budget", "load", "amount", "estimate")
_TEXTS = ("name", "numerator", "denominator", "caveats", "not_measurable")
_REQUIRED = (
    "id",
    "version",
    "reviewed",
    "plan_row",
    "kind",
    "unit",
    "polarity",
    "by",
    "source",
    *_TEXTS,
)
_OPTIONAL = ("measure", "ask", "timing", "counts", "parts", "needs", "target")
_ID = re.compile(r"I\d\d")


class Status(StrEnum):
    """What a value says of its target. A suppressed value has none."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    NOT_MEASURABLE = "not_measurable"
    NO_TARGET = "no_target"


@dataclass(frozen=True)
class Count:
    """What is counted: items of a mart, some of their parts (empty: all), times ``factor``.

    ``known_by``: items whose absence from the whole build says that nobody reports them (default: all of ``items``).
    """

    mart: str
    items: tuple[str, ...]
    take: str = "amount"
    parts: tuple[str, ...] = ()
    timing: str | None = None
    factor: float = 1.0
    known_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ask:
    """How a measure is asked: at which ages, and for which values of its dimensions."""

    ages: str | None = None
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, kw_only=True)
class PlanIndicator:
    """One indicator of the plan. Either ``measure`` with ``ask``, or ``timing`` with ``top`` over ``bottom``.

    ``needs``: steps of records of which the build must hold at least one, or records (or their sections) were not
    delivered and nothing can be measured, though zeros can be counted.
    """

    id: str
    version: str
    reviewed: str
    plan_row: str
    kind: Kind
    unit: str
    polarity: Polarity
    by: tuple[str, ...]
    parts: tuple[str, ...]
    needs: tuple[str, ...]
    source: str
    target: Target | None
    measure: str | None
    ask: Ask
    timing: str | None
    top: Count | None
    bottom: Count | None
    name: Text
    numerator: Text
    denominator: Text
    caveats: Text
    not_measurable: Text

    def as_dict(self) -> dict[str, Any]:
        """What an answer says of its definition."""
        return {
            "id": self.id,
            "variant": None,
            "version": self.version,
            "estimand": None,
            "source": self.source,
            "unit": self.unit,
            "polarity": self.polarity.value,
            "target": self.target.as_dict() if self.target else None,
        }


@cache
def plan_indicators() -> Mapping[str, PlanIndicator]:
    """Every indicator of the plan by id, in order. Raises Faults with all that is wrong in all files."""
    folder = resources.files("analytics").joinpath("plan_indicators")
    files = sorted(
        (item for item in folder.iterdir() if item.name.endswith(".toml")), key=lambda item: item.name
    )
    return parse_plan_indicators({item.name: item.read_text(encoding="utf-8") for item in files})


def parse_plan_indicators(texts: Mapping[str, str]) -> Mapping[str, PlanIndicator]:
    """Indicators from TOML texts by file name; the pure half of :func:`plan_indicators`."""
    faults: list[Fault] = []
    found: dict[str, PlanIndicator] = {}
    for file, text in texts.items():
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            faults.append(Fault(message=f"not valid TOML: {error}", file=file))
            continue
        wrong = [
            Fault(message=message, file=file, field=field, value=value, expected=expected)
            for field, value, message, expected in _faults(table, file.removesuffix(".toml"))
        ]
        faults += wrong
        if not wrong:
            found[table["id"]] = _build(table)
    if faults:
        raise Faults(faults)
    return found


_Wrong = tuple[str, str | None, str, str | None]


def _faults(table: Mapping[str, Any], stem: str) -> Iterator[_Wrong]:
    """Field, value, what is wrong, what is expected: of one file, all at once."""
    for key in _REQUIRED:
        if key not in table:
            yield key, None, "missing", None
    for key in table:
        if key not in (*_REQUIRED, *_OPTIONAL):
            yield key, None, "unknown", suggest(key, (*_REQUIRED, *_OPTIONAL))
    if table.get("id") != stem or not _ID.fullmatch(stem):
        yield "id", str(table.get("id")), "not the name of the file", "I01 to I99, as the file is called"
    for key, allowed in (
        ("kind", [item.value for item in Kind]),
        ("unit", UNITS),
        ("polarity", [item.value for item in Polarity]),
    ):
        if key in table:
            yield from _outside(key, [table[key]], allowed)
    yield from _outside("by", table.get("by", ()), DIMENSIONS)
    yield from _outside("needs", table.get("needs", ()), items_of("record"))
    for key in _TEXTS:
        yield from _text_faults(key, table.get(key))
    yield from _target_faults(table.get("target"))
    yield from _source_faults(table)


def _outside(field: str, values: Any, allowed: Any) -> Iterator[_Wrong]:
    for value in values:
        if value not in allowed:
            yield field, str(value), "not allowed", suggest(str(value), allowed)


def _text_faults(key: str, text: Any) -> Iterator[_Wrong]:
    if text is not None and not (isinstance(text, dict) and set(text) == {"vi", "en"} and all(text.values())):
        yield key, None, "not a text in both languages", "vi and en"


def _target_faults(target: Any) -> Iterator[_Wrong]:
    if target is None:
        return
    names = [item.name for item in fields(Target)]
    yield from _outside("target", target, names)
    for key in ("value", "source"):
        if not target.get(key):
            yield f"target.{key}", None, "missing", "a value and who says so"
    if not isinstance(target.get("value", 0.0), int | float):
        yield "target.value", str(target["value"]), "not a number", None


def _source_faults(table: Mapping[str, Any]) -> Iterator[_Wrong]:
    """A measure or two counts, not both and not neither."""
    if ("measure" in table) == ("counts" in table):
        yield "measure", None, "a measure or two counts", "one of them"
        return
    if "measure" in table:
        yield from _outside("measure", [table["measure"]], tuple(indicators()))
        yield from _ask_faults(table)
        return
    yield from _outside("timing", [table.get("timing")], TIMINGS)
    counts = table["counts"]
    for side in ("numerator", "denominator"):
        if side not in counts:
            yield f"counts.{side}", None, "missing", None
        else:
            yield from _count_faults(f"counts.{side}", counts[side], table.get("by", ()))
    if table.get("kind") == Kind.HEALTH.value and "month" in table.get("by", ()):
        yield "by", "month", "a health count is given by quarter", None


def _ask_faults(table: Mapping[str, Any]) -> Iterator[_Wrong]:
    ask = table.get("ask", {})
    yield from _outside("ask", ask, ("ages", "where"))
    measure = indicators().get(table["measure"])
    if measure is None:
        return
    yield from _outside("by", table.get("by", ()), measure.by)
    yield from _outside("ask.where", ask.get("where", {}), measure.where)
    if "ages" in ask:
        try:
            parse_age_band(ask["ages"])
        except UserError as error:
            yield "ask.ages", str(ask["ages"]), error.fault.message, error.fault.expected


def _count_faults(field: str, count: Mapping[str, Any], by: Sequence[str]) -> Iterator[_Wrong]:
    yield from _outside(field, count, [item.name for item in fields(Count)])
    mart = count.get("mart")
    if mart not in (*_ITEMS, "activity"):
        yield f"{field}.mart", str(mart), "unknown", suggest(str(mart), ["activity", *_ITEMS])
        return
    if "part" in by and mart not in _WITH_PARTS:
        yield "by", "part", f"{mart} has no parts", None
    if "district" in by and mart in _OF_THE_CITY:
        yield "by", "district", f"{mart} is of the city only", None
    if not count.get("items"):
        yield f"{field}.items", None, "missing", None
    for key in ("items", "known_by"):
        yield from _outside(f"{field}.{key}", count.get(key, ()), items_of(mart))
    yield from _outside(f"{field}.take", [count.get("take", TAKES[0])], TAKES)
    yield from _outside(f"{field}.timing", [count.get("timing", TIMINGS[0])], TIMINGS)
    if not count.get("factor", 1.0) > 0:
        yield f"{field}.factor", str(count["factor"]), "not above nought", None


def items_of(mart: str) -> tuple[str, ...]:
    """What a mart counts."""
    if mart == "activity":
        return load_contracts()["activity"].column("kind").allowed
    if mart == "record":
        sections = load_contracts()["record_section"].column("section").allowed
        return (*_ITEMS["record"], *(f"section_{name}" for name in sections))
    return _ITEMS[mart]


def _build(table: Mapping[str, Any]) -> PlanIndicator:
    counts = table.get("counts", {})
    ask = table.get("ask", {})
    return PlanIndicator(
        id=table["id"],
        version=table["version"],
        reviewed=table["reviewed"].isoformat(),
        plan_row=table["plan_row"],
        kind=Kind(table["kind"]),
        unit=table["unit"],
        polarity=Polarity(table["polarity"]),
        by=tuple(table["by"]),
        parts=tuple(table.get("parts", ())),
        needs=tuple(table.get("needs", ())),
        source=table["source"],
        target=Target(**table["target"]) if "target" in table else None,
        measure=table.get("measure"),
        ask=Ask(ask.get("ages"), tuple((name, tuple(v)) for name, v in ask.get("where", {}).items())),
        timing=table.get("timing"),
        top=_count(counts["numerator"]) if counts else None,
        bottom=_count(counts["denominator"]) if counts else None,
        **{name: Text(**table[name]) for name in _TEXTS},
    )


def _count(table: Mapping[str, Any]) -> Count:
    lists = {key: tuple(table[key]) for key in ("items", "parts", "known_by") if key in table}
    return Count(**{**table, **lists})


def judged(rows: pl.DataFrame, item: PlanIndicator) -> pl.DataFrame:
    """Rows of an answer with ``target`` and ``status`` (:class:`Status`; null where the value is suppressed). Pure."""
    target = item.target.value if item.target else None
    if target is None:
        verdict = pl.lit(Status.NO_TARGET.value)
    else:
        meets = pl.col("value") <= target if item.polarity is Polarity.LOWER else pl.col("value") >= target
        verdict = (
            pl.when(meets).then(pl.lit(Status.REACHED.value)).otherwise(pl.lit(Status.NOT_REACHED.value))
        )
    state = pl.col("state")
    status = (
        pl.when(state == State.SHOWN.value)
        .then(verdict)
        .when(state != State.SUPPRESSED.value)
        .then(pl.lit(Status.NOT_MEASURABLE.value))
    )
    return rows.with_columns(pl.lit(target, pl.Float64).alias("target"), status.alias("status"))
