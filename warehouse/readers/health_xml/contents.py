"""From one visit to its rows: its parts opened one by one, so that a broken one does not cost the others."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from warehouse.readers.health_xml import account, findings, visits
from warehouse.readers.health_xml.account import Account
from warehouse.readers.health_xml.envelope import Visit
from warehouse.readers.health_xml.faults import BadPart
from warehouse.readers.health_xml.forms import forms
from warehouse.readers.health_xml.opening import EXAMINATION
from warehouse.readers.health_xml.parts import Row, rows
from warehouse.readers.health_xml.visits import Context, Placed

#: Rows of one visit: beyond it the file is an attack or a defect.
ROWS_LIMIT = 100_000
Opened = dict[str, list[Row]]
#: The parts that say who, where and when.
_MAIN = {True: ("XML1", "XML2"), False: ("XML1",)}


def read(visit: Visit, envelope: str, counts: Account) -> list[Placed]:
    """Every row of a visit; its parts and what is wrong with them go to ``counts``."""
    faults: list[str] = []
    opened = _opened(visit, envelope, counts, faults)
    _keep_one_visit(opened, envelope == EXAMINATION, faults)
    rows_of = _rows(opened, visit, envelope == EXAMINATION, counts) if opened else iter(())
    found = list(islice(rows_of, ROWS_LIMIT + 1))
    if len(found) > ROWS_LIMIT:
        faults.append(account.TOO_MANY)
        found = []
    counts.visit(visit.row, has_rows=bool(found), faults=faults)
    return found


def _opened(visit: Visit, envelope: str, counts: Account, faults: list[str]) -> Opened:
    known = forms(envelope)
    opened: Opened = {}
    for part in visit.parts:
        form = known.get(part.kind)
        if form is None:
            counts.set_aside(part.kind, account.NOT_USED)
            continue
        try:
            found = rows(part.content, form)
        except BadPart as problem:
            faults.append(f"{part.kind}: {problem}")
            continue
        if found:
            opened.setdefault(part.kind, []).extend(found)
        else:
            counts.set_aside(part.kind, account.EMPTY)
    return opened


def _keep_one_visit(opened: Opened, is_exam: bool, faults: list[str]) -> None:
    """Leave the rows of one visit: people and visits must not be mixed because a sender put two into one HOSO."""
    mains = [row for part in _MAIN[is_exam] for row in opened.get(part, ())]
    if len(mains) > 1 and any(
        len({row[name] for row in mains if name in row}) > 1 for name in ("visit", "patient", "identity")
    ):
        faults.append(account.SEVERAL)
        opened.clear()
        return
    visit = next((row["visit"] for row in mains if "visit" in row), None)
    for part, found in opened.items():
        own = [row for row in found if visit is None or row.get("visit", visit) == visit]
        if len(own) < len(found):
            faults.append(f"{part}: {account.ANOTHER}")
            opened[part] = own


def _rows(opened: Opened, visit: Visit, is_exam: bool, counts: Account) -> Iterator[Placed]:
    main: Row = {}
    for part in _MAIN[is_exam]:
        for row in opened.get(part, ()):
            main |= row
    others = (row["visit"] for found in opened.values() for row in found if "visit" in row)
    about = visits.context(main, others, visit.sender, "exam" if is_exam else "claim")
    of_main = visits.rows(main, about) if main else iter(())
    return chain(of_main, *(_examined if is_exam else _claimed)(opened, main, about, counts))


def _claimed(opened: Opened, main: Row, about: Context, counts: Account) -> Iterator[Iterator[Placed]]:
    yield findings.weight(main, "XML1", about)
    yield findings.medications(opened.get("XML2", ()), "XML2", about)
    yield findings.results(opened.get("XML4", ()), "XML4", about, counts.set_aside)
    yield findings.notes(opened.get("XML5", ()), "XML5", about, counts.set_aside)


def _examined(opened: Opened, main: Row, about: Context, counts: Account) -> Iterator[Iterator[Placed]]:
    signs = [(part, opened.get(part, ())) for part in ("XML3", "XML10")]
    yield findings.vital_signs(signs, about, counts.set_aside)
    yield findings.results(opened.get("XML11", ()), "XML11", about, counts.set_aside)
