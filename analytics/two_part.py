"""The two-part estimator: prevalence among all residents from records that over-represent the old and the ill.

Per cell ``j`` (quarter x district x sex x age band)

    P_j = i_j [k_j + (1 - k_j) pi_j] + (1 - i_j) [ku_j + (1 - ku_j) pi_j]

with ``i`` the share of residents insured long enough for a known disease to have left a claim, ``k`` the share of them
known to have it (everybody, record or not: nothing is sampled there), ``ku`` that share among the others, and ``pi``
the share of cases among the people not known. A row is ``sum N_j P_j / sum N_j`` over the reference population. (Known
people are cases by definition: the definitions take a diagnosis.)

What the data do not tell is in the interval, not left out of it:

- ``pi``: among the *assessed* ``(U + rho I) / A``: cases, and of the indeterminate the share ``rho`` that has the
  disease; cells are collapsed until ``A`` reaches 30, and inside a collapsed cell ages differ as they do in the city
  (one share for young and old would put the old's on the young, who are assessed less often). Whoever was not assessed
  may differ: their odds of being a case are those of the assessed times ``exp(-d)``, ``d`` the sum of a part of the
  city and one of the district.
- ``ku``: ``logit ku = logit k + h``.

Priors as designed for this city (design/statistics, "residual selection"); that of selection in the city is updated by
reference examinations where there are some (:mod:`analytics.validation`).

Where a sample was examined again, ``pi`` is corrected for what the definition gets wrong
(:mod:`analytics.misclassification`), draw by draw, before whoever was not assessed comes in. The indeterminate are no
cases then: what the persistence of a raised day corrects, the sample corrects already.

``pi`` among the assessed may also come from a model (:mod:`analytics.modelled`), which tells examinations from clinics:
whoever was not assessed is then compared with the examined instead of with all assessed. The rest is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit, logit

from analytics.misclassification import Accuracy, rogan_gladen

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

METHOD = "two_part"
MISCLASSIFICATION_METHOD = "rogan_gladen"
#: Assessed people a collapsed cell needs (design/statistics, cell collapse rule).
SMALLEST_CELL = 30
#: Share of a row's people (insured, not known) who must have been assessed. On the synthetic city, where the ill are
#: enrolled first, the interval holds the truth from about here on; at a twentieth the value is twice the truth.
SMALLEST_SHARE = 0.20
DRAWS = 1000
SEED = 3160
CELL = ("quarter", "district", "sex", "age_from")
COUNTS = ("population", "residents", "insured", "known", "assessed", "cases", "indeterminate")
#: What a cell teaches.
LEARNED = ("assessed", "cases", "indeterminate")
ESTIMATED = ("value", "lower", "upper", "effective_n")
COLUMNS = (*ESTIMATED, "assessed_share", "truncated_share")


@dataclass(frozen=True, kw_only=True)
class Priors:
    """What no record tells. Normal parts as (mean, standard deviation) on the logit; ``persistence`` as a Beta.

    ``persistence``: share of the indeterminate who have the disease: mean 0.64 in simulated readings, and wide
    (standard deviation 0.15), because it is lower where a first reading runs high or other days were normal. What a
    build counts of people measured again is added to it (:mod:`analytics.persistence`).
    """

    selection_city: tuple[float, float] = (0.0, 0.25)
    selection_district: tuple[float, float] = (0.0, 0.10)
    known_uninsured: tuple[float, float] = (-0.3, 0.3)
    persistence: tuple[float, float] = (6.4, 3.6)


PRIORS = Priors()


@dataclass(frozen=True)
class _Groups:
    """Collapsed cells: the group of each cell (-1: none), whether the city lends it, and the counts of each group.

    ``shift``: by how much a cell's logit lies above its group's, as ages and sexes differ in the whole city. ``share``:
    of cases among the assessed of a group, the indeterminate at the mean of their prior. ``expected``: that share if
    the group were as the city at its ages and sexes; a half for the city itself.
    """

    of_cell: Ints
    is_borrowed: NDArray[np.bool_]
    shift: Floats
    assessed: Floats
    cases: Floats
    indeterminate: Floats
    share: Floats
    expected: Floats


@dataclass(frozen=True)
class _Cells:
    """Cells of one quarter as columns; ``unknown``: people insured and not known to have the disease.

    ``assessed``: those of them who were.
    """

    population: Floats
    insured_share: Floats
    known_share: Floats
    unknown: Floats
    assessed: Floats
    district: Ints
    groups: _Groups


@dataclass(frozen=True)
class Modelled:
    """Draws x cells of ``pi`` from a model, in ``runs`` equal runs of draws: among the assessed, and at an examination.

    Somebody examined was seen because it was their turn, who went to a clinic often had a reason. So whoever was not
    assessed is like the examined, apart from what the priors of selection say.

    One run a value of the share of the indeterminate who have the disease, so that sampling error is what is left
    inside a run.
    """

    among_assessed: Floats
    examined: Floats
    runs: int

    @property
    def tells_channels(self) -> bool:
        """Whether examinations were told from clinics."""
        return self.examined is not self.among_assessed


@dataclass(frozen=True)
class Learned:
    """What the cells of one quarter taught: ``shares`` are draws x cells prevalences.

    ``deviations``: draws of ``pi`` less the mean of their run, where sampling error is not that of the cells alone (of
    a model, or corrected for misclassification); None where cells taught by themselves. ``truncated``: of each cell,
    how often the correction for misclassification left 0 to 1; None where nothing was so corrected.
    """

    cells: _Cells
    shares: NDArray[np.float32]
    deviations: NDArray[np.float32] | None = None
    truncated: Floats | None = None
    is_modelled: bool = False


def two_part(
    cells: pl.DataFrame, by: Sequence[str], *, confidence: float = 0.95, priors: Priors = PRIORS
) -> pl.DataFrame:
    """Estimate rows of ``by`` from ``cells``: columns :data:`CELL`, :data:`COUNTS`, ``by`` and ``is_asked``.

    One row a cell; all cells teach, those that are asked for make the rows. See :func:`summarise`.
    """
    parts = [part.sort(CELL) for part in cells.partition_by("quarter", maintain_order=True)]
    return pl.concat([summarise(learn(part, priors), part, by, confidence=confidence) for part in parts])


def learn(cells: pl.DataFrame, priors: Priors = PRIORS) -> Learned:
    """Draw the prevalence of every cell of one quarter; ``cells`` are sorted by :data:`CELL`."""
    columns = _columns(cells, priors)
    generator = np.random.default_rng(SEED)
    found = _among_assessed(columns, priors, generator)
    shares = _among_residents(columns, found, found, priors, generator)
    return Learned(columns, shares.astype(np.float32))


def learn_modelled(cells: pl.DataFrame, priors: Priors, modelled: Modelled) -> Learned:
    """The same with the ``pi`` of a model."""
    columns = _columns(cells, priors)
    found = modelled.among_assessed
    shares = _among_residents(columns, found, modelled.examined, priors, np.random.default_rng(SEED))
    return Learned(columns, shares.astype(np.float32), _deviations(found, modelled.runs), is_modelled=True)


def learn_reclassified(cells: pl.DataFrame, priors: Priors, accuracy: Mapping[int, Accuracy]) -> Learned:
    """The same without what the definition gets wrong; see :mod:`analytics.misclassification`.

    ``accuracy``: by the first age of broad ages; cells younger than the first take the first. To divide by Youden's
    index multiplies the sampling variance by its inverse square, so cells are collapsed until they have that many more
    people: fewer draws are truncated, which bends small shares upwards.
    """
    smallest = SMALLEST_CELL / min(item.youden for item in accuracy.values()) ** 2
    columns = _columns(cells.with_columns(pl.lit(0).alias("indeterminate")), priors, smallest)
    generator = np.random.default_rng(SEED)
    observed = _among_assessed(columns, priors, generator)
    ages = sorted(accuracy)
    drawn = np.array([accuracy[age].draw(generator, DRAWS) for age in ages])
    broad = np.maximum(np.searchsorted(ages, cells["age_from"].to_numpy(), side="right") - 1, 0)
    sensitivity, specificity = (drawn[broad, part].T for part in (0, 1))
    found, is_truncated = rogan_gladen(observed, sensitivity, specificity)
    shares = _among_residents(columns, found, found, priors, generator)
    return Learned(columns, shares.astype(np.float32), _deviations(found, 1), is_truncated.mean(axis=0))


def _deviations(found: Floats, runs: int) -> NDArray[np.float32]:
    in_runs = found.reshape(runs, -1, found.shape[1])
    around = (in_runs - in_runs.mean(axis=1, keepdims=True)).reshape(found.shape)
    return np.asarray(around, dtype=np.float32)


def summarise(learned: Learned, frame: pl.DataFrame, by: Sequence[str], *, confidence: float) -> pl.DataFrame:
    """Rows of ``by`` from the draws; ``frame``: the cells as learned, with the columns of ``by`` and ``is_asked``.

    Returns ``by``, ``value`` (median of the draws), ``lower``, ``upper``, ``effective_n``: the number of people that a
    simple random sample would need for the same sampling error, ``assessed_share``: of the people insured and not
    known to have the disease, how many were assessed, and ``truncated_share``: how often a share of cases was
    corrected beyond 0 to 1 and set to the edge (null: not corrected for misclassification). The first four are null
    where too little was learned: fewer than a fifth of the row's people assessed, or (without a model) fewer than 30
    in each of its districts. In the number of a larger place such a district takes the shares of the city at the same
    sex and age. Every row comes from the same draws.
    """
    asked = frame["is_asked"].to_numpy()
    keys = frame.select(*by) if by else pl.DataFrame({"_row": np.zeros(frame.height, dtype=np.int64)})
    rows = keys.filter(frame["is_asked"]).unique(maintain_order=True).with_row_index("_group")
    member = keys.join(rows, on=keys.columns, how="left", maintain_order="left")["_group"].to_numpy()
    found = [_row(learned, np.flatnonzero(asked & (member == row)), confidence) for row in range(rows.height)]
    schema = dict.fromkeys(COLUMNS, pl.Float64)
    return pl.concat(
        [rows.select(*by), pl.DataFrame(found, schema=schema, orient="row")], how="horizontal"
    ).select(*by, *COLUMNS)


def _row(learned: Learned, members: Ints, confidence: float) -> tuple[float | None, ...]:
    """The COLUMNS of one row; nulls where nothing was learned of its places."""
    cells, groups, tail = learned.cells, learned.cells.groups, (1 - confidence) / 2
    here = members[cells.population[members] > 0]
    share = float(cells.assessed[here].sum() / max(cells.unknown[here].sum(), 1.0))
    lacks_own = groups.is_borrowed[here].all() or (groups.of_cell[here] < 0).any()
    if not len(here) or share < SMALLEST_SHARE or (lacks_own and not learned.is_modelled):
        return None, None, None, None, share, None
    weight = cells.population[here] / cells.population[here].sum()
    truncated = None if learned.truncated is None else float(learned.truncated[here] @ weight)
    draws = learned.shares[:, here] @ weight
    lower, value, upper = (float(one) for one in np.quantile(draws, [tail, 0.5, 1 - tail]))
    return value, lower, upper, _effective_n(learned, here, weight, value), share, truncated


def _columns(frame: pl.DataFrame, priors: Priors, smallest: float = SMALLEST_CELL) -> _Cells:
    count = {name: frame[name].to_numpy().astype(np.float64) for name in COUNTS}
    number = {code: place for place, code in enumerate(frame["district"].unique(maintain_order=True))}
    district = np.array([number[code] for code in frame["district"]], dtype=np.int64)
    # A cell nobody of the register is in takes the shares of its district.
    whole = {name: np.bincount(district, count[name])[district] for name in ("residents", "insured", "known")}
    residents, insured, known = (
        np.where(count["insured"] > 0, count[name], whole[name]) for name in ("residents", "insured", "known")
    )
    unknown = count["insured"] - count["known"]
    return _Cells(
        population=count["population"],
        insured_share=insured / np.maximum(residents, 1.0),
        known_share=known / np.maximum(insured, 1.0),
        unknown=unknown,
        assessed=np.minimum(count["assessed"], np.maximum(unknown, 1.0)),
        district=district,
        groups=_groups(frame, count, priors, smallest),
    )


def _groups(frame: pl.DataFrame, count: dict[str, Floats], priors: Priors, smallest: float) -> _Groups:
    """Collapsed cells; a district with too few assessed borrows those of the city at the same sex and age."""
    own = collapse(frame["district"].to_list(), frame["sex"].to_list(), count["assessed"], smallest)
    is_borrowed = own < 0
    city = frame.group_by("sex", "age_from").agg(pl.col(LEARNED).sum()).sort("sex", "age_from")
    whole = city["assessed"].to_numpy().astype(float)
    lent = collapse(["city"] * city.height, city["sex"].to_list(), whole, smallest)
    place = dict(zip(city.select("sex", "age_from").iter_rows(), lent, strict=True))
    borrowed = np.array([place[key] for key in frame.select("sex", "age_from").iter_rows()], dtype=np.int64)
    is_lent = lent >= 0
    of_city: dict[str, Floats] = {
        name: np.bincount(lent[is_lent], city[name].to_numpy()[is_lent]).astype(np.float64)
        for name in LEARNED
    }
    following = int(own.max()) + 1
    mine = {
        name: np.bincount(own[~is_borrowed], count[name][~is_borrowed], minlength=following)
        for name in LEARNED
    }
    # The last group is nobody's: a cell that has none (-1) finds it.
    totals = {name: np.concatenate([mine[name], of_city[name], [0.0]]) for name in LEARNED}
    of_each = _share(of_city, np.full(len(of_city["assessed"]), 0.5), priors)
    # Nobody's group (-1) finds the half at the end.
    pattern = np.append(of_each, 0.5)[borrowed]
    expected = np.full(len(totals["assessed"]), 0.5)
    expected[:following] = _expected(own, pattern, count["assessed"])
    shift = np.zeros(len(own))
    shift[~is_borrowed] = logit(pattern[~is_borrowed]) - logit(expected[own[~is_borrowed]])
    return _Groups(
        of_cell=np.where(is_borrowed, np.where(borrowed < 0, -1, borrowed + following), own),
        is_borrowed=is_borrowed,
        shift=shift,
        share=_share(totals, expected, priors),
        expected=expected,
        **totals,
    )


def _share(counts: dict[str, Floats], expected: Floats, priors: Priors) -> Floats:
    """Share of cases among the assessed of some groups, the indeterminate at the mean of their prior."""
    alpha, beta = priors.persistence
    confirmed = counts["cases"] + alpha / (alpha + beta) * counts["indeterminate"]
    return (confirmed + expected) / (counts["assessed"] + 1)


def _expected(own: Ints, pattern: Floats, assessed: Floats) -> Floats:
    """Of each collapsed cell, the mean of the city's shares at its ages and sexes over those assessed."""
    used = own >= 0
    return np.bincount(own[used], (assessed * pattern)[used]) / np.bincount(own[used], assessed[used])


def collapse(
    districts: Sequence[str], sexes: Sequence[str], assessed: Floats, smallest: float = SMALLEST_CELL
) -> Ints:
    """Numbers of collapsed cells; cells come sorted by district, sex and age.

    Neighbouring ages of one sex are put together until ``smallest`` people are assessed; what is left over at the old
    end joins the group before. A sex with fewer joins the other one of its district; a district with fewer is -1.
    """
    group = np.full(len(assessed), -1, dtype=np.int64)
    district, sex = np.array(districts), np.array(sexes)
    following = 0
    for code in dict.fromkeys(districts):
        here = np.flatnonzero(district == code)
        if assessed[here].sum() < smallest:
            continue
        parts = [here[sex[here] == one] for one in dict.fromkeys(sex[here])]
        if any(assessed[part].sum() < smallest for part in parts):
            parts = [here]
        for part in parts:
            runs = _runs(assessed[part], smallest)
            group[part] = following + runs
            following += int(runs.max()) + 1
    return group


def _runs(assessed: Floats, smallest: float) -> Ints:
    """Consecutive runs of at least ``smallest`` each, numbered from 0; the total is no less."""
    runs = np.zeros(len(assessed), dtype=np.int64)
    run, total = 0, 0.0
    for place, count in enumerate(assessed):
        runs[place] = run
        total += count
        if total >= smallest:
            run, total = run + 1, 0.0
    return np.minimum(runs, max(run - 1, 0))


def _among_assessed(cells: _Cells, priors: Priors, generator: np.random.Generator) -> Floats:
    """``DRAWS x cells`` of ``pi`` among the assessed; meaningless where a cell has no group (-1)."""
    rho = generator.beta(*priors.persistence, (DRAWS, 1))
    of_group = _draw_groups(cells, rho, generator)[:, cells.groups.of_cell]
    found: Floats = expit(logit(of_group) + cells.groups.shift)
    return found


def _among_residents(
    cells: _Cells, among_assessed: Floats, examined: Floats, priors: Priors, generator: np.random.Generator
) -> Floats:
    """Prevalence among all residents of each cell: those not assessed, the known, the uninsured come in."""
    draws = len(among_assessed)
    d_city = generator.normal(*priors.selection_city, (draws, 1))
    d_unit = generator.normal(*priors.selection_district, (draws, int(cells.district.max()) + 1))
    h = generator.normal(*priors.known_uninsured, (draws, 1))
    others = expit(logit(examined) - d_city - d_unit[:, cells.district])
    a = cells.assessed / np.maximum(cells.unknown, 1.0)
    pi = a * among_assessed + (1 - a) * others
    k = cells.known_share
    ku = expit(logit(np.clip(k, 1e-4, 1 - 1e-4)) + h)
    shares: Floats = cells.insured_share * (k + (1 - k) * pi) + (1 - cells.insured_share) * (
        ku + (1 - ku) * pi
    )
    return shares


def _draw_groups(cells: _Cells, rho: Floats, generator: np.random.Generator) -> Floats:
    """Draws of ``pi`` among the assessed of each collapsed cell: Beta with a prior worth one person.

    That person is as the city expects of the group's ages: Jeffreys' half would add half a point to every district
    where cells of thirty hold few cases.
    """
    groups = cells.groups
    confirmed = groups.cases + rho * groups.indeterminate
    found: Floats = generator.beta(
        confirmed + groups.expected, groups.assessed - confirmed + 1 - groups.expected
    )
    return np.clip(found, 1e-6, 1 - 1e-6)


def _effective_n(learned: Learned, here: Ints, weight: Floats, value: float) -> float:
    """``P (1 - P)`` over the sampling variance of the row: that of ``pi`` alone, the rest is complete counts."""
    cells, groups = learned.cells, learned.cells.groups
    unknown = weight * (1 - cells.known_share[here])
    if learned.deviations is not None:
        variance = float(np.mean((learned.deviations[:, here] @ unknown) ** 2))
    else:
        of_group = np.bincount(groups.of_cell[here], unknown, minlength=len(groups.share))
        spread = groups.share * (1 - groups.share) / np.maximum(groups.assessed, 1)
        variance = float(np.sum(of_group**2 * spread))
    return value * (1 - value) / variance if variance > 0 else float(groups.assessed.sum())
