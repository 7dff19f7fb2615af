"""The attack suite holds: what can be subtracted from the published cells tells next to nothing of a hidden one."""

from __future__ import annotations

import pytest

from analytics.noise import Noise
from benchmarks import attacks
from warehouse.noise import noise_table

#: Above it a number would matter (statistics.md).
GOAL = 0.05


@pytest.fixture(scope="module")
def release() -> attacks.Release:
    return attacks.simulate(seed=1, mean=6.0)


@pytest.mark.parametrize("name", list(attacks.ATTACKS))
def test_no_attack_has_an_advantage_that_matters(release: attacks.Release, name: str) -> None:
    found = attacks.measure(release, attacks.ATTACKS[name])
    assert found["hidden"] > 500
    assert found["advantage"] <= GOAL
    assert found["sure"] <= 0.01


def test_the_suite_notices_a_release_that_leaks(release: attacks.Release) -> None:
    """Where the sums around a hidden cell keep a noise of their own, differences give its count away."""
    bare = attacks.Release(release.cases, release.people, release.shown_cases, release.shown_people)
    bare.published.uncertain[:] = bare.published.hidden
    bare.published.numerator[:] = bare.shown_cases
    assert attacks.measure(bare, attacks.all_together)["advantage"] > GOAL
    assert attacks.measure(bare, attacks.by_selection)["advantage"] > GOAL


def test_frozen_quarters_give_nobody_away_and_moving_ones_do() -> None:
    noise = Noise.from_frame(noise_table(bytes(32)))
    assert abs(attacks.by_date(noise, frozen=True)) < 0.03
    assert attacks.by_date(noise, frozen=False) > 0.35
