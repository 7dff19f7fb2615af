"""Marks that need a program of the machine are skipped aloud without it; property tests repeat in CI."""

import importlib.util
import os

import pytest
from hypothesis import settings

from benchmarks.served import chromium_path
from tests.support.tools import java_path

settings.register_profile("project", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("project")


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
