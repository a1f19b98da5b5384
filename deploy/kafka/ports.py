"""Loopback ports for servers whose clients go on knocking while they are away."""

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 12_000
_ATTEMPTS = 200


def steady_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Different ports nobody listens on now, below those the kernel hands out.

    A port it hands out could go to another program while its server restarts, or to the client that
    reconnects: on the loopback interface it would then be talking to itself.
    Raises OSError where none is found.
    """
    ceiling = int(_RANGE.read_text().split()[0])
    lowest = min(_LOWEST, ceiling // 2)
    found: set[int] = set()
    for _ in range(_ATTEMPTS):
        if len(found) == count:
            return list(found)
        port = random.randrange(lowest, ceiling)  # noqa: S311 - no secret
        if port not in found and _free(host, port):
            found.add(port)
    raise OSError(f"no {count} free ports between {lowest} and {ceiling}")


def _free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
