"""What is counted of a person beyond one definition on one day: changes, combinations, agreements, repeats.

Which definitions, is data: ``units/study_*.csv``. Each becomes a small rule table with the ids of its measures, so that
the person SQL knows no name of a disease. Broad ages (``units/broad_ages.csv``) keep the combinations from being rare.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from warehouse.errors import Fault, suggest
from warehouse.rule_files import Row, read_rows
from warehouse.rule_measures import Measure
from warehouse.rule_types import INSURED, AgeBand, Condition, Variant

BROAD_AGES = "broad_ages.csv"
TRANSITION = "study_transition.csv"
MULTIMORBIDITY = "study_multimorbidity.csv"
AGREEMENT = "study_agreement.csv"
PERSISTENCE = "study_persistence.csv"
#: Columns of each file beside ``source`` and ``reviewed``.
STUDY_FILES = {
    BROAD_AGES: ("age_from", "label"),
    TRANSITION: ("condition", "variant", "lag"),
    MULTIMORBIDITY: ("position", "condition", "variant"),
    AGREEMENT: ("condition", "variant", "other"),
    PERSISTENCE: ("condition", "variant", "raised", "reading", "within_days", "lookback_days"),
}
#: A combination is a sum of powers of two in a SMALLINT.
MOST_CONDITIONS = 14
#: Quarters between the two states of a transition at most.
LONGEST_LAG = 20
LONGEST_DAYS = 3650
#: Columns that say how, not what: two rows that differ in them only are one twice.
_DETAILS = ("position", "label", "raised", "reading", "within_days", "lookback_days")
_Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Studies:
    """The files as read, conditions and variants by name."""

    broad_ages: tuple[int, ...]
    transitions: tuple[tuple[str, str, int], ...]
    multimorbidity: tuple[tuple[int, str, str], ...]
    agreements: tuple[tuple[str, str, str], ...]
    persistence: tuple[tuple[str, str, str, str, int, int], ...]

    def only(self, conditions: frozenset[str]) -> Studies:
        """The studies that need no other condition than these."""
        return Studies(
            broad_ages=self.broad_ages,
            transitions=tuple(item for item in self.transitions if item[0] in conditions),
            multimorbidity=tuple(item for item in self.multimorbidity if item[1] in conditions),
            agreements=tuple(item for item in self.agreements if item[0] in conditions),
            persistence=tuple(item for item in self.persistence if item[0] in conditions),
        )

    def tables(
        self, measures: Iterable[Measure], bands: Iterable[AgeBand], set_ids: Mapping[str, int]
    ) -> dict[str, pl.DataFrame]:
        """``rule_broad_age``: broad age of each age band; ``rule_transition``, ``rule_multimorbidity``,
        ``rule_agreement``, ``rule_persistence``: the measures of each study.
        """
        ids = {(item.condition, item.variant, item.role): item.measure_id for item in measures}
        return {
            "rule_broad_age": _integers(
                [(band.age_from, self._broad(band.age_from)) for band in bands], ("age_from", "broad_from")
            ),
            "rule_transition": _integers(
                [(ids[c, v, "case"], ids[c, v, "assessed"], lag) for c, v, lag in self.transitions],
                ("measure_id", "assessed_id", "lag"),
            ),
            "rule_multimorbidity": _integers(
                [(ids[c, v, "case"], 1 << place - 1) for place, c, v in self.multimorbidity],
                ("measure_id", "condition_bit"),
            ),
            "rule_agreement": _integers(
                [
                    (ids[c, v, "case"], ids[c, v, "assessed"], ids[c, o, "case"], ids[c, o, "assessed"])
                    for c, v, o in self.agreements
                ],
                ("measure_id", "assessed_id", "other_id", "other_assessed_id"),
            ),
            "rule_persistence": _integers(
                [
                    (ids[c, v, "case"], set_ids[f"{c}.{raised}"], set_ids[f"{c}.{reading}"], *days)
                    for c, v, raised, reading, *days in self.persistence
                ],
                ("measure_id", "raised_set_id", "reading_set_id", "within_days", "lookback_days"),
            ),
        }

    def _broad(self, age_from: int) -> int:
        return max(start for start in self.broad_ages if start <= age_from)


def parse(
    texts: Mapping[str, str],
    conditions: Sequence[Condition],
    bands: Iterable[AgeBand],
    faults: list[Fault],
) -> Studies:
    """Studies from CSV texts by file name; what is wrong is appended to ``faults``."""
    faults += [Fault(message="is missing", file=name) for name in STUDY_FILES if name not in texts]
    lines = {
        name: read_rows(name, texts[name], columns, faults) if name in texts else []
        for name, columns in STUDY_FILES.items()
    }
    known = {(item.id, variant.id): variant for item in conditions for variant in item.variants}
    events = {event_set.name for item in conditions for event_set in item.event_sets}
    for name, rows in lines.items():
        _refuse_repeats(rows, STUDY_FILES[name])
    return Studies(
        broad_ages=_broad_ages(lines[BROAD_AGES], {band.age_from for band in bands}),
        transitions=tuple(
            (*_variant(row, known), _whole(row, "lag", LONGEST_LAG)) for row in lines[TRANSITION]
        ),
        multimorbidity=tuple(
            (_whole(row, "position", MOST_CONDITIONS), *_variant(row, known)) for row in lines[MULTIMORBIDITY]
        ),
        agreements=tuple(
            (*_variant(row, known), _variant(row, known, "other")[1]) for row in lines[AGREEMENT]
        ),
        persistence=tuple(_persistence(row, known, events) for row in lines[PERSISTENCE]),
    )


def _broad_ages(rows: Sequence[Row], starts: set[int]) -> tuple[int, ...]:
    """Edges of broad ages; each must be an edge of the age bands, and the bands of youngest and unknown age be in."""
    found = []
    for row in rows:
        age = row.integer("age_from")
        if age not in starts:
            row.fault("cuts an age band", field="age_from", value=row.raw["age_from"])
        found.append(-1 if age is None else age)
    if rows and not {-1, 0} <= set(found):
        rows[0].fault("some age is in no broad age", field="age_from", expected="-1 and 0 among them")
    return tuple(sorted(found)) or (-1,)


def _variant(row: Row, known: Mapping[_Pair, Variant], field: str = "variant") -> _Pair:
    """A definition of record holders: what claims tell of the insured is another population."""
    pair = row.text("condition"), row.text(field)
    if pair not in known:
        row.fault(
            "no such definition",
            field=field,
            value="/".join(pair),
            expected=suggest("/".join(pair), ["/".join(item) for item in known]),
        )
    elif known[pair].denominator == INSURED or "case" not in known[pair].measures:
        row.fault("not a definition of cases among record holders", field=field, value="/".join(pair))
    return pair


def _persistence(
    row: Row, known: Mapping[_Pair, Variant], events: set[str]
) -> tuple[str, str, str, str, int, int]:
    condition, variant = _variant(row, known)
    raised, reading = (_event_set(row, field, condition, events) for field in ("raised", "reading"))
    within, lookback = (_whole(row, field, LONGEST_DAYS) for field in ("within_days", "lookback_days"))
    return condition, variant, raised, reading, within, lookback


def _event_set(row: Row, field: str, condition: str, events: set[str]) -> str:
    name = row.text(field)
    if f"{condition}.{name}" not in events:
        row.fault("no such event set", field=field, value=name)
    return name


def _whole(row: Row, field: str, most: int) -> int:
    number = row.integer(field)
    if number is None or not 1 <= number <= most:
        row.fault("must be a whole number", field=field, value=row.raw[field], expected=f"1 to {most}")
        return 1
    return number


def _refuse_repeats(rows: Sequence[Row], columns: Sequence[str]) -> None:
    seen: set[tuple[str, ...]] = set()
    positions = [row.raw["position"] for row in rows if "position" in row.raw]
    for row in rows:
        if positions.count(row.raw.get("position", "")) > 1:
            row.fault("stands twice", field="position", value=row.raw["position"])
        key = tuple(row.raw[name] for name in columns if name not in _DETAILS)
        if key in seen:
            row.fault("stands twice", field=columns[0], value=row.raw[columns[0]])
        seen.add(key)


def _integers(rows: Sequence[tuple[int, ...]], names: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict.fromkeys(names, pl.Int16), orient="row")
