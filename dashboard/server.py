"""``hssk serve``: gunicorn with the application loaded once before it forks; stores are opened after."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from dashboard.app import wsgi
from warehouse.errors import EXIT_UNAVAILABLE, UserError
from warehouse.settings import Settings

THREADS = 4
SECONDS_TO_FINISH = 10


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn with options given by code instead of its command line."""

    def __init__(self, application: Flask, options: dict[str, Any]) -> None:
        self.application, self.options = application, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self.application


def serve(settings: Settings, *, host: str = "127.0.0.1", port: int = 8050, workers: int = 2) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished first (at most ten seconds).

    Raises:
        UserError: the host is not this machine (no users are configured), or the port is taken.
    """
    refuse_open_host(host)
    refuse_taken_port(host, port)
    print(
        f"HSSK Atlas on http://{_bracketed(host)}:{port} (this machine only; no users are configured)",
        flush=True,
    )
    Server(wsgi(settings), options(host, port, workers)).run()


def options(host: str, port: int, workers: int) -> dict[str, Any]:
    """Settings of gunicorn. Threads wait for files and sockets; DuckDB and polars work outside Python's lock."""
    return {
        "bind": f"{_bracketed(host)}:{port}",
        "workers": workers,
        "worker_class": "gthread",
        "threads": THREADS,
        "preload_app": True,
        "graceful_timeout": SECONDS_TO_FINISH,
        "timeout": 60,
        "keepalive": 15,
        "accesslog": None,
        "loglevel": "warning",
        "proc_name": "hssk-serve",
    }


def refuse_open_host(host: str) -> None:
    """Only an address of this machine is served as long as nobody can sign in."""
    try:
        is_local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_local = False
    if not is_local:
        raise UserError(
            "no users are configured, so the dashboards are served to this machine only",
            field="--host",
            value=host,
            expected="127.0.0.1, ::1 or localhost",
            action="Leave --host out, or reach it through an SSH tunnel",
        )


def refuse_taken_port(host: str, port: int) -> None:
    """Bind once and let go: a port that is taken is told in one line instead of gunicorn's retries."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise UserError(
                f"the port cannot be used: {error}",
                field="--port",
                value=str(port),
                action="Choose another with --port, or stop the program that holds it",
                exit_code=EXIT_UNAVAILABLE,
            ) from None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
