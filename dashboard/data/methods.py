"""What the methods page tells: read from the build's own definition files and lineage, the measures, the contracts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from analytics.definitions import documents
from analytics.generation import Generation
from analytics.indicator import Text, indicators
from dashboard import catalogue
from dashboard.access import Viewer
from dashboard.data import source
from dashboard.selection.base import Build
from dashboard.selection.methods import (
    Definition,
    File,
    Measure,
    Methods,
    MethodsOpened,
    MethodsSelection,
    Received,
    Table,
    resolve,
)
from warehouse.contracts import load_contracts


def open_page(query: Mapping[str, str], viewer: Viewer, language: str) -> MethodsOpened | None:
    """The build a query names (else the current one) and the query resolved; None where nothing has been published."""
    if not source.has_build():
        return None
    generation, fallbacks = source.asked_generation(query)
    selection, more = resolve(
        query, build=generation.build_id, known=_known(generation), language=language
    )
    return MethodsOpened(
        **source.shared(query, generation, viewer, language, of_build=fallbacks, of_choices=more),
        selection=selection,
    )


def read_selection(store: Mapping[str, str], viewer: Viewer) -> MethodsSelection:
    """The selection a browser sent, checked anew."""
    generation, _ = source.asked_generation(store)
    language = source.stored_language(store)
    return resolve(store, build=generation.build_id, known=_known(generation), language=language)[0]


def build(selection: MethodsSelection) -> Build:
    """The build of a selection as a page names it."""
    return source.describe(source.generation(selection.build))


def methods(selection: MethodsSelection) -> Methods:
    """Everything the page tells of the build, in the selection's language."""
    return _methods(source.generation(selection.build), selection.language)


@lru_cache(maxsize=8)
def _methods(generation: Generation, language: str) -> Methods:
    lineage = generation.lineage
    return Methods(
        definitions=_definitions(generation, language),
        measures=_measures(language),
        received=_received(language),
        tables=tuple(
            Table(name=name, sql=item["sql"], inputs=tuple(item["inputs"]), rows=item["rows"])
            for name, item in lineage["tables"].items()
        ),
        files=tuple(
            File(
                name=item["logical_name"],
                sha256=item["sha256"],
                accepted=item["accepted"],
                quarantined=item["quarantined"],
            )
            for item in lineage["files"]
        ),
        population=str(generation.manifest["population"]["source"]),
    )


def _definitions(generation: Generation, language: str) -> tuple[Definition, ...]:
    side, files = source.side(language), documents(generation)
    return tuple(
        Definition(
            key=f"{item.condition}/{item.variant}",
            condition=item.condition_names[side],
            name=item.names[side],
            description=item.descriptions[side],
            version=item.version,
            reviewed=str(files[item.condition]["reviewed"]),
            estimand=str(files[item.condition]["variants"][item.variant]["estimand"]),
            denominator=item.denominator,
            age_from=item.age_from,
            source=item.source,
            is_corrected=item.is_corrected,
            variant=files[item.condition]["variants"][item.variant],
            document=files[item.condition],
        )
        for items in catalogue.read(generation).variants.values()
        for item in items
    )


def _measures(language: str) -> tuple[Measure, ...]:
    def said(text: Text) -> str:
        return (text.vi, text.en)[source.side(language)]

    return tuple(
        Measure(
            key=item.id,
            name=said(item.name),
            numerator=said(item.numerator),
            denominator=said(item.denominator),
            caveats=said(item.caveats),
            source=item.source,
            version=item.version,
            reviewed=item.reviewed,
        )
        for item in indicators().values()
    )


def _received(language: str) -> tuple[Received, ...]:
    side = source.side(language)
    return tuple(
        Received(
            name=contract.table,
            title=(contract.vi, contract.en)[side],
            source=contract.source,
            columns=tuple((c.name, c.type, (c.vi, c.en)[side]) for c in contract.columns),
        )
        for contract in load_contracts().values()
    )


def _known(generation: Generation) -> tuple[str, ...]:
    """What can be asked about."""
    variants = catalogue.read(generation).variants
    definitions = [f"{condition}/{item.variant}" for condition, items in variants.items() for item in items]
    return (*definitions, *indicators())
