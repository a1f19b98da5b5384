"""Ports that stay ours while a server of ours is away."""

import socket

from deploy.local.runner import PlatformFailed
from shared.http.serving import bound_socket


class HeldPorts:
    """Loopback ports by name, held from the first asking to `close`.

    The socket that holds one is bound and never listens: a server that asks for the address again (SO_REUSEADDR, as
    all of ours do) gets it, the kernel gives it to nobody else, and a client that knocks meanwhile is refused."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._sockets: dict[str, socket.socket] = {}

    def hold(self, name: str, wanted: int = 0) -> int:
        """The port, a free one for 0. Raises PlatformFailed where somebody listens on it."""
        if name not in self._sockets:
            try:
                self._sockets[name] = bound_socket(self._host, wanted)
            except OSError as error:
                raise PlatformFailed(f"cannot listen on {self._host}:{wanted}: {error.strerror}") from error
        port: int = self._sockets[name].getsockname()[1]
        return port

    def close(self) -> None:
        for held in self._sockets.values():
            held.close()
        self._sockets.clear()
