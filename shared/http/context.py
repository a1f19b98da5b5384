"""What the kit's ASGI layer knows of one request before any framework sees it."""

import os
from dataclasses import dataclass

from shared.auth.principal import ANONYMOUS, Principal
from shared.db.unit_of_work import Trace
from shared.http.errors import Problem
from shared.ids import uuid7

Scope = dict[str, "object"]


@dataclass(slots=True)
class RequestContext:
    """Lives in `scope["state"]["context"]`."""

    request_id: str
    traceparent: str
    principal: Principal = ANONYMOUS
    token_problem: Problem | None = None
    route: str = "unmatched"

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
    return str(uuid7())


def _is_hex(parts: list[str]) -> bool:
    return all(character in "0123456789abcdef" for part in parts for character in part)
