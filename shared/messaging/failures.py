"""Which failures mean that something this process depends on is down, and what may be stored about the rest."""

from collections.abc import Iterator

import asyncpg
from pydantic import ValidationError

from shared.db.outage import DATABASE_DOWN
from shared.http.errors import Unavailable
from shared.messaging.broker import BrokerUnavailable

ERROR_CHARACTERS = 2000


class DependencyDown(Exception):
    """Something the handler needs does not answer. Raised by handlers: consumption stops until it does."""


_DOWN: tuple[type[Exception], ...] = (
    DependencyDown,
    BrokerUnavailable,
    Unavailable,
    asyncpg.LockNotAvailableError,  # of a table that is being changed: every event meets it, none has caused it
    *DATABASE_DOWN,
)

NO_ANSWER: tuple[type[Exception], ...] = (
    *DATABASE_DOWN,
    asyncpg.InterfaceError,  # the connection or pool was closed under us
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    OSError,
    TimeoutError,
)
"""What a connection of our own raises when the server is gone or too slow, for code that makes no other mistake."""


def dependency_down(error: BaseException) -> bool:
    """Whether the error, or one it arose from, is an outage rather than a failure of this one event.

    The chain counts because rolling back on a connection that is gone raises an error of its own."""
    return any(isinstance(found, _DOWN) for found in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def describe(error: BaseException) -> str:
    """The error's text for operators, without the values that caused it: those may be personal data."""
    if isinstance(error, ValidationError):
        parts = [
            f"{'.'.join(map(str, found['loc']))}: {found['msg']}"
            for found in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        return "; ".join(parts)[:ERROR_CHARACTERS]
    if isinstance(error, asyncpg.PostgresError):
        return str(error).partition("\n")[0][:ERROR_CHARACTERS]  # DETAIL shows the row
    return str(error)[:ERROR_CHARACTERS]
