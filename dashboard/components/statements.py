"""The sentences of the explorer: what the numbers say, and what they do not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from dashboard.figures import phrases
from dashboard.selection.ncd import Indicator, NcdSelection, Readiness, Subject
from dashboard.words import Words

_CAUTIONS = {
    "crude": "ncd.caution",
    "standardised": "ncd.caution_standardised",
    "weighted": "ncd.caution_weighted",
    "modelled": "ncd.caution_weighted",
    "misclassification": "ncd.caution_misclassification",
}
#: Positions that rest on an interval.
JUDGED = ("much_lower", "lower", "similar", "higher", "much_higher")
#: Share of cells whose 95 % interval misses the city's value although nothing differs.
BY_CHANCE = 0.05
#: A complete count has no interval: under one point from the city it is called similar.
COUNT_APART = 0.01


#: Whom a definition is counted among, in the keys of the words, where that is not people with an assessment.
_WHOM = {"record_holders": "_holders", "insured": "_insured"}


def headline(city: phrases.Row, subject: Subject, selection: NcdSelection, words: Words) -> str:
    """The finding as a title, with the definition that makes it true; never a number that is not shown."""
    named = {"condition": subject.condition, "definition": subject.definition}
    if not phrases.is_shown(city):
        return words("ncd.headline_none", **named)
    who = words(f"who.{selection.sex}")
    whom = "_weighted" if selection.is_corrected else _WHOM.get(subject.denominator, "")
    return words(f"ncd.headline{whom}", one_in=words.one_in(city["value"]), who=who, **named)


def lead(city: phrases.Row, subject: Subject, selection: NcdSelection, words: Words) -> str:
    """Value, interval, numerator, denominator, ages, period of the whole city."""
    period = words.quarter(selection.period)
    if not phrases.is_shown(city):
        why = phrases.reason(city, words)
        return words("ncd.lead_none", state=phrases.value(city, words), period=period, why=why)
    numbers = {
        "value": phrases.value(city, words),
        "interval": phrases.interval(city, words),
        "numerator": phrases.count(city["numerator"], words),
        "denominator": phrases.count(city["denominator"], words),
        "who": words(f"who.{selection.sex}"),
        "ages": ages(selection, words),
        "period": period,
    }
    if selection.estimator == "standardised":
        return words("ncd.lead_standardised", standard=words(f"standard.{selection.standard}"), **numbers)
    return words("ncd.lead_weighted" if selection.is_corrected else "ncd.lead", **numbers)


def cautions(subject: Subject, selection: NcdSelection, words: Words) -> list[str]:
    """What must be known before the number is used."""
    found = [words(_CAUTIONS[selection.estimator])]
    if subject.denominator in _WHOM:
        found = [words(f"ncd.caution{_WHOM[subject.denominator]}")]
    if subject.denominator == "outcome_dependent":
        found.append(words("ncd.caution_outcome"))
    found.append(words("ncd.frozen", date=words.date(subject.known_at)))
    if subject.vintage > 1:
        found.append(words("ncd.revised", vintage=str(subject.vintage), reason=subject.reason))
    return found


def ages(selection: NcdSelection, words: Words) -> str:
    """``aged 18 and over``, ``aged 18 to 69``."""
    first, _, last = selection.ages.rstrip("+").partition("-")
    return words("ncd.ages_span", first=first, last=last) if last else words("ncd.ages", age=first)


def map_summary(frame: pl.DataFrame, words: Words) -> str:
    """A map in one paragraph, for those who do not see it."""
    shown = frame.filter(pl.col("state") == "shown").sort("value", "name")
    if not shown.height:
        return words("map.summary_none")
    low, high = shown.row(0, named=True), shown.row(-1, named=True)
    return words(
        "map.summary_units" if "unit" in frame.columns else "map.summary",
        count=shown.height,
        highest=high["name"],
        highest_value=phrases.value(high, words),
        lowest=low["name"],
        lowest_value=phrases.value(low, words),
        hidden=frame.height - shown.height,
    )


def map_subtitle(subject: Subject, selection: NcdSelection, words: Words) -> str:
    """Unit and denominator of the maps, and what the chosen geography cannot show."""
    who = words(f"who.{selection.sex}")
    whom = "_weighted" if selection.is_corrected else _WHOM.get(subject.denominator, "")
    told = [words(f"map.subtitle{whom}", who=who, ages=ages(selection, words))]
    told += _limits("map.whole_units", selection, words)
    told += [words("map.no_tiles")] if selection.map == "tiles" and selection.mapped == "unit" else []
    return phrases.sentences(told)


def _limits(of_units: str, selection: NcdSelection, words: Words) -> list[str]:
    """What a card cannot show of the geography that was chosen; ``of_units``: the key of what it says of units."""
    if selection.geography == "district":
        return []
    return [words("map.corrected_by_district" if selection.is_corrected else of_units)]


def position(row: phrases.Row, city: phrases.Row) -> str | None:
    """higher, lower or similar: where the interval lies to the city's value. None where either is not shown."""
    if not (phrases.is_shown(row) and phrases.is_shown(city)):
        return None
    if row["lower"] > city["value"]:
        return "higher"
    return "lower" if row["upper"] < city["value"] else "similar"


def compare_title(frame: pl.DataFrame, city: phrases.Row, words: Words) -> str:
    """How many places can be told apart from the city, and how many cannot."""
    of_units = "_units" if "unit" in frame.columns else ""
    positions = [position(row, city) for row in frame.to_dicts()]
    counts = {name: positions.count(name) for name in ("higher", "lower", "similar")}
    if not any(counts.values()):
        return words(f"compare.title_none{of_units}")
    hidden = positions.count(None)
    more = words("compare.title_hidden", hidden=hidden) if hidden else ""
    return words(f"compare.title{of_units}", **counts) + more


def compare_subtitle(city: phrases.Row, selection: NcdSelection, words: Words) -> str:
    """How to read the dots, and what the chosen geography cannot show."""
    told = (
        words("compare.subtitle", value=phrases.value(city, words))
        if phrases.is_shown(city)
        else words("compare.subtitle_none")
    )
    return phrases.sentences([told, *_limits("compare.whole_units", selection, words)])


def place_facts(place: phrases.Row, city: phrases.Row, words: Words) -> list[str]:
    """The chosen district: its value, its people, and whether it can be told apart from the city."""
    if not phrases.is_shown(place):
        return [phrases.value(place, words), phrases.reason(place, words)]
    people = words(
        "place.people",
        numerator=phrases.count(place["numerator"], words),
        denominator=phrases.count(place["denominator"], words),
    )
    value = words("hover.value", value=phrases.value(place, words), interval=phrases.interval(place, words))
    judged = position(place, city)
    return [value, people, *([words(f"place.{judged}", city=phrases.value(city, words))] if judged else [])]


def curve_summary(frame: pl.DataFrame, words: Words) -> str:
    """The curves of age and sex in one sentence: the youngest and oldest shown value of each sex."""
    parts = []
    for sex in ("male", "female"):
        rows = frame.filter((pl.col("sex") == sex) & (pl.col("state") == "shown")).to_dicts()
        if rows:
            parts.append(
                words(
                    "ages_curve.from_to",
                    sex=words(f"sex.{sex}"),
                    first=phrases.value(rows[0], words),
                    first_age=words.ages(rows[0]["age_band"]),
                    last=phrases.value(rows[-1], words),
                    last_age=words.ages(rows[-1]["age_band"]),
                )
            )
    return " ".join(parts) or words("state.no_data")


def shares_of_whole(shares: Sequence[float], digits: int = 1) -> list[float]:
    """Shares that make a whole, rounded so that they still do: the largest remainders are rounded up (Hamilton)."""
    scale = 10 ** (digits + 2)
    floors = [math.floor(share * scale + 1e-9) for share in shares]
    missing = round(sum(shares) * scale) - sum(floors)
    by_remainder = sorted(range(len(shares)), key=lambda i: floors[i] - shares[i] * scale)
    for i in by_remainder[:missing]:
        floors[i] += 1
    return [count / scale for count in floors]


def trend_title(frame: pl.DataFrame, words: Words) -> str:
    """First and last value; never a direction: the people with a record are others every quarter."""
    rows = frame.filter(pl.col("state") == "shown").to_dicts()
    if len(rows) < 2:
        return words("trend.title_none")
    first, last = rows[0], rows[-1]
    return words(
        "trend.title",
        first=phrases.value(first, words),
        first_quarter=words.quarter(first["quarter"]),
        last=phrases.value(last, words),
        last_quarter=words.quarter(last["quarter"]),
    )


def convergence_title(
    series: Sequence[tuple[str, pl.DataFrame]], truth: pl.DataFrame, period: str, words: Words
) -> str:
    """What the first and the last of the estimates say in the chosen quarter, and the truth where it is known."""
    rows = {
        name: frame.filter((pl.col("quarter") == period) & (pl.col("state") == "shown")).to_dicts()
        for name, frame in series
    }
    first, last = rows["crude"], rows["modelled"] or rows["weighted"]
    if not first or not last:
        return words("convergence.title_none")
    name = "modelled" if rows["modelled"] else "weighted"
    title = words(
        "convergence.title",
        crude=phrases.value(first[0], words),
        estimator=words(f"estimator.{name}").lower(),
        value=phrases.value(last[0], words),
        interval=phrases.interval(last[0], words),
    )
    known = truth.filter(pl.col("quarter") == period).to_dicts()
    return title + (words("convergence.title_truth", value=words.percent(known[0]["value"])) if known else "")


def survey_title(frame: pl.DataFrame, words: Words) -> str:
    """How many published results agree, differ, cannot be told or compared; that there is none."""
    if not frame.height:
        return words("survey.title_none")
    verdicts = frame["verdict"].to_list()
    counted = {name: verdicts.count(name) for name in ("equivalent", "different", "not_shown")}
    not_compared = frame.height - sum(counted.values())
    more = words("survey.title_more", number=words.integer(not_compared)) if not_compared else ""
    numbers = {name: words.integer(number) for name, number in counted.items()}
    return words("survey.title", all=words.integer(frame.height), more=more, **numbers)


def survey_subtitle(frame: pl.DataFrame, words: Words) -> str:
    """Which surveys, which definitions, when; what agreeing means; and why some results are compared with nothing."""
    if not frame.height:
        return words("survey.subtitle_none")
    parts = frame.group_by("study", "name", "fieldwork", maintain_order=True)
    studies = [
        _study(part.row(0, named=True), part["quarter"].drop_nulls().first(), words) for _, part in parts
    ]
    reasons = [words(why) for why in frame["why"].drop_nulls().unique(maintain_order=True)]
    told = words("survey.subtitle", studies="; ".join(studies))
    return " ".join([told, words("survey.why", reasons=" ".join(reasons))] if reasons else [told])


def _study(row: Mapping[str, Any], quarter: Any, words: Words) -> str:
    """One survey: of what, when, and which quarter it is laid beside where that is another one."""
    period = words.quarter(row["fieldwork"])
    told = words("survey.study", study=row["study"], definition=row["name"], period=period)
    if quarter in (None, row["fieldwork"]):
        return told
    return told + words("survey.beside", period=words.quarter(quarter))


def readiness(found: Readiness, words: Words) -> tuple[str, str]:
    """The level in words, and its reasons."""
    return words(f"readiness.{found.level}"), " ".join(
        words(f"readiness.{reason}") for reason in found.reasons
    )


def distribution_title(bins: pl.DataFrame, quantity: str, words: Words) -> str:
    """Half of the people lie below which value; read from bins, so it names the bin."""
    total = 0.0
    for row in bins.filter(pl.col("state") == "shown").sort("bin_from").to_dicts():
        total += row["value"]
        if total >= 0.5:
            return words(
                f"distribution.title_{quantity}",
                low=words.plain(row["bin_from"]),
                high=words.plain(row["bin_to"]),
            )
    return words("distribution.title_none", quantity=words(f"quantity.{quantity}"))


def matrix_cells(indicators: Sequence[Indicator], words: Words) -> list[dict[str, Any]]:
    """Cells of the matrix: ``code`` of the place and the district a click chooses, position, what the pointer reads."""
    cells = []
    for item in indicators:
        code = item.rows.columns[0]
        wide = {row[code]: row for row in item.wide.to_dicts()} if item.wide is not None else {}
        for row in item.rows.to_dicts():
            place = _cell_position(row, wide.get(row[code]), item.city)
            cells.append(
                {
                    "indicator": item.indicator,
                    "code": row[code],
                    "district": row["district"],
                    "position": place,
                    "title": f"{row['name']}, {item.name}",
                    "hover": f"{phrases.hover(row, words)}<br>{_told(place, item.city, words)}",
                    "row": row,
                    "name": item.name,
                    "place": row["name"],
                }
            )
    return cells


def _cell_position(row: phrases.Row, wide: phrases.Row | None, city: Mapping[str, Any]) -> str:
    """Where a cell lies to the city; ``wide``: the row with its 99.8 % interval, None for a complete count."""
    if not phrases.is_shown(row):
        return "suppressed" if row["state"] == "suppressed" else "no_data"
    if not phrases.is_shown(city):
        return "uncompared"
    if wide is None:
        apart = row["value"] - city["value"]
        return "similar" if abs(apart) < COUNT_APART else "count_higher" if apart > 0 else "count_lower"
    near, far = position(row, city) or "similar", position(wide, city)
    return f"much_{near}" if near != "similar" and far == near else near


def _told(place: str, city: Mapping[str, Any], words: Words) -> str:
    if place in ("suppressed", "no_data", "uncompared"):
        return ""
    return words(f"matrix.{place}", city=phrases.value(city, words))


def matrix_subtitle(selection: NcdSelection, words: Words) -> str:
    """What a cell compares, and what the chosen geography cannot show."""
    told = words("matrix.subtitle_units" if selection.mapped == "unit" else "matrix.subtitle")
    return phrases.sentences([told, *_limits("matrix.whole_units", selection, words)])


def matrix_title(cells: Sequence[Mapping[str, Any]], words: Words) -> str:
    """How many cells with an interval can be told apart from the city, and how many would be by chance alone."""
    judged = [
        cell["position"] for cell in cells if cell["position"] in JUDGED and cell["indicator"] != "coverage"
    ]
    apart = sum(position != "similar" for position in judged)
    return words("matrix.title", apart=apart, all=len(judged), chance=round(len(judged) * BY_CHANCE))
