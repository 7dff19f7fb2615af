"""The sheets of the explorer's cards, and the small tables of classes beside its histogram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard.components import sheets, statements
from dashboard.figures import phrases
from dashboard.selection.base import Build
from dashboard.selection.ncd import NcdSelection, Scheme, Subject
from dashboard.sheet import Column, Kind, Sheet
from dashboard.words import Words

Parts = Sequence[tuple[str, pl.DataFrame]]
Classes = Sequence[tuple[Scheme, pl.DataFrame]]
ClassRows = list[tuple[str, float | None, phrases.Row]]


@dataclass(frozen=True)
class About:
    """What every sheet of the page is about."""

    selection: NcdSelection
    subject: Subject
    build: Build
    place: str
    filters: tuple[tuple[str, str], ...]
    sources: Mapping[str, Sequence[str]]
    words: Words


def places(frame: pl.DataFrame, city: phrases.Row, about: About) -> Sheet:
    """Districts, or units, in the order of their codes, the city first."""
    words, code = about.words, frame.columns[0]
    rows = [
        sheets.estimate_row(city, words, place=words("place.city"), **{code: "79"}, _kind="table-city"),
        *(
            sheets.estimate_row(
                row, words, place=row["name"], **{code: row[code]},
                _kind="table-selected" if row["district"] == about.selection.district else "",
            )
            for row in frame.sort(code).to_dicts()
        ),
    ]  # fmt: skip
    columns = [sheets.text_column("place", words("table.district")), sheets.code_column(code)]
    return _sheet("map", words("map.title"), [*columns, *_estimates(about)], rows, about)


def curve(parts: Parts, about: About) -> Sheet:
    """Age and sex, of the city and of the chosen district."""
    words = about.words
    rows = [
        sheets.estimate_row(
            row, words, place=name, sex=words(f"sex.{row['sex']}"), age_band=words.ages(row["age_band"])
        )
        for name, frame in parts
        for row in frame.to_dicts()
    ]
    columns = [
        sheets.text_column("age_band", words("table.age_band")),
        sheets.text_column("sex", words("control.sex")),
        sheets.text_column("place", words("table.district")),
    ]
    return _sheet(
        "curve", words("ages_curve.title", place=parts[-1][0]), [*columns, *_estimates(about)], rows, about
    )


def trend(parts: Parts, about: About) -> Sheet:
    """Quarters, of the city and of the chosen district."""
    words = about.words
    rows = [
        sheets.estimate_row(
            row, words, place=name, period=words.quarter(row["quarter"]), quarter=row["quarter"]
        )
        for name, frame in parts
        for row in frame.to_dicts()
    ]
    columns = [
        sheets.text_column("period", words("control.period")),
        sheets.code_column("quarter"),
        sheets.text_column("place", words("table.district")),
    ]
    title = statements.trend_title(parts[-1][1], words)
    return _sheet("trend", title, [*columns, *_estimates(about)], rows, about)


def convergence(series: Parts, truth: pl.DataFrame, about: About) -> Sheet:
    """Every estimate of every quarter, and the truth where it is known."""
    words = about.words
    rows: list[Mapping[str, Any]] = [
        sheets.estimate_row(
            row, words, estimate=words(f"estimator.{name}"), period=words.quarter(row["quarter"]),
            quarter=row["quarter"],
        )
        for name, frame in series
        for row in frame.to_dicts()
    ]  # fmt: skip
    blank = dict.fromkeys(("lower", "upper", "numerator", "denominator"))
    rows += [
        {**blank, "estimate": words("convergence.truth"), "period": words.quarter(row["quarter"]),
         "quarter": row["quarter"], "value": row["value"], "state": "shown", "note": ""}
        for row in truth.to_dicts()
    ]  # fmt: skip
    columns = [
        sheets.text_column("estimate", words("control.estimator")),
        sheets.text_column("period", words("control.period")),
        sheets.code_column("quarter"),
    ]
    title = statements.convergence_title(series, truth, about.selection.period, words)
    subtitle = words("convergence.subtitle", place=about.place)
    return _sheet("convergence", title, [*columns, *_estimates(about)], rows, about, subtitle=subtitle)


def survey(frame: pl.DataFrame, about: About) -> Sheet:
    """Published results and estimates side by side, with the difference and what it shows."""
    words = about.words
    rows = [
        {
            **row,
            "sex": words(f"sex.{row['sex']}"),
            "age_band": words.ages(row["age_band"]),
            "note": words(f"survey.{row['verdict'] or 'not_compared'}"),
        }
        for row in frame.to_dicts()
    ]
    shares = ("survey", "survey_lower", "survey_upper", "value", "lower", "upper", "difference", "difference_lower",
              "difference_upper")  # fmt: skip
    columns = [
        sheets.text_column("sex", words("control.sex")),
        sheets.text_column("age_band", words("table.age_band")),
        sheets.text_column("note", words("survey.verdict")),
        *(Column(name=name, label=words(f"survey.column_{name}"), kind=Kind.SHARE) for name in shares),
        # Of one survey the subtitle says which it is.
        Column(
            name="study", label=words("survey.of"), kind=Kind.TEXT, is_code=frame["study"].n_unique() <= 1
        ),
        *(
            sheets.code_column(name)
            for name in ("definition", "source", "fieldwork", "quarter", "state", "reason")
        ),
    ]
    subtitle = statements.survey_subtitle(frame, words)
    return _sheet("survey", statements.survey_title(frame, words), columns, rows, about, subtitle=subtitle)


def distribution(frame: pl.DataFrame, classes: Classes, about: About) -> Sheet:
    """The classes of each scheme, then the bins of the histogram; a bin of few people is pooled with its neighbour."""
    words, quantity = about.words, about.selection.quantity
    rows = [
        sheets.estimate_row(
            row, words, part=words(f"scheme.{quantity}_{scheme.scheme}"), class_name=name,
            bin_from=start, bin_to=row["bin_to"],
        )
        for scheme, found in classes
        for name, start, row in _class_rows(scheme, found)
    ]  # fmt: skip
    rows += [
        sheets.estimate_row(
            row, words, part=words("distribution.bins"), class_name="", bin_from=row["bin_from"], bin_to=row["bin_to"]
        )
        for row in frame.to_dicts()
    ]  # fmt: skip
    columns = [
        sheets.text_column("part", words("table.part")),
        sheets.text_column("class_name", words("table.class_name")),
        Column(
            name="bin_from", label=words("table.bin_from", unit=words(f"unit.{quantity}")), kind=Kind.NUMBER
        ),
        Column(name="bin_to", label=words("table.bin_to"), kind=Kind.NUMBER),
        *sheets.estimate_columns(
            words,
            numerator=words("table.in_bin"),
            denominator=words("table.measured"),
            value=words("table.value"),
        ),
    ]
    title = statements.distribution_title(frame, quantity, words)
    return _sheet("distribution", title, columns, rows, about, subtitle=distribution_subtitle(about))


def matrix(cells: Sequence[Mapping[str, Any]], about: About) -> Sheet:
    """One row per indicator and place, with its place against the city in words."""
    words, code = about.words, about.selection.mapped
    rows = [
        sheets.estimate_row(
            cell["row"], words, indicator=cell["name"], place=cell["place"], **{code: cell["code"]},
            position=words(f"position.{cell['position']}"),
        )
        for cell in cells
    ]  # fmt: skip
    columns = [
        sheets.text_column("indicator", words("table.indicator")),
        sheets.text_column("place", words("table.district")),
        sheets.code_column(code),
        sheets.text_column("position", words("table.position")),
        *_estimates(about),
    ]
    title = statements.matrix_title(cells, words)
    return _sheet(
        "matrix", title, columns, rows, about, subtitle=statements.matrix_subtitle(about.selection, words)
    )


def class_tables(classes: Classes, words: Words) -> list[Component]:
    """One table a scheme: the share of people in each class, rounded so that every table adds to a hundred.

    The finest scheme is rounded and the others are its sums, so that one class has one share in both tables.
    """
    found = [(scheme, _class_rows(scheme, frame)) for scheme, frame in classes]
    fine = _rounded(max((rows for _, rows in found), key=len, default=[]))
    return [_class_table(scheme, rows, fine, words) for scheme, rows in found]


def _rounded(rows: ClassRows) -> dict[float, float]:
    """Share by the start of its class; empty where one is hidden, as the others cannot make a whole then."""
    if not all(phrases.is_shown(row) for *_, row in rows):
        return {}
    shares = statements.shares_of_whole([row["value"] for *_, row in rows])
    return {start or 0.0: share for (_, start, _), share in zip(rows, shares, strict=True)}


def _class_table(scheme: Scheme, rows: ClassRows, fine: Mapping[float, float], words: Words) -> Component:
    body = []
    for name, start, row in rows:
        end = row["bin_to"]
        parts = [share for at, share in fine.items() if at >= (start or 0.0) and (end is None or at < end)]
        value = words.percent(sum(parts)) if parts and phrases.is_shown(row) else phrases.value(row, words)
        names_itself = any(letter.isdigit() for letter in name)
        label: list[str | Component] = [name]
        if not names_itself:
            label.append(html.Span(f" {_edge(start, end, words)}"))
        cells = [html.Td(value), html.Td(phrases.interval(row, words))]
        body.append(html.Tr([html.Th(label, scope="row"), *cells]))
    heads = (
        words(f"scheme.{scheme.quantity}_{scheme.scheme}"),
        words("table.value"),
        words("table.interval"),
    )
    head = html.Tr([html.Th(text, scope="col") for text in heads])
    return html.Table([html.Thead(head), html.Tbody(body)], className="figures figures-small")


def _edge(start: float | None, end: float | None, words: Words) -> str:
    """``dưới 18,5``, ``18,5 – dưới 23``, ``từ 30``."""
    if start is None:
        return words("distribution.below", value=words.plain(end or 0))
    if end is None:
        return words("distribution.from", value=words.plain(start))
    return words("distribution.between", low=words.plain(start), high=words.plain(end))


def _class_rows(scheme: Scheme, frame: pl.DataFrame) -> ClassRows:
    """Name, start and row of each class, lowest first."""
    rows = {row["bin_from"]: row for row in frame.to_dicts()}
    return [
        (name, start, rows[start or 0.0])
        for name, start in zip(scheme.names, scheme.starts, strict=True)
        if (start or 0.0) in rows
    ]


def distribution_subtitle(about: About) -> str:
    """Denominator, unit, ages and sex of the histogram, which is always crude."""
    words, selection = about.words, about.selection
    return words(
        "distribution.subtitle",
        place=about.place,
        who=words(f"who.{selection.sex}"),
        ages=statements.ages(selection, words),
        unit=words(f"unit.{selection.quantity}"),
    )


def _estimates(about: About) -> tuple[Column, ...]:
    words = about.words
    whom = {"record_holders": "holders", "insured": "insured"}.get(about.subject.denominator, "denominator")
    return sheets.estimate_columns(
        words,
        numerator=words("table.numerator"),
        denominator=words(f"table.{whom}"),
        value=words("table.value"),
    )


def _sheet(
    name: str,
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    about: About,
    *,
    subtitle: str = "",
) -> Sheet:
    words, subject = about.words, about.subject
    return sheets.sheet(
        name,
        title,
        subtitle or f"{subject.condition} – {subject.definition}",
        columns,
        rows,
        filters=about.filters,
        build=about.build,
        words=words,
        caution=" ".join(statements.cautions(subject, about.selection, words)),
        more_source=about.sources[name],
    )
