"""The listening socket: what can go wrong with an address is one sentence."""

from __future__ import annotations

import socket

import pytest

from starmodel.adapters.fasthtml.server import BindError, PortInUseError, bind
from starmodel.adapters.fasthtml.server.binding import url_of


def test_port_0_is_any_free_port():
    with bind("127.0.0.1", 0) as listener:
        assert url_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert listener.getsockname()[1] > 0


def test_localhost_is_listened_on_where_browsers_try_first():
    with bind("localhost", 0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_every_address_is_shown_as_one_a_browser_can_open():
    with bind("0.0.0.0", 0) as listener:
        assert url_of(listener).startswith("http://127.0.0.1:")


def test_a_port_in_use_comes_with_the_next_free_one():
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"127.0.0.1:{port}: another program is there") as caught:
            bind("127.0.0.1", port)
    with bind("127.0.0.1", caught.value.free):
        pass


def test_a_second_free_port_is_found_beyond_a_used_one():
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with socket.socket() as second:
            try:
                second.bind(("127.0.0.1", port + 1))
                second.listen()
            except OSError:
                pass  # somebody else uses it, which is as good
            with pytest.raises(PortInUseError) as caught:
                bind("127.0.0.1", port)
    assert caught.value.free > port + 1


@pytest.mark.parametrize("host", ["203.0.113.7", "x" * 70])
def test_an_address_that_is_not_this_machines_is_told(host):
    with pytest.raises(BindError, match=r"--host 127\.0\.0\.1 is this machine"):
        bind(host, 8000)


def test_a_server_that_is_not_ready_is_passed_over():
    with bind("127.0.0.1", 0, at_once=False) as listener:
        place = listener.getsockname()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(place)
        listener.listen()
        socket.create_connection(place).close()
