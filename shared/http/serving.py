"""HTTP servers inside a process that has other things to do: on an address taken before, beside others."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import uvicorn


class ServerFailed(RuntimeError):
    """A server did not start, or ended without being asked to."""


def bound_socket(host: str, port: int = 0) -> socket.socket:
    """A listening address taken before anything else starts, so that addresses are known and free. Raises OSError."""
    # asyncio switches Nagle's algorithm off only where the protocol is named; without it every answer on a
    # connection that is kept open waits 40 ms for the other side's delayed acknowledgement.
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
    except OSError:
        found.close()
        raise
    return found


class _Server(uvicorn.Server):
    """One of several parts of a process: signals are its owner's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class RunningServer:
    """An ASGI application served on a bound socket: `start`, then `stop`; `ended` raises in between."""

    def __init__(
        self, name: str, app: Any, listener: socket.socket, *, lifespan: Literal["on", "off"] = "on"
    ) -> None:
        self.name = name
        self._socket = listener
        self._server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan=lifespan,
                timeout_graceful_shutdown=5,
            )
        )
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """`http://host:port`."""
        host, port = self._socket.getsockname()
        return f"http://{host}:{port}"

    async def start(self) -> None:
        """Returns when it answers. Raises ServerFailed."""
        self._task = asyncio.create_task(self._serve(), name=f"{self.name}-server")
        while not self._server.started:
            if self._task.done():
                raise ServerFailed(f"{self.name} did not start") from self._task.exception()
            await asyncio.sleep(0.01)

    async def ended(self) -> None:
        """Raises ServerFailed when the server ends without being asked to."""
        assert self._task is not None
        await asyncio.wait({self._task})
        if not self._server.should_exit:
            raise ServerFailed(f"{self.name} ended")

    async def stop(self) -> None:
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=10)

    async def _serve(self) -> None:
        try:
            await self._server.serve(sockets=[self._socket])
        except SystemExit as error:  # uvicorn's way to report a failed lifespan
            raise ServerFailed(f"{self.name}: exit {error.code}") from error
