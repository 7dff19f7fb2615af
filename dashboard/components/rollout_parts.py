"""The sentences of the rollout page. Counts of records are complete: no interval, and no forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import polars as pl
from dash.development.base_component import Component

from dashboard.components.definition import page_terms
from dashboard.figures import phrases
from dashboard.figures.multiples import below_plan
from dashboard.figures.targets import state_of
from dashboard.figures.weeks import MEAN_WEEKS
from dashboard.selection.rollout import SECTIONS, RolloutSelection
from dashboard.words import Words

Lines = Sequence[tuple[str, str, Mapping[str, phrases.Row]]]


def caution(words: Words, *, of_group: bool) -> str:
    """How the counts may be read: complete counts of records, or protected ones of a group of the plan."""
    return words("rollout.caution_group" if of_group else "rollout.caution")


def headline(rows: Sequence[phrases.Row], place: str, words: Words) -> str:
    """How far the records have come: of all created, how many hold every mandatory section."""
    steps = _by_step(rows)
    whole, end = steps.get("identity_verified"), steps.get("all_sections")
    if not whole or not end or not phrases.is_shown(end):
        return words("rollout.headline_none", place=place)
    return words(
        "rollout.headline",
        place=place,
        records=words.integer(end["denominator"]),
        share=words.percent(end["value"], 0),
    )


def lead(rows: Sequence[phrases.Row], words: Words) -> str:
    """The steps before it, and the section that is missing most often."""
    steps = _by_step(rows)
    named = [steps.get(name) for name in ("identity_verified", "activated")]
    sections = [row for name in SECTIONS if (row := steps.get(name)) and phrases.is_shown(row)]
    if not all(row and phrases.is_shown(row) for row in named) or not sections:
        return ""
    rarest = min(sections, key=lambda row: row["value"])
    return words(
        "rollout.lead",
        verified=phrases.value(named[0] or {}, words),
        activated=phrases.value(named[1] or {}, words),
        section=words(f"step.{rarest['step']}").lower(),
        share=phrases.value(rarest, words),
    )


def ladder_title(rows: Sequence[phrases.Row], words: Words) -> str:
    """Where most records stop."""
    steps = _by_step(rows)
    ways = [
        (one, other)
        for one, other in (("created", "identity_verified"), ("identity_verified", "activated"))
        if one in steps and other in steps and all(phrases.is_shown(steps[name]) for name in (one, other))
    ]
    if not ways:
        return words("state.no_data")
    lost = {(one, other): steps[one]["numerator"] - steps[other]["numerator"] for one, other in ways}
    one, other = max(lost, key=lambda way: lost[way])
    return words(
        "rollout.ladder_title",
        lost=words.integer(lost[one, other]),
        first=words(f"step.{one}").lower(),
        second=words(f"step.{other}").lower(),
    )


def ladder_summary(rows: Sequence[phrases.Row], words: Words) -> str:
    """Every step in words."""
    return " ".join(f"{words('step.' + row['step'])}: {phrases.value(row, words)}." for row in rows)


def split_title(lines: Lines, words: Words) -> str:
    """Lowest and highest share of records with every section."""
    shown = [
        (row["value"], name)
        for _, name, rows in lines
        if (row := rows.get("all_sections")) and phrases.is_shown(row)
    ]
    if not shown:
        return words("rollout.split_none")
    (low, lowest), (high, highest) = min(shown), max(shown)
    if len(shown) == 1:
        return words("rollout.split_one", name=highest, value=words.percent(high, 0))
    return words(
        "rollout.split_title",
        lowest=lowest,
        low=words.percent(low, 0),
        highest=highest,
        high=words.percent(high, 0),
    )


def split_subtitle(selection: RolloutSelection, words: Words) -> str:
    """How to read the grid; of the other geography also what its lines hold."""
    if selection.split == "ward" and selection.district is None:
        return words("rollout.split_choose")
    told = [words("rollout.split_subtitle")]
    if selection.split == "unit":
        told.append(words("rollout.split_units"))
        told += [words("rollout.split_units_of_district")] if selection.district else []
    if selection.split == "group" and not selection.is_of_group:
        told.append(words("rollout.split_groups"))
    return phrases.sentences(told)


def plan_title(frame: pl.DataFrame, words: Words) -> str:
    """How many districts reach their plan, do not, and cannot be measured."""
    states = [state_of(row) for row in frame.to_dicts()]
    counts = {name: states.count(name) for name in ("reached", "not_reached", "not_measurable")}
    return words("rollout.plan_title", **counts)


def curves_title(frame: pl.DataFrame, words: Words) -> str:
    """Districts under their line."""
    below, planned = below_plan(frame)
    return (
        words("rollout.curves_title", below=below, all=planned) if planned else words("rollout.curves_none")
    )


def curves_subtitle(selection: RolloutSelection, words: Words) -> str:
    """How to read the curves; where a group was chosen also that they are not of it."""
    told = [words("rollout.curves_subtitle", phase=words(f"phase_name.{selection.phase}"))]
    return phrases.sentences([*told, *curves_limits(words, of_group=selection.is_of_group)])


def curves_limits(words: Words, *, of_group: bool) -> list[str]:
    """That weeks by district are of all groups together, where one was chosen."""
    return [words("rollout.curves_all_groups")] if of_group else []


def heat_subtitle(selection: RolloutSelection, step: str, words: Words) -> str:
    """What a cell is; of the other geography also what its lines hold."""
    return words(f"rollout.heat_subtitle{'_units' if selection.geography == 'unit' else ''}", step=step)


def flow_title(frame: pl.DataFrame, step: str, words: Words) -> str:
    """The last week and the mean of the last four."""
    if frame.height < MEAN_WEEKS:
        return words("state.no_data")
    last = frame["added"].tail(MEAN_WEEKS)
    if frame["added"].null_count() == frame.height:
        return _why(frame["reason"][-1], words)
    if last.null_count():
        return words("rollout.flow_hidden")
    return words(
        "rollout.flow_title",
        step=step,
        added=words.integer(last[-1]),
        end=words.date(frame["week"][-1] + timedelta(days=6)),
        mean=words.integer(round(last.sum() / MEAN_WEEKS)),
    )


def flow_subtitle(frame: pl.DataFrame, place: str, step: str, words: Words) -> str:
    """How to read the bars, and what the mark of a hidden week means where there is one."""
    told = [words("rollout.flow_subtitle", place=place, step=step)]
    has_marks = 0 < frame["added"].null_count() < frame.height
    return phrases.sentences([*told, *([words("rollout.flow_marks")] if has_marks else [])])


def heat_title(frame: pl.DataFrame, step: str, words: Words) -> str:
    """The busiest week of a place."""
    known = frame.filter(pl.col("rate").is_not_null())
    if not known.height:
        return _why(frame["reason"][0], words) if frame.height else words("state.no_data")
    row = known.sort("rate", descending=True).row(0, named=True)
    return words(
        "rollout.heat_title",
        step=step,
        place=row["short"],
        rate=words.decimal(row["rate"]),
        end=words.date(row["week"] + timedelta(days=6)),
    )


def _why(reason: str, words: Words) -> str:
    """The reason why there is no number, as a title."""
    return words(f"reason.{reason}").removesuffix(".")


def weeks_note(frame: pl.DataFrame, words: Words) -> str:
    """Up to when the weeks of a frame are counted."""
    if not frame.height:
        return ""
    return words("rollout.weeks_until", end=words.date(frame["week"][-1] + timedelta(days=6)))


def definition(words: Words) -> Component:
    """What the numbers of this page are."""
    names = ("records", "steps", "sections", "due", "rate", "limits")
    terms = [(words(f"rollout.term_{name}"), words(f"rollout.about_{name}")) for name in names]
    return page_terms(words, terms, "ladder")


def _by_step(rows: Sequence[phrases.Row]) -> dict[str, phrases.Row]:
    return {row["step"]: row for row in rows}
