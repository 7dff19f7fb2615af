"""Marks that need a program of the machine are skipped aloud without it; property tests repeat in CI."""

import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import settings

from benchmarks.served import chromium_path
from models.fit import fit
from tests.support import home as support
from tests.support.city import city_home, synthetic_home
from tests.support.examples import PROFILES
from tests.support.home import run_build, small_extract
from tests.support.shared import Built, Once, copied
from tests.support.tools import java_path
from warehouse.synthetic.writer import TRUTH_COUNTS

for name, count in PROFILES.items():
    settings.register_profile(name, max_examples=count, deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("part")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run, naming what is missing."""
    missing = {
        "browser": None if chromium_path() else "no Chromium here: install it or set HSSK_CHROMIUM",
        "spark": None
        if java_path() and importlib.util.find_spec("pyspark")
        else "no Java or no PySpark here",
    }
    for item in items:
        for mark, reason in missing.items():
            if reason and item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """``once(name, make)``: a folder made once for all test processes."""
    base = tmp_path_factory.getbasetemp()
    return Once((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "once")


@pytest.fixture(scope="session")
def small_city(once: Once) -> Path:
    """The folder of ``home``, the small city built; to be read or copied."""
    return once("small-city", lambda folder: city_home(folder / "home"))


@pytest.fixture(scope="session")
def synthetic_city(once: Once) -> Path:
    """The folder of ``city``, the extracts of 20,000 calm residents, and ``home``; to be read or copied."""
    return once("synthetic-city", lambda folder: synthetic_home(folder, population=20_000, seed=3))


@pytest.fixture(scope="session")
def fitted_city(once: Once, synthetic_city: Path) -> Path:
    """A copy of ``synthetic_city`` with a second generation, that of its estimates; to be read or copied."""

    def make(folder: Path) -> None:
        home = copied(synthetic_city, folder).home
        report = fit(support.settings(home), now=support.NOW, truth=folder / "city" / TRUTH_COUNTS)
        assert report.fits
        assert report.build_id == (home / "CURRENT").read_text().strip()

    return once("fitted-city", make)


@pytest.fixture
def small(once: Once, tmp_path: Path) -> Built:
    """``tmp_path/in``, the forty people of ``small_extract``, and ``tmp_path/home``, their build; the test's own."""
    return copied(
        once("small", lambda folder: run_build(folder / "home", small_extract(folder / "in"))), tmp_path
    )
