"""The sentences and small cards of the overview. Counts of records are complete: no interval, and no forecast."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard.components import cards
from dashboard.components.attributes import aria
from dashboard.components.definition import page_terms
from dashboard.selection.overview import Behind, Changed, OverviewSelection, Phase, Step
from dashboard.words import Words

#: Within this of its plan a phase is called on it.
NEAR_PLAN = 0.02


def waiting(count: int) -> list[Component]:
    """Cards on their way."""
    return [cards.card(cards.waiting(3)) for _ in range(count)]


def standing(phase: Phase) -> str:
    """ahead, on, behind or unknown: records against the people due, within two per cent."""
    if not phase.due:
        return "not_due" if phase.due == 0 else "unknown"
    share = phase.records / phase.due
    if share >= 1 + NEAR_PLAN:
        return "ahead"
    return "behind" if share < 1 - NEAR_PLAN else "on"


def headline(phases: Sequence[Phase], place: str, words: Words) -> str:
    """Are we on track? All phases together, then which of them are not."""
    whole, *each = phases
    now = standing(whole)
    if now in ("unknown", "not_due"):
        return words("overview.headline_unknown", place=place, records=words.integer(whole.records))
    behind = [words(f"phase_lower.{phase.phase}") for phase in each if standing(phase) == "behind"]
    first = words(
        f"overview.headline_{now}", place=place, share=words.percent(whole.records / (whole.due or 1), 0)
    )
    return first + (" " + words("overview.headline_which", phases=", ".join(behind)) if behind else "")


def lead(whole: Phase, end: date | None, words: Words) -> str:
    """Records, people due, the pace and the pace needed, up to the last complete week."""
    if end is None:
        return words("overview.lead_none")
    known = {"records": words.integer(whole.records), "end": words.date(end)}
    if not whole.due:
        return words("overview.lead_unknown", pace=words.integer(round(whole.pace)), **known)
    return words("overview.lead", due=words.integer(whole.due), **known) + " " + pace(whole, words)


def pace(phase: Phase, words: Words) -> str:
    """The last four weeks against what the goal asks for; no word on whether it will be met."""
    if phase.needed is None:
        return words("overview.pace_only", pace=words.integer(round(phase.pace)))
    key = "overview.pace_enough" if phase.pace >= phase.needed else "overview.pace_short"
    return words(
        key,
        pace=words.integer(round(phase.pace)),
        needed=words.integer(round(phase.needed)),
        goal=words.date(phase.goal),
    )


def phase_card(phase: Phase, words: Words) -> Component:
    """One phase: a sentence, a bar against its plan, the pace."""
    now = standing(phase)
    title = html.H2(words(f"phase_name.{phase.phase}"))
    if now in ("unknown", "not_due"):
        text = words(f"overview.phase_{now}", records=words.integer(phase.records))
        return cards.card([title, html.P(text, className="phase-sentence")], name="phase-card")
    share = phase.records / (phase.due or 1)
    gap = abs(phase.records - (phase.due or 0))
    sentence = words(
        f"overview.phase_{now}",
        records=words.integer(phase.records),
        due=words.integer(phase.due or 0),
        gap=words.integer(gap),
    )
    return cards.card(
        [
            title,
            html.P(
                [
                    words.percent(share, 0),
                    html.Span(words(f"overview.badge_{now}"), className=f"badge badge-{now}"),
                ],
                className="big",
            ),
            html.Div(
                html.Div(className="meter-fill", style={"width": f"{min(share, 1) * 100:.1f}%"}),
                className="meter",
                **aria(hidden="true"),
            ),
            html.P(sentence, className="phase-sentence"),
            html.P(pace(phase, words), className="subtitle"),
        ],
        name="phase-card",
    )


def step_tile(name: str, graph: Component, caption: str) -> Component:
    """The place of one headline number: its words above its line. ``caption``: the id the words go to."""
    return html.Figure([html.Figcaption(cards.waiting(3), id=caption), graph], className=f"step step-{name}")


def step_caption(step: Step, words: Words) -> list[Component]:
    """One headline number: name, records, share of those created and change over four weeks."""
    return [
        html.Span(words(f"step.{step.step}"), className="step-name"),
        html.Span(words.integer(step.records), className="big"),
        *(html.Span(line, className="subtitle") for line in _step_lines(step, words)),
    ]


def _step_lines(step: Step, words: Words) -> list[str]:
    lines = []
    if step.share is not None and step.step != "created":
        lines.append(words("overview.step_share", share=words.percent(step.share, 1)))
    if step.added is not None:
        lines.append(words("overview.step_added", added=words.signed(step.added)))
    elif not step.weekly:
        lines.append(words("overview.step_today"))
    return lines


def steps_summary(steps: Sequence[Step], words: Words) -> str:
    """All headline numbers in words."""
    return " ".join(
        words(
            "overview.steps_summary",
            step=words(f"step.{step.step}"),
            records=words.integer(step.records),
            more="; ".join(_step_lines(step, words)),
        )
        for step in steps
    )


def map_title(frame: pl.DataFrame, words: Words, *, is_plan: bool) -> str:
    """How many districts reach their plan; what is shown where there is none to reach."""
    if not is_plan:
        return words("overview.map_title_units" if "unit" in frame.columns else "overview.map_title_coverage")
    shown = frame.filter(pl.col("state") == "shown")
    reached = shown.filter(pl.col("value") >= 1 - NEAR_PLAN).height
    return words("overview.map_title", reached=reached, all=shown.height)


def map_subtitle(frame: pl.DataFrame, phase: str, words: Words, *, kind: str, is_plan: bool) -> str:
    """Numerator and denominator, and what the chosen geography cannot show."""
    if is_plan:
        return words("overview.map_subtitle", phase=words(f"phase_name.{phase}"))
    if "unit" not in frame.columns:
        return words("overview.map_subtitle_coverage")
    return " ".join(
        [words("overview.map_subtitle_units"), *([words("map.no_tiles")] if kind == "tiles" else [])]
    )


def curve_title(weeks: pl.DataFrame, place: str, words: Words) -> str:
    """Where the line of records stands to the line of the plan."""
    if not weeks.height:
        return words("state.no_data")
    last = weeks.row(-1, named=True)
    if not last["due"]:
        return words("overview.curve_title_unknown", place=place, records=words.integer(last["records"]))
    gap = last["records"] - last["due"]
    key = "overview.curve_title_ahead" if gap >= 0 else "overview.curve_title_behind"
    return words(key, place=place, gap=words.integer(abs(gap)))


def attention(
    found: Sequence[Behind], selection: OverviewSelection, words: Words, *, has_plan: bool
) -> list[Component]:
    """At most three districts behind their plan, each with its reasons and the way to its numbers."""
    entries = [
        html.Li(
            [
                html.P([html.Strong(item.name), " — ", _behind(item, words)]),
                html.P(" ".join(_reasons(item, words)) or words("attention.no_reason"), className="subtitle"),
                html.Div(
                    [
                        html.A(
                            words("attention.curve"),
                            href=selection.as_query(district=item.district, seen=None),
                        ),
                        html.A(
                            words("attention.ncd"),
                            href=f"/ncd?lang={words.language}&district={item.district}",
                        ),
                    ],
                    className="links",
                ),
            ]
        )
        for item in found
    ]
    if not found:
        # Without a plan nobody can be said to be behind, nor that nobody is.
        return [html.H2(words("attention.none" if has_plan else "attention.no_plan"))]
    title = html.H2(words("attention.title", count=len(found)))
    return [
        title,
        html.Ol(entries, className="attention"),
        html.P(words("attention.rule"), className="card-source"),
    ]


def _behind(item: Behind, words: Words) -> str:
    return words(
        "attention.behind", share=words.percent(item.reached, 0), missing=words.integer(item.missing)
    )


def _reasons(item: Behind, words: Words) -> list[str]:
    def number(code: str, value: float) -> str:
        return words.integer(round(value)) if code == "pace_too_slow" else words.percent(value, 0)

    return [
        words(f"attention.{code}", own=number(code, own), other=number(code, other))
        for code, own, other in item.reasons
    ]


def changes(found: Changed | None, words: Words) -> list[Component]:
    """What changed since the build before."""
    title = html.H2(words("changes.title"))
    if found is None:
        return [title, html.P(words("changes.first"))]
    lines = [
        words(
            "changes.data", old=words.date(found.old_extract_date), new=words.date(found.extract_date),
            build=found.old_build,
        ),
        words("changes.records", added=words.signed(found.records_added), total=words.integer(found.records)),
        words("changes.files", new=found.files_new, replaced=found.files_replaced, gone=found.files_gone),
        words(
            "changes.refused", count=words.integer(found.refused), before=words.integer(found.refused_old)
        ),
    ]  # fmt: skip
    if found.quarters_added:
        lines.append(words("changes.quarters", quarters=", ".join(map(words.quarter, found.quarters_added))))
    lines += [_definition(name, old, new, words) for name, old, new in found.definitions]
    if not found.definitions:
        lines.append(words("changes.no_definition"))
    return [title, html.Ul([html.Li(line) for line in lines], className="changes")]


def _definition(name: str, old: str | None, new: str | None, words: Words) -> str:
    if old and new:
        return words("changes.definition", name=name, old=old, new=new)
    return words("changes.definition_new" if new else "changes.definition_gone", name=name)


def definition(words: Words) -> Component:
    """What the numbers of this page are."""
    names = ("records", "due", "pace", "steps", "weeks", "limits")
    terms = [(words(f"overview.term_{name}"), words(f"overview.about_{name}")) for name in names]
    return page_terms(words, terms, "progress")
