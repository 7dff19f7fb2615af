"""Seconds of the fastest of several runs: what a way of reading takes when nothing else is in its way."""

from __future__ import annotations

import time
from collections.abc import Callable

RUNS = 5


def best(work: Callable[[], object]) -> float:
    """Seconds of the fastest run."""
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
