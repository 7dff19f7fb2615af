"""The attack suite holds: what can be subtracted from the published cells tells next to nothing of a hidden one."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.noise import Noise
from benchmarks import attacks
from warehouse.noise import noise_table

#: Above it a number would matter (statistics.md).
GOAL = 0.05


@pytest.fixture(scope="module")
def release() -> attacks.Release:
    return attacks.simulate(seed=0, mean=6.0)


@pytest.mark.parametrize("name", list(attacks.ATTACKS))
def test_no_attack_has_an_advantage_that_matters(release: attacks.Release, name: str) -> None:
    found = attacks.measure(release, attacks.ATTACKS[name])
    assert found["hidden"] > 500
    assert found["advantage"] <= GOAL
    assert found["sure"] <= 0.01


def test_the_suite_notices_a_release_that_leaks(release: attacks.Release) -> None:
    """Without the cells that are hidden for the sake of others, differences give counts away."""
    bare = attacks.Release(release.cases, release.people, release.shown_cases, release.shown_people)
    bare.hidden.secondary[:] = False
    assert attacks.measure(bare, attacks.all_together)["advantage"] > GOAL


def test_frozen_quarters_give_nobody_away_and_moving_ones_do() -> None:
    noise = Noise.from_frame(noise_table(bytes(32)))
    assert abs(attacks.by_date(noise, frozen=True)) < 0.03
    assert attacks.by_date(noise, frozen=False) > 0.35


def test_a_sum_holds_the_same_for_every_hidden_count(release: attacks.Release) -> None:
    is_small = release.shown_people[tuple(release.targets.T)] > 30
    unit, sex, age = release.targets[is_small][0]
    shown = release.shown_cases.copy()
    for count in range(5):
        shown[unit, sex, age] = count
        other = attacks.Release(release.cases, release.people, shown, release.shown_people)
        assert np.array_equal(other.stand_in, release.stand_in)
