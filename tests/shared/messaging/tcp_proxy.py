"""A TCP relay in front of a server, to take the server away and give it back."""

import asyncio
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit, urlunsplit


class TcpProxy:
    """`async with TcpProxy(url) as proxy:` then connect to `proxy.url`."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._clients: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.cut = False
        self.recovering = False

    @property
    def url(self) -> str:
        user = self._parts.netloc.rpartition("@")[0]
        return urlunsplit(self._parts._replace(netloc=f"{user}@127.0.0.1:{self.port}"))

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.break_connections()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def take_away(self) -> None:
        """Break what is connected and refuse what comes."""
        self.cut = True
        self.break_connections()

    def recover(self) -> None:
        """Break what is connected, and answer what comes as Postgres does while it recovers from a crash."""
        self.recovering = True
        self.break_connections()

    def announce_the_end(self) -> None:
        """Tell whoever is connected what Postgres tells its sessions last; it would close them at once."""
        for client in self._clients:
            client.write(_error(b"57P01", b"terminating connection due to administrator command"))

    def give_back(self) -> None:
        self.cut = self.recovering = False

    def break_connections(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.cut:
            writer.transport.abort()
            return
        if self.recovering:
            await reader.read(65536)
            writer.write(_error(b"57P03", b"the database system is starting up"))
            writer.close()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(OSError, asyncio.CancelledError):
            there, back = await asyncio.open_connection(self._parts.hostname, self._parts.port)
            self._writers |= {writer, back}
            self._clients.add(writer)
            try:
                await asyncio.gather(_copy(reader, back), _copy(there, writer))
            finally:
                self._writers -= {writer, back}
                self._clients.discard(writer)
                writer.transport.abort()
                back.transport.abort()


def _error(code: bytes, message: bytes) -> bytes:
    """An ErrorResponse of Postgres' protocol."""
    fields = b"SFATAL\0VFATAL\0C" + code + b"\0M" + message + b"\0\0"
    return b"E" + (len(fields) + 4).to_bytes(4) + fields


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()
