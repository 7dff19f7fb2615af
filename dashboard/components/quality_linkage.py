"""Linkage on the quality page: one person under several references, how wrong that may be, and faulty numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard.components import cards
from dashboard.figures import phrases
from dashboard.words import Words

Row = Mapping[str, Any]
#: What a linkage was about: references, people, people held twice, numbers lent. None where persons are not linked.
Run = Mapping[str, int] | None
WAYS = ("less", "more")
_COLUMNS = ("refs", "linked_share", "by_number_share", "expected_wrong", "expected_missed")
#: Groups of the tables on the two sides, and what is told of them: of conditions shares only.
SIDES = (
    (
        (("all", "source", "sex", "age"), _COLUMNS),
        (("condition",), ("linked_share", "wrong_share", "missed_share")),
    ),
    ((("district",), _COLUMNS),),
)
_BLANK = "–"
#: Fewer expected references are told as such, not as nought; so are shares under the other.
_LEAST, _LEAST_SHARE = 0.1, 0.00001
#: A share is told with more decimals below; a sender whose share is so many times that of all is named.
_SMALL, _OUTSTANDING = 0.001, 1.5


def linkage_title(rows: pl.DataFrame, run: Run, words: Words) -> str:
    """The share of other senders' references that are somebody of the register."""
    if why := _why_none(rows, run):
        return words(f"quality.linkage_{why}")
    others = _whole(rows, "others")
    if others is None:
        return words("quality.linkage_title_alone", twice=words.integer(_people_twice(run)))
    return words("quality.linkage_title", share=words.percent(others["linked_share"]))


def _why_none(rows: pl.DataFrame, run: Run) -> str:
    """Why there is nothing to tell of links; empty where there is something."""
    if not rows.columns:
        return "older"
    if run is None:
        return "off"
    return "no_register" if _whole(rows, "register") is None else ""


def _whole(rows: pl.DataFrame, senders: str) -> Row | None:
    found = rows.filter(pl.col("dimension") == "all", pl.col("senders") == senders).to_dicts()
    return found[0] if found else None


def linkage(rows: pl.DataFrame, run: Run, words: Words) -> list[Component]:
    """Sentences first: what was linked, what may be wrong, which way that moves prevalence; then the groups."""
    if why := _why_none(rows, run):
        return [html.P(words(f"quality.linkage_{why}_text"))]
    sentences = [_found(rows, words), _twice(run, words), _expected(rows, words)]
    told, caveat = (
        html.P(" ".join(sentences)),
        html.P(words("quality.linkage_caveat"), className="subtitle quality-quiet"),
    )
    if _whole(rows, "others") is None:
        return [told, caveat]
    sides = [
        html.Div(
            [_groups(rows, names, columns, words) for names, columns in side], className="quality-column"
        )
        for side in SIDES
    ]
    return [
        told,
        *(html.P(line, className="quality-quiet") for line in ways(rows, words)),
        caveat,
        html.Div(sides, className="row row-two quality-row quality-quiet"),
        html.P(words("quality.linkage_note"), className="subtitle quality-quiet"),
    ]


def _found(rows: pl.DataFrame, words: Words) -> str:
    others = _whole(rows, "others")
    if others is None:
        return words("quality.linkage_alone")
    return words(
        "quality.linkage_found",
        refs=words.integer(others["refs"]),
        linked=words.integer(others["linked"]),
        exact=words.integer(others["by_number"]),
        alike=words.integer(others["linked"] - others["by_number"]),
    )


def _twice(run: Run, words: Words) -> str:
    people = _people_twice(run)
    if not people:
        return words("quality.linkage_never_twice")
    return words("quality.linkage_twice", people=words.integer(people))


def _people_twice(run: Run) -> int:
    return run["people_twice"] if run else 0


def _expected(rows: pl.DataFrame, words: Words) -> str:
    """References of everybody that are expected to be linked wrongly, or missed; what is under one is told so."""
    whole = rows.filter(pl.col("dimension") == "all")
    sums = {name: float(whole[f"expected_{name}"].sum()) for name in ("wrong", "missed")}
    told = {
        name: words.integer(round(value)) if value >= 1 or not value else words("quality.under_one")
        for name, value in sums.items()
    }
    return words("quality.linkage_expected", **told)


def ways(rows: pl.DataFrame, words: Words) -> list[str]:
    """Which groups are linked less or more often than all, and which way that moves prevalence."""
    lines = []
    for way in WAYS:
        groups = rows.filter(pl.col("differs") == way).to_dicts()
        if groups:
            names = "; ".join(
                f"{group(row, words)} ({words.percent(row['linked_share'], 0)})" for row in groups
            )
            lines.append(words(f"quality.linkage_{way}", names=names))
    return lines or [words("quality.linkage_alike")]


def group(row: Row, words: Words) -> str:
    """The name of a group of references."""
    name = row["group_name"]
    match row["dimension"]:
        case "all":
            return words(f"quality.senders_{row['senders']}")
        case _ if name is None:
            return words("quality.group_unknown")
        case "sex":
            return words(f"sex.{name}")
        case "age":
            kind = "from" if name.endswith("+") else "ages"
            return words(f"quality.group_{kind}", ages=words.ages(name.removesuffix("+")))
        case "source":
            return str(name)
        case _:
            return str(row["name"] or name)


def _groups(rows: pl.DataFrame, dimensions: Sequence[str], columns: Sequence[str], words: Words) -> Component:
    """A table of groups, a part for each kind. Registers have a row as the whole and as a source only."""
    heads = [words("quality.col_group"), *(words(f"quality.col_{name}") for name in columns)]
    body = []
    for name in dimensions:
        chosen = rows.filter(pl.col("dimension") == name)
        if name not in ("all", "source"):
            chosen = chosen.filter(pl.col("senders") == "others")
        if chosen.height:
            title = html.Tr(html.Th(words(f"quality.by_{name}"), colSpan=len(heads), scope="rowgroup"))
            body.append(html.Tbody([title, *(_line(row, columns, words) for row in chosen.to_dicts())]))
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in heads]))
    table = html.Table([head, *body], className="figures quality-groups")
    label = words("quality.linkage_scroll", groups=words(f"quality.by_{dimensions[-1]}"))
    return cards.table_frame(table, label)


def _line(row: Row, columns: Sequence[str], words: Words) -> Component:
    cells = [html.Td(_cell(row, name, words)) for name in columns]
    return html.Tr([html.Th(group(row, words), scope="row"), *cells])


def _cell(row: Row, name: str, words: Words) -> str:
    """A dash where a number is not told of this kind of group; that it is too few where it would tell of few."""
    if name == "linked_share" and not phrases.is_shown(row):
        return words("quality.too_few")
    value = by_number_share(row) if name == "by_number_share" else row[name]
    if value is None:
        return _BLANK
    if name == "refs":
        return words.integer(int(value))
    if name.endswith("_share"):
        # Of the ill rounded to steps, which are hardly ever finer than a percent.
        is_whole = row["dimension"] == "condition" and float(f"{value:.6f}") == round(value, 2)
        return words.percent(value, 0 if is_whole else 1)
    return expected(value, words)


def by_number_share(row: Row) -> float | None:
    """The share of a group's references that are linked by an exact number."""
    return None if row["by_number"] is None else row["by_number"] / row["refs"]


def expected(value: float, words: Words) -> str:
    """References expected: ``12,3``; ``< 0,1`` where fewer, but not none."""
    if 0 < value < _LEAST:
        return f"<{words.decimal(_LEAST)}"
    return words.decimal(value) if value else "0"


def numbers_title(rows: pl.DataFrame, lent: int | None, words: Words) -> str:
    """The share of numbers that cannot be used."""
    if lent is None or not rows.columns:
        return words(f"quality.numbers_{_unjudged(rows)}")
    unused, written = _unused(rows)
    if not written:
        return words("quality.numbers_title_nothing")
    if not unused:
        return words("quality.numbers_title_none", written=words.integer(written))
    return words("quality.numbers_title", unused=words.integer(unused), written=words.integer(written))


def _unjudged(rows: pl.DataFrame) -> str:
    """Why numbers were not judged: the build is older, or persons are not linked."""
    return "off" if rows.columns else "older"


def _unused(rows: pl.DataFrame) -> tuple[int, int]:
    """Numbers that link nobody for a fault, and numbers written. A number has one such fault at most."""
    written = rows.unique(["number", "source"])["written"].sum()
    return int(rows.filter(pl.col("treatment") == "unused")["found"].sum()), int(written)


def numbers(rows: pl.DataFrame, lent: int | None, words: Words) -> list[Component]:
    """Numbers that too many have; faults that were found, a row each; the others in one line."""
    if lent is None or not rows.columns:
        return [html.P(words(f"quality.linkage_{_unjudged(rows)}_text"))]
    if rows.is_empty():
        return [html.P(words("quality.numbers_nothing"))]
    found = [fault for fault in by_fault(rows) if fault["found"]]
    heads = {"fault": "", "found": "", "found_share": "", "consequence": "cell-text"}
    cells = [
        html.Th(words(f"quality.col_{name}"), scope="col", className=kind) for name, kind in heads.items()
    ]
    head = html.Thead(html.Tr(cells))
    body = html.Tbody([_fault(fault, words) for fault in found])
    table = html.Table([head, body], className="figures quality-table")
    frame = cards.table_frame(table, words("quality.numbers_scroll"))
    quiet = _quiet(rows, words)
    return [
        html.P(words("quality.lent", lent=words.integer(lent)) if lent else words("quality.lent_none")),
        *([frame] if found else []),
        *([html.P(quiet, className="subtitle quality-quiet")] if quiet else []),
    ]


def by_fault(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Kind of number and fault, of all senders; ``worst``: sender and share of the one that has it most."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows.to_dicts():
        fault = found.setdefault(
            (row["number"], row["fault"]),
            {**row, "written": 0, "found": 0, "worst": ("", -1.0)},
        )
        fault["written"] += row["written"]
        fault["found"] += row["found"]
        fault["worst"] = max(fault["worst"], (row["source"], row["share"]), key=lambda pair: float(pair[1]))
    return list(found.values())


def _fault(fault: Row, words: Words) -> Component:
    name, kind = told(fault), words(f"quality.number_{fault['number']}")
    first = html.Th([html.Strong(kind), html.Span(name, className="subtitle")], scope="row")
    whole = fault["found"] / fault["written"]
    source, worst = fault["worst"]
    most = words("quality.found_most", source=source, share=_share(worst, words))
    quiet = [html.Span(most, className="subtitle")] if worst >= _OUTSTANDING * whole else []
    share = html.Td([_share(whole, words), *quiet])
    treatment = html.Td(words(f"quality.number_{fault['treatment']}"), className="cell-text")
    return html.Tr([first, html.Td(words.integer(fault["found"])), share, treatment])


def told(fault: Row) -> str:
    """The sentence of a fault without its full stop."""
    return str(fault["name"]).removesuffix(".")


def _share(value: float, words: Words) -> str:
    if 0 < value < _LEAST_SHARE:
        return f"<{words.percent(_LEAST_SHARE, 3)}"
    return words.percent(value, 1 if value >= _SMALL or not value else 3)


def _quiet(rows: pl.DataFrame, words: Words) -> str:
    """What no number has, with the kinds of number that were looked at; empty where every fault was found."""
    kinds: dict[str, list[str]] = {}
    for fault in by_fault(rows):
        if not fault["found"]:
            kinds.setdefault(_inside(told(fault)), []).append(
                _inside(words(f"quality.number_{fault['number']}"))
            )
    if not kinds:
        return ""
    names = "; ".join(f"{name} ({', '.join(of)})" for name, of in kinds.items())
    return words("quality.numbers_quiet", names=names)


def _inside(text: str) -> str:
    """A text inside a sentence."""
    return text[:1].lower() + text[1:]
