"""What linkage found: how many references of each group are somebody of the register, and how often it may be wrong.

Counts of references are no health facts and exact. How often the ill are linked is one: it is told only of groups that
may be shown. Nobody knows how many links are wrong; what is told is what the weights expect (``docs/linkage.md``).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from analytics.catalogue import catalogue
from analytics.disclosure import SMALLEST_DENOMINATOR, Reason, State
from analytics.generation import Generation, read_sql
from analytics.hiding import SMALLEST_COUNT
from analytics.quality import preferred, step_of
from analytics.rates import with_interval
from analytics.report import Report, build_of, need

#: Groups of references, the whole first.
ALL = "all"
DIMENSIONS = (ALL, "source", "sex", "age", "district", "condition")
#: Whose references: those of a register of residents, or of other senders.
REGISTER, OTHERS = "register", "others"
#: Against all references of other senders: linked less or more often than chance explains.
LESS, MORE = "less", "more"
#: So many groups are compared that one in five hundred by chance is few enough.
CONFIDENCE = 0.998
_SEXES = {"1": "male", "2": "female"}
#: First age of each group, the oldest first: bands of the mart are too many to read.
_AGES = ((60, "60+"), (40, "40-59"), (18, "18-39"), (0, "0-17"))
_THOUSAND = 1000
#: Shares: linked of all references, wrong of those linked, missed of all.
_SHARES = ("linked_share", "wrong_share", "missed_share")
#: Digits of a rounded share: without them 0.9 is 0.9000000000000001.
_DIGITS = 6
_TOLD = ("linked", "by_number", "expected_wrong", "expected_missed", *_SHARES)
_COUNTS = ("refs", "linked", "by_number", "wrong_thousandths", "missed_thousandths")
_LINKED: dict[str, Any] = {
    **dict.fromkeys(("dimension", "group_name", "senders"), pl.String),
    **dict.fromkeys(("refs", "linked", "by_number"), pl.Int64),
    **dict.fromkeys(
        ("linked_share", "expected_wrong", "wrong_share", "expected_missed", "missed_share"), pl.Float64
    ),
    **dict.fromkeys(("differs", "state", "reason"), pl.String),
}


def linkage(generation: Generation) -> Report:
    """One row a group of references: ``linked`` of ``refs`` are one person with another reference of a register.

    Columns :data:`_LINKED`. Of a register itself those are people entered twice. ``expected_wrong``: links by likeness
    that are expected to be wrong, ``wrong_share`` of those linked; ``expected_missed``: links expected among the pairs
    that were weighed and found too weak, ``missed_share`` of all. ``differs``: of other senders, whether a group is
    linked :data:`LESS` or :data:`MORE` often than all. Of the ill there are shares only. No rows where persons are not
    linked; ``run`` of ``about`` (references, people, people held twice, numbers lent) is None then. Raises UserError
    for a build of before linkage.
    """
    need(generation, "mart_linkage_run")
    run = generation.live.frame(read_sql("linkage_run")).to_dicts()
    cells = generation.live.frame(read_sql("linkage_cells"))
    measures = generation.live.frame(read_sql("linkage_measures"))
    names = {key: item.condition for key, item in preferred(catalogue(generation.live).variants).items()}
    rows = linked(cells, measures, names)
    return Report(
        title="References that are one person with somebody in the register of residents",
        rows=rows if run else rows.clear(),
        about={"build": build_of(generation), "run": run[0] if run else None},
        notes=_notes(rows) if run else ("persons are not linked (HSSK_LINKAGE): references count as people",),
        shares=_SHARES,
        only_in_files=("differs", "state", "reason"),
    )


def _notes(rows: pl.DataFrame) -> tuple[str, ...]:
    """What a reader of the table must know, and which groups are linked less or more often than all."""
    told = (
        "register: entries of people it holds more than once; others: references of other senders",
        "expected wrong, missed: references, as the weights of linkage say; nobody knows the truth",
        "blank: fewer than 30 references, or fewer than 5 of the ill linked or not linked",
        "of the ill shares only, rounded so that five people do not move them",
    )
    groups = {way: rows.filter(pl.col("differs") == way)["group_name"].to_list() for way in (LESS, MORE)}
    found = [f"linked {way} often than all: {', '.join(names)}" for way, names in groups.items() if names]
    return (*told, *(found or ["no group is linked less or more often than chance explains"]))


def linked(cells: pl.DataFrame, measures: pl.DataFrame, names: dict[int, str]) -> pl.DataFrame:
    """The rows of :func:`linkage`. ``names``: condition by the measure of its cases. Pure."""
    groups = _named(cells)
    ill = measures.filter(pl.col("measure_id").is_in(list(names))).select(
        pl.lit("condition").alias("dimension"),
        pl.col("measure_id").replace_strict(names, return_dtype=pl.String).alias("group_name"),
        pl.lit(OTHERS).alias("senders"),
        *("refs", "linked", "wrong_thousandths", "missed_thousandths"),
    )
    whole = groups.filter(pl.col("dimension") == ALL, pl.col("senders") == OTHERS)
    rows = pl.concat([_shown(groups), _of_the_ill(ill)], how="diagonal_relaxed")
    ways = _differing(pl.concat([groups, ill], how="diagonal_relaxed"), whole)
    rows = rows.join(ways, on=["dimension", "group_name", "senders"], how="left", nulls_equal=True)
    differs = pl.when(pl.col("state") == State.SHOWN.value).then(pl.col("differs")).alias("differs")
    order = {name: place for place, name in enumerate(DIMENSIONS)}
    group = pl.col("group_name").replace({name: code for code, name in _SEXES.items()})
    return (
        rows.with_columns(differs)
        .sort(pl.col("dimension").replace_strict(order), "senders", group, nulls_last=True)
        .select(pl.col(name).cast(kind) for name, kind in _LINKED.items())
    )


def _named(cells: pl.DataFrame) -> pl.DataFrame:
    """Cells with sexes by name and ages in groups, summed to them."""
    code, start = pl.col("group_name"), pl.col("group_name").cast(pl.Int64, strict=False)
    ages = pl.coalesce(*(pl.when(start >= first).then(pl.lit(name)) for first, name in _AGES))
    name = (
        pl.when(pl.col("dimension") == "age")
        .then(ages)
        .when(pl.col("dimension") == "sex")
        .then(code.replace_strict(_SEXES, default=None, return_dtype=pl.String))
        .otherwise(code)
    )
    senders = pl.when(pl.col("is_register")).then(pl.lit(REGISTER)).otherwise(pl.lit(OTHERS))
    named = cells.with_columns(name.alias("group_name"), senders.alias("senders"))
    return named.group_by("dimension", "group_name", "senders").agg(pl.col(_COUNTS).sum())


def _shown(groups: pl.DataFrame) -> pl.DataFrame:
    """Shares and what is expected; of a group of few references neither, and no counts but theirs."""
    few = (pl.col("refs") < SMALLEST_DENOMINATOR) & (pl.col("dimension") != ALL)
    told = groups.with_columns(
        (pl.col("wrong_thousandths") / _THOUSAND).alias("expected_wrong"),
        (pl.col("missed_thousandths") / _THOUSAND).alias("expected_missed"),
        *_shares(),
    )
    return told.with_columns(*(pl.when(~few).then(pl.col(name)).alias(name) for name in _TOLD), *_state(few))


def _of_the_ill(ill: pl.DataFrame) -> pl.DataFrame:
    """Shares and no counts, rounded so that five people do not move them and two builds tell of nobody."""
    rest = pl.col("refs") - pl.col("linked")
    few = (
        (pl.col("refs") < SMALLEST_DENOMINATOR)
        | pl.col("linked").is_between(1, SMALLEST_COUNT - 1)
        | rest.is_between(1, SMALLEST_COUNT - 1)
    )
    steps = {name: pl.Series([_step(n) for n in ill[name]], dtype=pl.Float64) for name in ("refs", "linked")}
    rounded = [
        ((share / step).round() * step).round(_DIGITS).alias(name)
        for name, share, step in zip(
            _SHARES, _shares(), (steps["refs"], steps["linked"], steps["refs"]), strict=True
        )
    ]
    return ill.with_columns(rounded).select(
        *("dimension", "group_name", "senders"),
        *(pl.when(~few).then(pl.col(name)).alias(name) for name in _SHARES),
        *_state(few),
    )


def _step(counted: int) -> float:
    """What a share of so many is rounded to."""
    return step_of(max(counted, 1)) / 100


def _shares() -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """:data:`_SHARES` of counts of references; none is wrong where none is linked."""
    refs, linked = pl.col("refs"), pl.col("linked")
    wrong = pl.when(linked > 0).then(pl.col("wrong_thousandths") / _THOUSAND / linked)
    missed = pl.col("missed_thousandths") / _THOUSAND / refs
    return (linked / refs).alias(_SHARES[0]), wrong.alias(_SHARES[1]), missed.alias(_SHARES[2])


def _state(few: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """State and reason of rows that are suppressed where ``few`` holds."""
    state = pl.when(few).then(pl.lit(State.SUPPRESSED.value)).otherwise(pl.lit(State.SHOWN.value))
    return state.alias("state"), pl.when(few).then(pl.lit(Reason.SMALL_DENOMINATOR.value)).alias("reason")


def _differing(groups: pl.DataFrame, whole: pl.DataFrame) -> pl.DataFrame:
    """Groups of other senders' references whose interval does not hold the share of all, and which way."""
    own = groups.filter(pl.col("senders") == OTHERS, ~pl.col("dimension").is_in([ALL, "source"]))
    counted = own.rename({"linked": "numerator", "refs": "denominator"})
    limits = with_interval(counted, confidence=CONFIDENCE)
    share = int(whole["linked"].sum()) / max(int(whole["refs"].sum()), 1)
    way = pl.when(pl.col("upper") < share).then(pl.lit(LESS)).when(pl.col("lower") > share).then(pl.lit(MORE))
    return limits.select("dimension", "group_name", "senders", way.alias("differs"))
