"""One application and one small city per test process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dash import Dash
from flask import Flask

from analytics.generation import close_all
from dashboard.app import create_app
from tests.support.city import city_home
from tests.support.home import settings


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return city_home(tmp_path_factory.mktemp("city"))


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
