"""``hssk serve`` stays on this machine and says in one line why it cannot start."""

import socket

import pytest

from dashboard.server import options, refuse_open_host, refuse_taken_port
from warehouse.errors import EXIT_UNAVAILABLE, EXIT_USAGE, UserError


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_machine_is_served(host: str) -> None:
    refuse_open_host(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "example", ""])
def test_no_other_address_is_served_without_users(host: str) -> None:
    with pytest.raises(UserError, match="no users") as caught:
        refuse_open_host(host)
    assert caught.value.exit_code == EXIT_USAGE


def test_a_taken_port_is_named() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(UserError, match=str(port)) as caught:
            refuse_taken_port("127.0.0.1", port)
    assert caught.value.exit_code == EXIT_UNAVAILABLE


def test_two_workers_share_one_loaded_application() -> None:
    chosen = options("::1", 8050, 2)

    assert (chosen["bind"], chosen["workers"], chosen["preload_app"]) == ("[::1]:8050", 2, True)
