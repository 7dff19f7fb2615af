"""The quality page in words and tables: what arrived, what was refused, what the checks found, who is counted twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard.components import cards
from dashboard.components.definition import page_terms
from dashboard.figures import phrases
from dashboard.figures.digits import EXPECTED
from dashboard.selection.quality import Register
from dashboard.words import Words

Row = Mapping[str, Any]
Lines = Sequence[tuple[str, str, Mapping[str, Row]]]
CITY = "city"
_BLANK = "–"
#: Below, a share has three decimals.
_SMALL = 0.001
#: Rules with words of their own; of another one its code is shown.
RULES = (
    *("missing", "type", "year", "allowed", "pattern", "at_least", "at_most"),
    *("conflict", "malformed", "forgotten"),
)
#: Reasons of refused rows on the screen; the files hold all.
REASONS_SHOWN = 12


def headline(arrivals: pl.DataFrame, checks: pl.DataFrame, words: Words) -> str:
    """Files and rows read, the share refused, how many checks found something new."""
    new = 0 if checks.is_empty() else checks.filter(pl.col("new") > 0).height
    found = {0: "quiet", 1: "one"}.get(new, "new")
    return words(
        f"quality.headline_{'unchecked' if checks.is_empty() else found}",
        files=words.integer(_sum(arrivals, "files")),
        rows=words.integer(_sum(arrivals, "received")),
        refused=_refused(_sum(arrivals, "refused"), _sum(arrivals, "received"), words),
        new=new,
    )


def _refused(refused: int, received: int, words: Words) -> str:
    """``0,4 % bị từ chối``, or that none was: a share that rounds to nought is not none."""
    if not refused:
        return words("quality.refused_none")
    return words("quality.refused_some", share=share(refused / received, words))


def share(value: float, words: Words) -> str:
    """A share with more decimals where it is small."""
    return words.percent(value, 1 if value >= _SMALL or not value else 3)


def lead(checks: pl.DataFrame, words: Words) -> str:
    """The check in use whose people move a number most, and how many checks found anything."""
    if checks.is_empty():
        return words("quality.unchecked")
    told = words("quality.lead", found=checks.filter(pl.col("findings") > 0).height, all=checks.height)
    used = checks.filter(pl.col("treatment") == "used", pl.col("effect_points").fill_null(0) != 0)
    if used.is_empty():
        return " ".join((told, words("quality.lead_unmoved")))
    row = max(used.to_dicts(), key=lambda item: abs(item["effect_points"]))
    return " ".join(
        (told, words("quality.lead_moved", name=row["name"], effect=effect(row, words), moved=row["moved"]))
    )


def arrivals(rows: pl.DataFrame, words: Words) -> Component:
    """One row a table and folder; the folder is named where there are several."""
    names = ("table", "rows", "refused", "duplicate", "newest")
    has_folders = rows.height > 0 and rows["folder"].n_unique() > 1
    body = [_arrived(row, words, row["folder"] if has_folders else "") for row in rows.to_dicts()]
    return _table("arrivals", [words(f"quality.col_{name}") for name in names], body, words)


def _arrived(row: Row, words: Words, folder: str) -> Component:
    files = words("quality.files", files=words.integer(row["files"])) if row["files"] > 1 else ""
    refused = share(row["refused_share"], words) if row["refused"] else _BLANK
    return html.Tr(
        [
            _first(words(f"quality.table_{row['table_name']}"), folder),
            _two(words.integer(row["received"]), files),
            _two(refused, words.integer(row["refused"]) if row["refused"] else ""),
            html.Td(words.integer(row["duplicate"]) if row["duplicate"] else _BLANK),
            _two(*newest(row, words)),
        ]
    )


def newest(row: Row, words: Words) -> tuple[str, str]:
    """The newest date of a table, and how far it lies behind the data, in words."""
    if row["newest_date"] is None:
        return _BLANK, ""
    if row["is_dated_ahead"]:
        return words.date(row["newest_date"]), words("quality.dated_ahead")
    days = row["days_behind"]
    return words.date(row["newest_date"]), words("quality.behind", days=words.integer(days)) if days else ""


def refusals(rows: pl.DataFrame, words: Words) -> Component:
    """The most frequent reasons; a sentence where no row was refused."""
    if rows.is_empty():
        return html.P(words("quality.none_refused" if rows.columns else "quality.unchecked"))
    body = [
        html.Tr(
            [
                _first(rule(row["rule"], words), _where(row, words)),
                _two(words.integer(row["rows"]), share(row["share"], words)),
            ]
        )
        for row in rows.head(REASONS_SHOWN).to_dicts()
    ]
    return _table("refusals", [words("quality.col_reason"), words("quality.col_rows")], body, words)


def _where(row: Row, words: Words) -> str:
    """Table and column of a reason."""
    table = words(f"quality.table_{row['table_name']}")
    return " · ".join(part for part in (table, row["column_name"]) if part)


def rule(code: str, words: Words) -> str:
    """A rule of the intake in words."""
    return words(f"quality.rule_{code}") if code in RULES else words("quality.rule_other", code=code)


def checks(rows: pl.DataFrame, words: Words) -> list[Component]:
    """Checks that found something, a row each; the others in one line."""
    if rows.is_empty():
        return [html.P(words("quality.unchecked"))]
    found = rows.filter(pl.col("findings") + pl.col("resolved") > 0).to_dicts()
    quiet = rows.filter(pl.col("findings") + pl.col("resolved") == 0)["name"].to_list()
    names = ("check", "findings", "effect", "new", "existing", "resolved")
    body = [_checked(row, words) for row in found]
    table = _table("checks", [words(f"quality.col_{name}") for name in names], body, words)
    told = words("quality.quiet_checks", count=len(quiet), names="; ".join(quiet))
    return [
        *([table] if found else []),
        *([html.P(told, className="subtitle quality-quiet")] if quiet else []),
    ]


def _checked(row: Row, words: Words) -> Component:
    quiet = f"{words('quality.treatment_' + row['treatment'])}. {row['todo']}"
    counts = [html.Td(words.integer(row[name])) for name in ("new", "existing", "resolved")]
    people = words("quality.people", people=words.integer(row["people"]))
    return html.Tr(
        [
            _first(row["name"], quiet),
            _two(words.integer(row["findings"]), people),
            _two(effect(row, words), beside(row, words)),
            *counts,
        ]
    )


def beside(row: Row, words: Words) -> str:
    """What an effect is of, or why there is none; and how it is worked out where that is not judging again."""
    found = row["findings"] and row["basis"] != "rows"
    how = words(f"quality.basis_{row['basis']}") if found else ""
    return "; ".join(part for part in (row["moved"] or why_hidden(row, words), how) if part)


def effect(row: Row, words: Words) -> str:
    """``+0,8 điểm``; under its rounding; hidden; none where no number uses it; a dash where nothing was found."""
    if not row["findings"]:
        return _BLANK
    if not phrases.is_shown(row):
        return words("quality.effect_hidden")
    if row["basis"] == "unread":
        return words("quality.effect_unread")
    points, step = row["effect_points"], row["rounded_to"]
    digits = next(number for number in (0, 1, 2) if step >= 10.0**-number - 1e-9)
    if points == 0:
        return words("quality.effect_small", step=words.decimal(step, digits))
    sign = "+" if points > 0 else "\u2212"
    return words("quality.effect_points", points=sign + words.decimal(abs(points), digits))


def why_hidden(row: Row, words: Words) -> str:
    """Why there is no effect; empty where there is one."""
    if phrases.is_shown(row) or not row["findings"]:
        return ""
    return words(f"quality.hidden_{row['reason']}")


def coverage(rows: pl.DataFrame, register: Register, words: Words) -> list[Component]:
    """Places where register, record holders and official count do not go together, with what the data say of it."""
    if rows.filter(pl.col("official").is_not_null()).is_empty():
        return [html.P(words("quality.no_official"))]
    flagged = rows.filter(pl.col("findings") != "").to_dicts()
    if not flagged:
        return [html.P(words("quality.coverage_fits"))]
    peopled = [row for row in flagged if row["registered"]]
    empty = "; ".join(row["name"] for row in flagged if not row["registered"])
    lines = [_parted(row, register, words) for row in peopled]
    lines += [html.Li(html.P(words("quality.empty", names=empty)))] if empty else []
    return [html.Ul(lines, className="parted")]


def _parted(row: Row, register: Register, words: Words) -> Component:
    """One place: its three counts, and what the data say."""
    counts = words(
        "quality.counts",
        official=words.integer(row["official"]),
        registered=words.integer(row["registered"]),
        ratio=_rounded(row["register_ratio"], words),
        holders=words.integer(row["holders"]),
        coverage=_rounded(row["coverage"], words),
    )
    return html.Li([html.Strong(row["name"]), html.P(counts), html.P(causes(row, register, words))])


def _rounded(value: float, words: Words) -> str:
    return words.percent(value, 0 if value >= EXPECTED else 1)


def causes(row: Row, register: Register, words: Words) -> str:
    """What the data say of a place, a sentence each."""
    ratio = row["register_ratio"] or 0
    values = {
        "gap": words.percent(abs(ratio - 1), 0),
        "extra": words.integer(max(row["holders"] - row["registered"], 0)),
        "senders": words.percent(register.other_senders),
        "placeless": words.percent(register.no_district),
        "year": register.official_year,
        "quarter": words.quarter(register.quarter),
    }
    return " ".join(words(f"quality.cause_{name}", **values) for name in row["causes"].split(", ") if name)


def arrivals_title(rows: pl.DataFrame, words: Words) -> str:
    """Tables, files, rows."""
    return words(
        "quality.arrivals_title",
        tables=rows["table_name"].n_unique() if rows.height else 0,
        rows=words.integer(_sum(rows, "received")),
    )


def refusals_title(rows: pl.DataFrame, words: Words) -> str:
    """How many were refused, and mainly why."""
    if rows.is_empty():
        return words("quality.refusals_none")
    top = rows.row(0, named=True)
    return words(
        "quality.refusals_title",
        rows=words.integer(_sum(rows, "rows")),
        rule=rule(top["rule"], words).lower(),
        column=top["column_name"] or _BLANK,
    )


def checks_title(rows: pl.DataFrame, words: Words) -> str:
    """How many found something new, and how many lost something."""
    if rows.is_empty():
        return words("quality.checks_none")
    new, resolved = (rows.filter(pl.col(name) > 0).height for name in ("new", "resolved"))
    key = "quality.checks_title" if resolved else "quality.checks_title_new"
    return words(key, new=new, resolved=resolved, all=rows.height)


def digits_title(rows: pl.DataFrame, words: Words) -> str:
    """In how many districts nought is surely preferred."""
    if rows.is_empty():
        return words("quality.digits_none")
    places = rows.filter(
        pl.col("district") != CITY, pl.col("state") == "shown", pl.col("quantity") == "systolic"
    )
    if places.is_empty():
        return _digits_of_city(rows, words)
    top = max(places.to_dicts(), key=lambda row: float(row["value"]))
    return words(
        "quality.digits_title",
        count=places.filter(pl.col("lower") > EXPECTED).height,
        all=places.height,
        name=top["short"],
        share=words.percent(top["value"], 0),
    )


def _digits_of_city(rows: pl.DataFrame, words: Words) -> str:
    """Where no district of a facility is known."""
    city = [row for row in pressure(rows, "systolic").to_dicts() if row["district"] == CITY]
    if not city or not phrases.is_shown(city[0]):
        return words("quality.digits_none")
    return words("quality.digits_city", share=words.percent(city[0]["value"], 0))


def pressure(rows: pl.DataFrame, quantity: str) -> pl.DataFrame:
    """The rows of one pressure."""
    return rows.filter(pl.col("quantity") == quantity) if rows.height else rows


def order_of(rows: pl.DataFrame) -> list[str]:
    """Short names: the city, then the districts from the highest systolic share down, those without one last."""
    systolic = pressure(rows, "systolic").to_dicts()
    ranked = sorted(
        systolic, key=lambda row: (row["district"] != CITY, -(row["value"] or -1), row["district"])
    )
    return [row["short"] for row in ranked]


def top_of(rows: pl.DataFrame) -> float:
    """The highest limit of both pressures."""
    return max((row["upper"] for row in rows.to_dicts() if phrases.is_shown(row)), default=EXPECTED)


def completeness_title(lines: Lines, words: Words) -> str:
    """The section most often missing in the city."""
    whole = next((sections for code, _, sections in lines if code == CITY), {})
    shown = {name: row["value"] for name, row in whole.items() if phrases.is_shown(row)}
    if not shown:
        return words("quality.completeness_none")
    least = min(shown, key=lambda name: float(shown[name]))
    return words(
        "quality.completeness_title", section=words(f"step.{least}"), share=words.percent(shown[least], 0)
    )


def coverage_title(rows: pl.DataFrame, words: Words) -> str:
    """Districts over 100 %, and districts whose register is off."""
    places = rows.filter(pl.col("district") != CITY) if rows.height else rows
    if places.is_empty() or places["official"].null_count() == places.height:
        return words("quality.coverage_none")
    over, off = (
        places.filter(pl.col("findings").str.contains(name)).height for name in ("over_100", "differs")
    )
    key = {(False, False): "good", (True, False): "over", (False, True): "off", (True, True): "title"}
    return words(f"quality.coverage_{key[bool(over), bool(off)]}", over=over, off=off)


def definition(words: Words) -> Component:
    """What the numbers of this page are."""
    names = ("refused", "new", "effect", "linkage", "numbers", "digits", "sections", "coverage")
    terms = [(words(f"quality.term_{name}"), words(f"quality.about_{name}")) for name in names]
    return page_terms(words, terms, "coverage")


def _sum(rows: pl.DataFrame, name: str) -> int:
    return int(rows[name].sum()) if name in rows.columns else 0


def _first(text: str, quiet: str) -> Component:
    parts = [html.Strong(text), *([html.Span(quiet, className="subtitle")] if quiet else [])]
    return html.Th(parts, scope="row")


def _two(text: str, quiet: str) -> Component:
    return html.Td([text, *([html.Span(quiet, className="subtitle")] if quiet else [])])


def _table(name: str, heads: Sequence[str], body: Sequence[Component], words: Words) -> Component:
    row = html.Tr([html.Th(head, scope="col") for head in heads])
    table = html.Table([html.Thead(row), html.Tbody(list(body))], className="figures quality-table")
    label = words(f"quality.{name}_scroll")
    return cards.table_frame(table, label)
