"""What the kit's ASGI layer knows of one request before any framework sees it."""

import os
from dataclasses import dataclass

from shared.auth.principal import ANONYMOUS, Principal
from shared.db.database import Connection, Database
from shared.db.unit_of_work import Trace
from shared.ids import uuid7_text


@dataclass(slots=True)
class RequestContext:
    """Lives in `scope["state"]["context"]`."""

    request_id: str
    incoming_trace: bytes | None
    """The `traceparent` header as it came."""
    principal: Principal = ANONYMOUS
    route: str = "unmatched"
    _traceparent: str | None = None
    _reading: tuple[Database, Connection] | None = None

    @property
    def traceparent(self) -> str:
        """Made when it is first asked for: a hot read needs none."""
        if self._traceparent is None:
            self._traceparent = read_traceparent(self.incoming_trace)
        return self._traceparent

    @property
    def reading(self) -> bool:
        """Whether a connection is to be given back."""
        return self._reading is not None

    async def read_on(self, database: Database) -> Connection:
        """A connection for reads until `give_back`. Raises what `Database.acquire` does."""
        connection = await database.acquire()
        self._reading = (database, connection)
        return connection

    async def give_back(self) -> None:
        """Return the read connection, if one was taken."""
        held, self._reading = self._reading, None
        if held is not None:
            database, connection = held
            await database.release(connection)

    @property
    def trace(self) -> Trace:
        return Trace(self.request_id, self.traceparent)

    @property
    def trace_id(self) -> str:
        return self.traceparent[3:35]


def new_traceparent() -> str:
    """A W3C trace context with fresh ids, sampled."""
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"


def read_traceparent(raw: bytes | None) -> str:
    """The caller's trace context, or a new one where it is absent or malformed."""
    if raw is not None and len(raw) == 55 and raw[:3] == b"00-":
        text = raw.decode("latin-1")
        parts = text.split("-")
        if [len(part) for part in parts] == [2, 32, 16, 2] and _is_hex(parts) and int(parts[1], 16):
            return text
    return new_traceparent()


def read_request_id(raw: bytes | None) -> str:
    """The gateway's request id when it is one, else a new one: log lines are not for callers to write."""
    if raw is not None and 8 <= len(raw) <= 64 and raw.replace(b"-", b"").isalnum():
        return raw.decode("latin-1")
    return uuid7_text()


def _is_hex(parts: list[str]) -> bool:
    return all(character in "0123456789abcdef" for part in parts for character in part)
