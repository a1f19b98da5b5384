"""Parts made of small programs that listen like a service does."""

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from deploy.fleet.part import Part
from deploy.fleet.ports import HeldPorts
from deploy.fleet.programs import ServiceProcess

SERVER = """
import os, signal, socket, sys, time
port, ways = int(sys.argv[1]), sys.argv[2:]
print("begins", flush=True)
if "deaf" in ways:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.path.exists(ways[0]):
    sys.exit("cannot start")
if "late" in ways:
    time.sleep(600)
server = socket.create_server(("127.0.0.1", port))
print("serves", flush=True)
while True:
    server.accept()[0].close()
"""

MakePart = Callable[..., Part]


@pytest.fixture
def ports() -> HeldPorts:
    return HeldPorts("127.0.0.1")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """While this file is there no server can start."""
    return tmp_path / "broken"


@pytest.fixture
async def make_part(tmp_path: Path, broken: Path, ports: HeldPorts) -> AsyncIterator[MakePart]:
    """Makes parts; all are stopped after the test. Ways: deaf to SIGTERM, late for ever."""
    made: list[Part] = []

    def make(*ways: str) -> Part:
        name = f"part{len(made)}"
        port = ports.hold(name)
        command = [sys.executable, "-c", SERVER, str(port), str(broken), *ways]
        program = ServiceProcess(command, {}, tmp_path / f"{name}.log", "127.0.0.1", port)
        made.append(Part(name, "worker", program))
        return made[-1]

    yield make
    for part in made:
        await part.stop()
    ports.close()
