"""A held port goes to our server again and again, and to nobody else."""

import socket
from pathlib import Path

import pytest

from deploy.fleet.ports import HeldPorts
from deploy.local.postgres import start_postgres
from deploy.local.runner import PlatformFailed, checked_port
from shared.http.serving import bound_socket

HOST = "127.0.0.1"


def listening(port: int) -> socket.socket:
    """As every server of ours does it."""
    server = bound_socket(HOST, port)
    server.listen()
    return server


def test_a_server_comes_back_to_it() -> None:
    ports = HeldPorts(HOST)
    port = ports.hold("api")
    assert ports.hold("api") == port, "a name has one"
    for _ in range(3):
        with listening(port), socket.create_connection((HOST, port), timeout=5):
            pass
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((HOST, port), timeout=5)
    ports.close()


def test_nobody_else_is_given_it() -> None:
    ports = HeldPorts(HOST)
    port = ports.hold("api")
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((HOST, port))
    ports.close()
    with socket.socket() as other:
        other.bind((HOST, port))


def test_a_port_somebody_listens_on_is_refused() -> None:
    with listening(0) as taken, pytest.raises(PlatformFailed, match="cannot listen on"):
        HeldPorts(HOST).hold("gateway", taken.getsockname()[1])


def test_postgres_takes_it(tmp_path: Path) -> None:
    ports = HeldPorts(HOST)
    port = ports.hold("postgres")
    with start_postgres(tmp_path, durable=False, port=port) as server:
        assert server.port == port
    ports.close()


@pytest.mark.parametrize("port", [-1, 65_536, 70_000])
def test_a_port_that_cannot_be_is_said(port: int) -> None:
    with pytest.raises(PlatformFailed, match=f"cannot listen on 127.0.0.1:{port}: ports go from 0 to 65535"):
        checked_port(port)
