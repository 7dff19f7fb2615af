"""A question about the numbers, as the command line, a page, a model or the interface of machines asks it.

:class:`Question` is plain data and hashable (the key of caches). What its words mean is checked against a generation
by ``plan.resolve``; here only its spelling is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from analytics.indicator import ESTIMATORS
from analytics.rates import check_confidence
from warehouse.errors import UserError, suggest

DIMENSIONS = (
    *("quarter", "month", "week", "district", "ward", "unit", "sex", "age_band"),
    *("section", "step", "phase", "plan_group", "source", "part", "bin"),
)
FILTERS = ("district", "ward", "unit", "sex", "section", "step", "phase", "plan_group", "source", "part")
METHODS = ("wilson", "clopper_pearson", "dobson_byar", "fay_feuer", "tiwari", "two_part", "rogan_gladen")
DEFAULT_STANDARD = "who_world_2000"
_PERIOD = re.compile(r"(\d{4}Q[1-4])(?:\.\.(\d{4}Q[1-4]))?")


#: The variant asked for where none is named.
DEFAULT_DEFINITION = "recommended"


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked. ``by`` in the order wanted; ``where`` as pairs of a name and its values.

    ``period`` None is the newest complete quarter, ``2022Q1..2022Q4`` a range; ``ages`` None is the measure's own
    default (adults for prevalence); ``build`` None is the current one; ``method`` None is the estimator's default.
    ``quantity`` is that of a distribution, ``classes`` the scheme of its cut-offs (None: fine bins). ``vintage`` is
    that of the frozen quarters (None: the newest of each; exact counts: those of the build itself).
    """

    measure: str = "prevalence"
    condition: str | None = None
    definition: str = DEFAULT_DEFINITION
    by: tuple[str, ...] = ()
    period: str | None = None
    estimator: str = "crude"
    standard: str = DEFAULT_STANDARD
    ages: str | None = None
    age_bands: str | None = None
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    build: str | None = None
    confidence: float = 0.95
    method: str | None = None
    exact: bool = False
    quantity: str | None = None
    classes: str | None = None
    vintage: int | None = None

    def __post_init__(self) -> None:
        for name in self.by:
            choose(name, DIMENSIONS, field="by")
        _refuse_repeats(self.by, "by")
        for name, values in self.where:
            choose(name, FILTERS, field="where")
            if not values or not all(values):
                raise UserError(
                    "a filter without a value", field="where", value=name, expected=f"{name}=VALUE,VALUE"
                )
        _refuse_repeats([name for name, _ in self.where], "where")
        choose(self.estimator, ESTIMATORS, field="estimator")
        if self.method is not None:
            choose(self.method, METHODS, field="method")
        check_confidence(self.confidence)
        if self.period is not None:
            parse_period(self.period)

    def only(self, name: str) -> tuple[str, ...]:
        """The values ``where`` restricts ``name`` to; empty = no restriction."""
        return dict(self.where).get(name, ())

    def as_dict(self) -> dict[str, Any]:
        """Plain data for logs and JSON."""
        return {
            **asdict(self),
            "where": {name: list(values) for name, values in self.where},
            "by": list(self.by),
        }


def quarter_number(name: str) -> int:
    """Of ``2024Q3``, so that the quarters between two are their difference: frozen quarters are numbered as they were
    frozen, not as they follow.
    """
    return int(name[:4]) * 4 + int(name[-1])


def parse_period(text: str) -> tuple[str, str]:
    """First and last quarter of ``2022Q4`` or ``2022Q1..2022Q4``."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        raise UserError("not a period", field="period", value=text, expected="like 2022Q4 or 2022Q1..2022Q4")
    first, last = match[1], match[2] or match[1]
    if last < first:
        raise UserError(
            "a period ends before it starts", field="period", value=text, expected=f"{last}..{first}"
        )
    return first, last


def parse_where(conditions: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """``["district=760,761", "sex=female"]`` to pairs; several filters on one name must be written as one list."""
    pairs = []
    for text in conditions:
        name, equals, values = text.partition("=")
        if not equals:
            raise UserError("not a filter", field="where", value=text, expected="like district=760,761")
        pairs.append((name.strip(), tuple(dict.fromkeys(part.strip() for part in values.split(",")))))
    return tuple(pairs)


def parse(
    *,
    by: str | Sequence[str] = (),
    where: Iterable[str] | Mapping[str, Sequence[str]] = (),
    definition: str | None = None,
    standard: str | None = None,
    **rest: Any,
) -> Question:
    """A Question from the words of a command line: ``by="district,sex"``, ``where=["district=760,761"]``.

    None stands for the default. Raises UserError naming the allowed words.
    """
    names = by.split(",") if isinstance(by, str) else by
    if isinstance(where, Mapping):
        where = [f"{name}={','.join(values)}" for name, values in where.items()]
    return Question(
        by=tuple(name.strip() for name in names if name.strip()),
        where=parse_where(where),
        definition=definition or DEFAULT_DEFINITION,
        standard=standard or DEFAULT_STANDARD,
        **rest,
    )


def choose(value: str, allowed: Sequence[str], *, field: str, action: str | None = None) -> str:
    """Return ``value`` when it is allowed, else raise UserError naming what is, and the nearest."""
    if value in allowed:
        return value
    expected = suggest(value, allowed) if allowed else "one of nothing: this build has none"
    raise UserError(f"unknown {field}", field=field, value=value, expected=expected, action=action)


def _refuse_repeats(names: Sequence[str], field: str) -> None:
    repeated = sorted({name for name in names if list(names).count(name) > 1})
    if repeated:
        raise UserError("named twice", field=field, value=", ".join(repeated), expected="each name once")
