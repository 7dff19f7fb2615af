"""What definitions refer to: quantities, units, LOINC codes, age bands and value sets, read from CSV and
checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from warehouse import rule_physiology
from warehouse.codes import Atc, Code, Icd10, Loinc, Ucum
from warehouse.errors import Fault
from warehouse.rule_files import Row, read_rows
from warehouse.rule_physiology import Physiology
from warehouse.rule_types import (
    AgeBand,
    LoincRule,
    Quantity,
    UnitRule,
    ValueSetCode,
    Words,
    spell_unit,
)

SYSTEMS: dict[str, type[Code]] = {"icd10": Icd10, "atc": Atc}
UNIT_FILES = ("age_bands.csv", "loinc.csv", "quantities.csv", "units.csv")


@dataclass(frozen=True, kw_only=True)
class References:
    """Everything a definition may name."""

    quantities: tuple[Quantity, ...]
    units: tuple[UnitRule, ...]
    loinc: tuple[LoincRule, ...]
    age_bands: tuple[AgeBand, ...]
    codes: tuple[ValueSetCode, ...]
    physiology: Physiology

    @property
    def systems(self) -> dict[str, str]:
        """Coding system by name of value set."""
        return {code.value_set: code.system for code in self.codes}


def parse(units: Mapping[str, str], value_sets: Mapping[str, str], faults: list[Fault]) -> References:
    """References from CSV texts by file name; what is wrong is appended to ``faults``."""
    faults += [Fault(message="is missing", file=name) for name in UNIT_FILES if name not in units]
    text = {name: units.get(name, "") for name in UNIT_FILES}
    present = [name for name in UNIT_FILES if name in units]
    quantities = _quantities(text["quantities.csv"], faults) if "quantities.csv" in present else ()
    names = [item.quantity for item in quantities]
    return References(
        quantities=quantities,
        units=_units(text["units.csv"], names, faults) if "units.csv" in present else (),
        loinc=_loinc(text["loinc.csv"], names, faults) if "loinc.csv" in present else (),
        age_bands=_age_bands(text["age_bands.csv"], faults) if "age_bands.csv" in present else (),
        codes=tuple(code for file, body in value_sets.items() for code in _value_set(file, body, faults)),
        physiology=rule_physiology.parse(units, faults),
    )


def _quantities(text: str, faults: list[Fault]) -> tuple[Quantity, ...]:
    columns = (
        "quantity",
        "unit",
        "plausible_low",
        "plausible_high",
        "adult_low",
        "adult_high",
        "holds_days",
        "bin_tenths",
        "step_tenths",
        "name_vi",
        "name_en",
    )
    found: list[Quantity] = []
    for row in read_rows("quantities.csv", text, columns, faults):
        low, high = row.number("plausible_low"), row.number("plausible_high")
        if low is None or high is None or low >= high:
            row.fault("needs plausible_low below plausible_high", field="plausible_low")
            continue
        quantity = Quantity(
            quantity=row.text("quantity"),
            unit=row.checked("unit", Ucum),
            plausible_low=low,
            plausible_high=high,
            adult_low=row.number("adult_low"),
            adult_high=row.number("adult_high"),
            holds_days=row.integer("holds_days"),
            bin_tenths=row.integer("bin_tenths"),
            step_tenths=row.integer("step_tenths"),
            name=Words(vi=row.text("name_vi"), en=row.text("name_en")),
        )
        _refuse_repeat(row, "quantity", quantity.quantity, [item.quantity for item in found])
        found.append(quantity)
    return tuple(found)


def _units(text: str, quantities: Sequence[str], faults: list[Fault]) -> tuple[UnitRule, ...]:
    columns = (
        "quantity",
        "unit_written",
        "value_from",
        "value_below",
        "unit",
        "factor",
        "offset",
        "is_inferred",
    )
    found: list[UnitRule] = []
    for row in read_rows("units.csv", text, columns, faults):
        factor, offset = row.number("factor"), row.number("offset")
        if not factor or offset is None:
            row.fault("needs a factor other than zero and an offset", field="factor")
            continue
        rule = UnitRule(
            quantity=row.text("quantity", allowed=quantities),
            unit_written=spell_unit(row.text("unit_written", empty=True)),
            value_from=row.number("value_from"),
            value_below=row.number("value_below"),
            unit=row.checked("unit", Ucum),
            factor=factor,
            offset=offset,
            is_inferred=row.flag("is_inferred"),
        )
        found.append(rule)
    faults += _overlaps(found)
    return tuple(found)


def _overlaps(rules: Sequence[UnitRule]) -> list[Fault]:
    """A value as written must mean one unit: ranges of the same spelling may touch but not overlap."""
    spans: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for rule in rules:
        low = float("-inf") if rule.value_from is None else rule.value_from
        high = float("inf") if rule.value_below is None else rule.value_below
        spans.setdefault((rule.quantity, rule.unit_written), []).append((low, high))
    return [
        Fault(
            message="two lines claim the same value",
            file="units.csv",
            field="unit_written",
            value=f"{quantity}, {written or 'no unit'}",
            expected="ranges value_from to value_below that do not overlap",
        )
        for (quantity, written), found in spans.items()
        if any(left[1] > right[0] for left, right in pairwise(sorted(found)))
    ]


def _loinc(text: str, quantities: Sequence[str], faults: list[Fault]) -> tuple[LoincRule, ...]:
    found: list[LoincRule] = []
    for row in read_rows("loinc.csv", text, ("loinc", "quantity", "quantity_if_fasting"), faults):
        quantity = row.text("quantity", allowed=quantities)
        fasting = row.text("quantity_if_fasting", allowed=quantities, empty=True) or quantity
        rule = LoincRule(
            loinc=row.checked("loinc", Loinc),
            quantity=quantity,
            quantity_if_fasting=fasting,
        )
        _refuse_repeat(row, "loinc", rule.loinc, [item.loinc for item in found])
        found.append(rule)
    return tuple(found)


def _age_bands(text: str, faults: list[Fault]) -> tuple[AgeBand, ...]:
    found: list[AgeBand] = []
    for row in read_rows("age_bands.csv", text, ("age_from", "label"), faults):
        age = row.integer("age_from")
        if age is None or (found and age <= found[-1].age_from):
            row.fault("ages must ascend", field="age_from", value=row.raw["age_from"])
            continue
        found.append(AgeBand(age_from=age, label=row.text("label")))
    if [band.age_from for band in found[:2]] != [-1, 0]:
        faults.append(
            Fault(
                message="must begin with -1 (unknown) and 0",
                file="age_bands.csv",
                field="age_from",
            )
        )
    return tuple(found)


def _value_set(file: str, text: str, faults: list[Fault]) -> list[ValueSetCode]:
    """Codes of one value set; its name is the file's. All codes are of one system."""
    found: list[ValueSetCode] = []
    for row in read_rows(file, text, ("system", "code", "is_excluded", "name_vi", "name_en"), faults):
        row.text("name_vi"), row.text("name_en")
        system = row.text("system", allowed=SYSTEMS)
        if found and system != found[0].system:
            row.fault(
                "another system than the lines above",
                field="system",
                value=system,
                expected=found[0].system,
            )
        code = row.checked("code", SYSTEMS.get(system, Icd10))
        _refuse_repeat(row, "code", code, [item.code for item in found])
        excluded = row.flag("is_excluded")
        found.append(
            ValueSetCode(
                value_set=file.removesuffix(".csv"),
                system=system,
                code=code,
                is_excluded=excluded,
            )
        )
    return found


def _refuse_repeat(row: Row, field: str, value: str, before: Sequence[str]) -> None:
    if value in before:
        row.fault("appears twice", field=field, value=value)
