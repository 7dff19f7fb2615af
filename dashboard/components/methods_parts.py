"""The methods page in components: measures, tables and files in folds, definitions as links that open them on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.components import cards
from dashboard.components.plain import Plain
from dashboard.selection.methods import Definition, File, Measure, Methods, MethodsSelection, Received, Table
from dashboard.selection.ncd import ESTIMATORS
from dashboard.words import Words

#: Roles of a variant in the order they are told.
ROLES = (
    "assessed", "case", "indeterminate", "known", "treated", "control_tested", "controlled", "excluded",
)  # fmt: skip
#: Tables whose rows leave the warehouse as counts.
COUNTS = "mart_"


def page(found: Methods, selection: MethodsSelection, words: Words) -> Component:
    """The thing asked about first, then everything, in the order data take."""
    asked = selection.about
    return Plain(
        *_asked(found, asked, words),
        _section(words, "estimators", [_estimator(name, words) for name in ESTIMATORS]),
        _section(words, "definitions", [_listed(item, selection, words) for item in found.definitions]),
        _section(words, "measures", [_measure(item, words) for item in found.measures]),
        _section(words, "received", [_received(item, words) for item in found.received]),
        _section(words, "tables", [_table(item, words) for item in found.tables]),
        _section(words, "files", [_files(found.files, found.population, words)]),
    )


def _listed(item: Definition, selection: MethodsSelection, words: Words) -> Component:
    """A definition by name; following it opens the page with that definition on top."""
    href = f"/methods?lang={words.language}&build={selection.build}&about={item.key}"
    told = [html.Strong(f"{item.condition} – {item.name}"), html.Span(item.key, className="subtitle")]
    return html.A(told, href=href, className="fold fold-link")


def _section(words: Words, name: str, folds: Sequence[Component]) -> Component:
    heading = cards.heading(words(f"methods.{name}"), words(f"methods.{name}_text"))
    return cards.card([heading, *folds], name="methods-card")


def _asked(found: Methods, asked: str | None, words: Words) -> list[Component]:
    """What the reader came from, open, with the tables its numbers were counted in."""
    folds = [_definition(item, words, is_open=True) for item in found.definitions if item.key == asked]
    folds += [_measure(item, words, is_open=True) for item in found.measures if item.key == asked]
    if not folds:
        return []
    tables = {item.name: item for item in found.tables}
    first = ("mart_case", "mart_frame") if "/" in (asked or "") else ("mart_record", "mart_target")
    sql = [_table(tables[name], words) for name in first if name in tables]
    title = html.H2(words("methods.asked"))
    return [cards.card([title, *folds, *sql], name="methods-card methods-asked")]


def _fold(title: str, quiet: str, body: Sequence[Component], *, is_open: bool = False) -> Component:
    summary = html.Summary([html.Strong(title), html.Span(quiet, className="subtitle")])
    return html.Details([summary, *body], open=is_open, className="fold")


def _terms(pairs: Sequence[tuple[str, str | Component]]) -> Component:
    told = [part for name, value in pairs if value for part in (html.Dt(name), html.Dd(value))]
    return html.Dl(told, className="terms")


def _estimator(name: str, words: Words) -> Component:
    told = [
        (words("methods.what"), words(f"methods.{name}_what")),
        (words("methods.limits"), words(f"methods.{name}_limits")),
        (words("methods.source"), words(f"methods.{name}_source")),
    ]
    return _fold(words(f"estimator.{name}"), words(f"methods.{name}_short"), [_terms(told)])


def _definition(item: Definition, words: Words, *, is_open: bool = False) -> Component:
    corrected = words("methods.corrected_yes" if item.is_corrected else "methods.corrected_no")
    told: list[tuple[str, str | Component]] = [
        (words("definition.name"), item.description),
        (words("definition.denominator"), words(f"denominator.{item.denominator}")),
        (words("methods.ages"), _ages(item, words)),
        (words("methods.estimand"), words(f"methods.estimand_{item.estimand}")),
        (words("methods.corrected"), corrected),
        *(
            (words(f"methods.role_{role}"), _terms_of(item, role, words))
            for role in ROLES
            if item.variant.get(role)
        ),
        (words("methods.clauses"), _clauses(item, words)),
        (words("methods.source"), item.source),
        (words("definition.version"), f"{item.version} ({item.reviewed})"),
    ]
    return _fold(f"{item.condition} – {item.name}", item.key, [_terms(told)], is_open=is_open)


def _ages(item: Definition, words: Words) -> str:
    last = item.document.get("age_to")
    if last is None:
        return words("ncd.ages", age=item.age_from)
    return words("methods.age_span", first=item.age_from, last=last)


def _terms_of(item: Definition, role: str, words: Words) -> str:
    """``a and not b; or c``: a variant's terms as written."""

    def literal(name: str) -> str:
        return words("methods.not", name=name[1:]) if name.startswith("!") else name

    terms = [words("methods.and").join(literal(name) for name in term) for term in item.variant[role]]
    return words("methods.or").join(terms)


def _clauses(item: Definition, words: Words) -> Component:
    used = dict.fromkeys(
        name.lstrip("!") for role in ROLES for term in item.variant.get(role, ()) for name in term
    )
    rows = []
    for name in used:
        clause = item.document["clauses"].get(name)
        if clause is None:
            continue
        events = item.document["event_sets"].get(clause["event_set"], {})
        rows.append(
            html.Tr(
                [
                    html.Th(html.Code(name), scope="row"),
                    html.Td(_clause(clause, words)),
                    html.Td(_events(events, words)),
                ]
            )
        )
    heads = [html.Th(words(f"methods.head_{name}"), scope="col") for name in ("clause", "holds", "events")]
    return html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="figures figures-small")


def _clause(clause: Mapping[str, Any], words: Words) -> str:
    """When a clause holds, from its own fields."""
    parts = []
    if clause.get("latest_of"):
        days = clause.get("at_least_days", 1)
        parts.append(words("methods.latest" if days == 1 else "methods.latest_two", of=clause["latest_of"]))
    elif clause.get("first"):
        parts.append(words("methods.first"))
    else:
        parts.append(words("methods.days", days=clause.get("at_least_days", 1)))
    if clause.get("apart_at_least"):
        parts.append(
            words("methods.apart", low=clause["apart_at_least"], high=clause.get("apart_at_most") or "∞")
        )
    look = clause.get("lookback_days")
    if look is None:
        parts.append(words("methods.ever"))
    else:
        parts.append(words("methods.lookback", days=look) if look else words("methods.that_day"))
    return ", ".join(parts)


def _events(events: Mapping[str, Any], words: Words) -> str:
    """What counts as an event: codes of a value set, or a quantity beside its thresholds."""
    parts = [words("methods.from_table", table=events.get("source", ""))]
    if events.get("value_set"):
        parts.append(words("methods.value_set", name=events["value_set"]))
    if events.get("origin"):
        parts.append(words("methods.origin", name=events["origin"]))
    kind = "any_of" if "any_of" in events else "all_of"
    limits = [limit for row in events.get(kind, ()) if (limit := _limit(row, words))]
    joint = words("methods.or") if kind == "any_of" else words("methods.and")
    return "; ".join([*parts, *([joint.join(limits)] if limits else [])])


def _limit(row: Mapping[str, Any], words: Words) -> str:
    name = f"{row['quantity']}"
    if "at_least" in row:
        name += f" ≥ {words.plain(row['at_least'])}"
    if "below" in row:
        name += f" < {words.plain(row['below'])}"
    return f"{name} {row.get('unit', '')}".strip()


def _measure(item: Measure, words: Words, *, is_open: bool = False) -> Component:
    told = [
        (words("definition.numerator"), item.numerator),
        (words("definition.denominator"), item.denominator),
        (words("methods.limits"), item.caveats),
        (words("methods.source"), item.source),
        (words("definition.version"), f"{item.version} ({item.reviewed})"),
    ]
    return _fold(item.name, item.key, [_terms(told)], is_open=is_open)


def _received(item: Received, words: Words) -> Component:
    rows = [
        html.Tr([html.Th(html.Code(name), scope="row"), html.Td(kind), html.Td(meaning)])
        for name, kind, meaning in item.columns
    ]
    heads = [html.Th(words(f"methods.head_{name}"), scope="col") for name in ("column", "type", "meaning")]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="figures figures-small")
    return _fold(
        item.title, item.name, [_terms([(words("methods.source"), item.source)]), _scroll(table, item.name)]
    )


def _table(item: Table, words: Words) -> Component:
    kind = "methods.counts" if item.name.startswith(COUNTS) else "methods.people"
    told = [
        (words("methods.rows"), words.integer(item.rows)),
        (words("methods.inputs"), ", ".join(item.inputs)),
    ]
    code = _scroll(html.Pre(html.Code(item.sql)), item.name)
    return _fold(item.name, words(kind), [_terms(told), code])


def _files(files: Sequence[File], population: str, words: Words) -> Component:
    heads = [
        html.Th(words(f"methods.head_{name}"), scope="col") for name in ("file", "rows", "refused", "hash")
    ]
    rows = [
        html.Tr(
            [
                html.Th(item.name, scope="row"),
                html.Td(words.integer(item.accepted)),
                html.Td(words.integer(item.quarantined)),
                html.Td(html.Code(item.sha256[:16])),
            ]
        )
        for item in files
    ]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="figures figures-small")
    told = [(words("methods.population"), population)]
    return html.Div([_terms(told), _scroll(table, words("methods.files"))])


def _scroll(content: Component, label: str) -> Component:
    return cards.scroller(content, label, name="table-frame", role="region")
