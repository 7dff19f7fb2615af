"""The functions on frames of counts against R 4.2.2 (survey 4.1.1, epitools 0.5.10.1, spdep 1.2.7) and papers.

Above each number stands the call that made it.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import polars as pl
import pytest

from analytics import comparison, indirect
from analytics.bounds import manski, shifted
from analytics.control_chart import xmr
from analytics.decomposition import composition_and_rate
from analytics.equivalence import equivalence
from analytics.funnel import between_variance, funnel
from analytics.inequality import slope_index
from analytics.presentation import Verdict, presentation
from analytics.rates import Estimate
from analytics.spatial import discoveries, empirical_bayes, local_empirical_bayes, local_moran, moran
from analytics.trend import chi_square_trend
from analytics.weighting import design_effect, post_stratified, raked


def three(found: Estimate) -> tuple[float | None, float | None, float | None]:
    return found.value, found.lower, found.upper


def test_chi_square_trend() -> None:
    """prop.trend.test(c(15,10,5,30), c(100,100,100,150), score=1:4)"""
    found = chi_square_trend([15, 10, 5, 30], [100, 100, 100, 150], [1, 2, 3, 4])
    assert found == pytest.approx((1.442307692308, 0.229766270461), abs=1e-11)


def test_risk_and_odds_ratio() -> None:
    """epitools::riskratio.wald(matrix(c(80,20,70,30),2,byrow=TRUE)), oddsratio.wald of the same"""
    risk, odds = comparison.risk_ratio(30, 100, 20, 100), comparison.odds_ratio(30, 100, 20, 100)
    assert three(risk) == pytest.approx((1.5, 0.915960829322, 2.45643692172), abs=1e-10)
    assert three(odds) == pytest.approx((1.71428571429, 0.894579346727, 3.28509206138), abs=1e-10)


def test_rate_ratio() -> None:
    """poisson.test(c(41,15), c(28010,19017))"""
    found = comparison.rate_ratio(41, 28010, 15, 19017)
    assert three(found) == pytest.approx((1.85575865762, 1.00568406269, 3.60930031108), abs=1e-10)


@pytest.mark.parametrize(
    ("cells", "lower", "upper"),
    [((56, 70, 48, 80), 0.0524, 0.3339), ((9, 10, 3, 10), 0.1705, 0.8090), ((10, 10, 0, 20), 0.6791, 1.0)],
)
def test_newcombe(cells: tuple[int, int, int, int], lower: float, upper: float) -> None:
    """Newcombe 1998, Table II, method 10: (a) 56/70 - 48/80, (b) 9/10 - 3/10, (e) 10/10 - 0/20"""
    found = comparison.difference(*cells)
    assert (found.lower, found.upper) == pytest.approx((lower, upper), abs=5e-5)


def test_indirect_standardisation() -> None:
    """epitools::ageadjust.indirect(c(45,70,90), c(1000,1200,900), c(400,700,1200), c(10000,12000,11000))$sir: 205 and
    208.181818; its limits are log-normal, ours Byar's of 205 (178.90..235.07 by the formula) over the same.
    """
    expected = indirect.expected([1000, 1200, 900], [400, 700, 1200], [10000, 12000, 11000])
    assert expected == pytest.approx(208.181818181818, abs=1e-10)
    assert indirect.standardised_ratio(205, expected).value == pytest.approx(0.984716157205, abs=1e-11)


def test_published_standardised_ratio() -> None:
    """PHE methods: 895 observed, 835.883561 expected"""
    found = indirect.standardised_ratio(895, 835.883561)
    assert three(found) == pytest.approx((1.070723, 1.001715, 1.143233), abs=1e-6)


def test_slope_index() -> None:
    """x <- (cumsum(w)-w/2)/sum(w); confint(lm(c(.35,.31,.30,.24,.20) ~ x, weights=c(100,150,200,150,100)))"""
    found = slope_index([0.35, 0.31, 0.30, 0.24, 0.20], [100, 150, 200, 150, 100])
    assert (found.slope, found.lower, found.upper) == pytest.approx(
        (-0.163172413793, -0.2429088187076, -0.0834360088786), abs=1e-11
    )
    assert found.relative == pytest.approx((0.363729064039 - 0.163172413793) / 0.363729064039, abs=1e-9)


CELLS = pl.DataFrame({"sex": ["m", "m", "f", "f"], "age": ["y", "o", "y", "o"], "people": [30, 50, 40, 80]})


def test_raking() -> None:
    """survey::rake(svydesign(~1, data=d), list(~sex,~age), list(sex m 480 f 520, age y 600 o 400)): mean weights"""
    found = raked(CELLS, {"sex": {"m": 480, "f": 520}, "age": {"y": 600, "o": 400}})["weight"].to_list()
    assert found == pytest.approx([9.96351093860, 3.62189343684, 7.52736679605, 2.73631660198], abs=1e-7)


def test_post_stratification() -> None:
    """survey::postStratify(s, ~sex, m 480 f 520): weights 6 and 4.33333333333"""
    people = CELLS.group_by("sex").agg(pl.col("people").sum())
    totals = pl.DataFrame({"sex": ["m", "f"], "population": [480, 520]})
    found = post_stratified(people, totals, by=["sex"])
    assert dict(found.select("sex", "weight").iter_rows()) == pytest.approx({"m": 6, "f": 13 / 3})


def test_kish() -> None:
    """w <- rep(c(1,2,5), c(10,20,30)); length(w)*sum(w^2)/sum(w)^2"""
    assert design_effect(np.array([10.0, 20, 30]), np.array([1.0, 2, 5])) == pytest.approx(1.26)


def test_korn_graubard_at_whole_counts_is_clopper_pearson() -> None:
    """binom.test(24, 120)$conf.int"""
    found = presentation(0.2, 120)
    assert (found.lower, found.upper) == pytest.approx((0.132547567545, 0.282809890898), abs=1e-11)
    assert found.verdict is Verdict.PRESENT


@pytest.mark.parametrize(
    ("proportion", "size", "degrees", "verdict"),
    [
        (0.5, 29, None, Verdict.SUPPRESS),  # under 30
        (0.5, 40, None, Verdict.SUPPRESS),  # interval of 31 points
        (0.04, 60, None, Verdict.SUPPRESS),  # 13 points, 320 % of the value
        (0.96, 60, None, Verdict.PRESENT),  # the same width, 14 % of the value
        (0.01, 2000, None, Verdict.PRESENT),  # under five points
        (0.0, 500, None, Verdict.REVIEW),
        (0.3, 400, 5.0, Verdict.REVIEW),
    ],
)
def test_presentation_standards(
    proportion: float, size: float, degrees: float | None, verdict: Verdict
) -> None:
    assert presentation(proportion, size, degrees=degrees).verdict is verdict


def test_equivalence() -> None:
    """d<-.03; s<-sqrt(.01^2+.005^2); max(pnorm((d+.05)/s, lower.tail=FALSE), pnorm((d-.05)/s))"""
    found = equivalence(0.33, 0.30, error=0.01, benchmark_error=0.005)
    assert found.p == pytest.approx(0.0368191350602, abs=1e-12)
    assert found.verdict == "equivalent"
    assert equivalence(0.12, 0.09, error=0.01, benchmark_error=0.005).verdict == "not_shown"
    assert equivalence(0.45, 0.30, error=0.01, benchmark_error=0.005).verdict == "different"


# cell2nb(4, 5): a lattice of four rows, numbered down the columns of spdep as listed by its neighbours.
ROOKS = [(a, b) for a, b in product(range(20), repeat=2) if (b == a + 1 and b % 5) or b == a + 5]
VALUES = [1, 3, 2, 4, 5, 6, 7, 3, 4, 8, 9, 7, 6, 8, 10, 12, 9, 11, 13, 10]
EVENTS = [5, 12, 3, 40, 8, 1, 0, 14, 9, 26, 11, 2, 7, 10, 4, 35, 3, 8, 13, 5]
PEOPLE = [100, 200, 80, 250, 150, 40, 30, 220, 160, 90, 210, 60, 130, 170, 70, 240, 50, 140, 230, 110]


def test_moran() -> None:
    """spdep::moran.test(v, nb2listw(cell2nb(4,5), style="W"), randomisation=FALSE)"""
    found = moran(VALUES, ROOKS, seed=1, permutations=999)
    assert (found.value, found.expected, found.z) == pytest.approx(
        (0.6163210099188, -1 / 19, 3.98603662), abs=1e-8
    )
    assert found.p < 0.01


def test_local_moran() -> None:
    """spdep::localmoran(v, lw)[,1]; esda divides by n - 1 where spdep divides by n"""
    found = local_moran(VALUES, ROOKS, seed=1, permutations=999)
    expected = [1.27682596934175, 1.25428313796213, 1.57589419897806, 0.84550646227833, 0.15419296663661]
    assert found.value[:5] * 20 / 19 == pytest.approx(expected, abs=1e-9)
    assert found.cluster[0] in ("low_low", "none")


def test_local_moran_of_a_lone_unit_says_nothing() -> None:
    found = local_moran([*VALUES, 99], ROOKS, seed=1, permutations=99)
    assert (found.value[20], found.p[20], found.cluster[20]) == (0, 1, "none")


def test_same_seed_same_answer() -> None:
    assert moran(VALUES, ROOKS, seed=5, permutations=99) == moran(VALUES, ROOKS, seed=5, permutations=99)


def test_false_discovery_rate() -> None:
    """Benjamini & Hochberg 1995, Table: 15 p-values of the myocardial infarction trial, four pass at 5 %"""
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1,
    ]
    assert discoveries(np.array(p), 0.05).sum() == 4


def test_empirical_bayes() -> None:
    """spdep::EBest(e, n)$estmm; spdep::EBlocal(e, n, cell2nb(4,5), geoda=TRUE)$est"""
    found = empirical_bayes(EVENTS, PEOPLE)[:5]
    assert found == pytest.approx(
        [0.0570915539143, 0.0626509521703, 0.0494424050214, 0.1507735884499, 0.0578897380413], abs=1e-11
    )
    local = local_empirical_bayes(EVENTS, PEOPLE, ROOKS)[:5]
    assert local == pytest.approx(
        [0.0529411764706, 0.0487804878049, 0.0582084284513, 0.1505661310260, 0.0683814810619], abs=1e-11
    )


def test_kitagawa_by_hand() -> None:
    """Two strata, 100 of 400 and 300 of 600, then 200 of 500 and 250 of 500: change 0.40 to 0.45"""
    old = pl.DataFrame({"age": [1, 2], "numerator": [100, 300], "denominator": [400, 600]})
    new = pl.DataFrame({"age": [1, 2], "numerator": [200, 250], "denominator": [500, 500]})
    found = composition_and_rate(old, new, strata=["age"])
    assert found["composition"] == pytest.approx(0.1 * (0.25 + 0.4) / 2 - 0.1 * 0.5)
    assert found["rate"] == pytest.approx(0.15 * 0.45)


def test_funnel_by_hand() -> None:
    """Spiegelhalter's formulas on five units; spread as DerSimonian and Laird's moment estimator (metafor would give
    the same from effects asin(sqrt p) and variances 1/4n with its DL method when nothing is winsorised).
    """
    p, n = np.array([0.2, 0.25, 0.3, 0.35, 0.4]), np.array([400.0, 900, 1600, 900, 400])
    s2 = 1 / (4 * n)
    z = (np.arcsin(np.sqrt(p)) - np.arcsin(np.sqrt(0.3))) / np.sqrt(s2)
    low, high = np.quantile(z, [0.1, 0.9])
    phi = np.mean(np.clip(z, low, high) ** 2)
    w = 1 / s2
    tau2 = (5 * phi - 4) / (w.sum() - (w**2).sum() / w.sum())
    found = funnel(p, n, centre=0.3)
    assert (found.phi, found.tau2) == pytest.approx((phi, tau2))
    lower, upper = found.limits([400], confidence=0.95)
    reach = 1.959963984540054 * np.sqrt(1 / 1600 + tau2)
    assert upper[0] == pytest.approx(np.sin(np.arcsin(np.sqrt(0.3)) + reach) ** 2)
    assert lower[0] < 0.3 < upper[0]
    assert between_variance(0.5, s2) == 0


def test_xmr_by_hand() -> None:
    """Mean 51, mean moving range 2: limits 51 -+ 5.32, range limit 6.536; week 6 of Tết sets none of them."""
    weeks = [50, 52, 50, 52, 50, 9, 52, 50, 52, 50, 52, 50, 52]
    found = xmr(weeks, excepted=[week == 9 for week in weeks])
    assert (found.centre, found.lower, found.upper, found.range_limit) == pytest.approx(
        (51, 45.68, 56.32, 6.536)
    )
    assert found.state[5] == "excepted"
    assert set(found.state) == {"usual", "excepted"}
    assert xmr([*weeks[:5], *weeks[6:], 60]).state[-1] == "beyond_limits"


def test_eight_on_one_side_are_a_run() -> None:
    found = xmr([48, 52] * 6 + [51] * 8)
    assert found.state[-8:] == ("run",) * 8


def test_manski_and_shift() -> None:
    assert manski(0.4, 0.25) == pytest.approx((0.1, 0.85))
    assert shifted(0.4, 0.25, [0.0])[0] == pytest.approx(0.4)
    assert shifted(0.4, 0.25, [np.log(2)])[0] == pytest.approx(0.25 * 0.4 + 0.75 * 0.25)
