"""Who a visit was of, where and when: from its main part to rows of resident, insurance_spell, encounter, condition."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

from warehouse.readers.health_xml import values
from warehouse.readers.health_xml.batches import Cells
from warehouse.readers.health_xml.forms import codes
from warehouse.readers.health_xml.parts import Row

#: A 13-digit location number (GLN) names a facility only to its own system: the code of the part is better.
_LOCATION_NUMBER = re.compile(r"\d{13}")
SOURCE = "health_xml"
#: Signs of diagnoses that are remembered: few visits have more of them.
_SHORT = 64
Placed = tuple[str, Cells]


@dataclass(frozen=True, kw_only=True)
class Context:
    """What every row of a visit refers to; None where the visit does not say. ``origin``: claim or exam."""

    facility: str | None
    encounter: str | None
    person: str | None
    at: str | None
    origin: str

    def reference(self, *parts: str) -> str | None:
        """An id within the visit: ``facility:MA_LK:part:number``."""
        return ":".join((self.encounter, *parts)) if self.encounter else None


def context(main: Row, others: Iterator[str], sender: str | None, origin: str) -> Context:
    """The context of a visit by its main part; ``others``: MA_LK as other parts have it, when the main one is lost."""
    facility = facility_of(sender, main.get("facility"))
    visit = main.get("visit") or next(others, None)
    return Context(
        facility=facility,
        encounter=f"{facility}:{visit}" if facility and visit else None,
        person=_person(main, facility),
        at=values.moment(main.get("from")),
        origin=origin,
    )


def facility_of(sender: str | None, part: str | None) -> str | None:
    """The sender's code, unless it is none or a location number and the part has a code of the facility."""
    if sender is None or (part and _LOCATION_NUMBER.fullmatch(sender)):
        return part or sender
    return sender


def _person(main: Row, facility: str | None) -> str | None:
    if (patient := main.get("patient")) and facility and _names_somebody(patient):
        return f"{facility}:{patient}"
    identities = [one for one in values.parts_of(main.get("identity")) if _names_somebody(one)]
    return identities[0] if identities else _card(main)


def _names_somebody(number: str) -> bool:
    """False for what senders write where a number is asked for and there is none ("0", "000000000000")."""
    return bool(number.strip("0-. "))


def rows(main: Row, about: Context) -> Iterator[Placed]:
    """The rows of the main part."""
    yield "resident", _resident(main, about)
    yield from (("insurance_spell", cells) for cells in _spells(main, about))
    yield "encounter", _encounter(main, about)
    yield from (("condition", cells) for cells in _conditions(main, about))


def _resident(main: Row, about: Context) -> Cells:
    national, old = _identities(main.get("identity"))
    sex = main.get("sex")
    return (
        SOURCE, about.person, national, old, _card(main), _composed(main.get("name")),
        values.birth_date(main.get("born")),
        codes("GIOI_TINH").get(sex, sex) if sex else None,
        main.get("ward"), main.get("district"), main.get("phone"), about.at,
    )  # fmt: skip


def _composed(text: str | None) -> str | None:
    """Letters with their tone marks as one sign each: some senders write them apart."""
    return unicodedata.normalize("NFC", text) if text else None


def _identities(text: str | None) -> tuple[str | None, str | None]:
    """CCCD and CMND by length. A passport is neither; digits of another length are kept for landing to judge."""
    national = old = None
    for one in values.parts_of(text):
        if len(one) == 9 and one.isdecimal():
            old = one
        elif one.isdecimal() and (national is None or len(one) == 12):
            national = one
    return national, old


def _card(main: Row) -> str | None:
    """The insurance number: of several cards the one valid last."""
    cards = values.places_of(main.get("card"))
    ends = values.places_of(main.get("card_to"))
    held = [
        (values.day(end) or "", place, card)
        for place, (card, end) in enumerate(zip_longest(cards, ends))
        if card
    ]
    return max(held)[2].upper() if held else None


def _spells(main: Row, about: Context) -> Iterator[Cells]:
    starts = values.places_of(main.get("card_from"))
    ends = values.places_of(main.get("card_to"))
    seen = set()
    for start, end in zip_longest(starts, ends):
        if (start or end) and start not in seen:
            seen.add(start)
            yield about.person, values.day(start or None), values.day(end or None), about.at


def _encounter(main: Row, about: Context) -> Cells:
    kind = "exam" if about.origin == "exam" else _class(main.get("class"))
    return about.encounter, about.person, about.facility, kind, about.at, values.moment(main.get("to"))


def _class(code: str | None) -> str | None:
    return codes("MA_LOAI_KCB").get(code.zfill(2)) if code else None


def _illnesses(first: str | None, others: str | None) -> tuple[str, ...]:
    is_short = len(first or "") + len(others or "") <= _SHORT
    return (_remembered_codes if is_short else _codes)(first, others)


def _codes(first: str | None, others: str | None) -> tuple[str, ...]:
    written = values.parts_of(first) + values.parts_of(others)
    return tuple(dict.fromkeys(one.upper() for one in written))


_remembered_codes = lru_cache(maxsize=16_384)(_codes)


def _conditions(main: Row, about: Context) -> Iterator[Cells]:
    """Diagnoses as coded at the end of the visit, each code once."""
    ended = values.moment(main.get("to"))
    at = ended if values.is_moment(ended) else about.at
    for code in _illnesses(main.get("main_illness"), main.get("other_illnesses")):
        yield about.reference("ICD", code), about.person, about.encounter, code, at, "facility", about.origin
