"""One application and one small city per test process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dash import Dash
from flask import Flask

from analytics.generation import close_all
from dashboard.app import create_app
from tests.support.home import settings
from tests.support.shared import copied


@pytest.fixture(scope="session")
def home(small_city: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(small_city, tmp_path_factory.mktemp("city")).home


@pytest.fixture(scope="session")
def app(home: Path) -> Iterator[Dash]:
    """The first and only application of the process: module-level callbacks belong to it."""
    yield create_app(settings(home))
    close_all()


@pytest.fixture
def server(app: Dash) -> Iterator[Flask]:
    """The Flask application inside its context, so that ``dashboard.data`` finds its home."""
    with app.server.app_context():
        yield app.server
