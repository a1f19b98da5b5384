"""The store of personal data, as one principal may see it: of its own organisation, and what is its own."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from shared.auth.principal import Kind as Caller
from shared.auth.principal import Principal
from shared.db.database import Connection
from shared.ids import uuid7
from shared.people.keyring import CannotOpen, Keyring, Place, Sealed
from shared.people.kinds import Kind

TABLE = "personal_data"
COLUMNS = "id, person_id, organisation_id, shared_with, kind, object_id, key_id, value, consent_id, ground, kept_until"
"""In the order of a row that `seal` makes."""
CASTS = ("uuid", "uuid", "uuid", "uuid", "text", "uuid", "text", "bytea", "uuid", "text", "timestamptz")
FIELD = "kind || ' ' || coalesce(organisation_id::text, '')"
"""What a sealed value is bound to beside its row: moved to another organisation it does not open."""
_READ = "(organisation_id = $2 OR shared_with = $2 OR person_id = $3)"
"""`shared_with` is the one other party it is meant for. A service's own workers act for no organisation and are no
person: they see nothing here, but what a job has to go through (`texts_at_work`)."""
_MINE = "(organisation_id = $2 OR person_id = $3)"

Row = tuple[Any, ...]

log = structlog.get_logger("people")


def values(first: int) -> str:
    """Placeholders of one row, for a statement that stores more than this."""
    return ", ".join(f"${number}::{cast}" for number, cast in enumerate(CASTS, first))


NOTHING: Row = (None,) * len(CASTS)
"""In the place of a row, where there is nothing to store."""


class PersonalData:
    """Every question is scoped to the principal; a row of others is not there."""

    def __init__(self, sql: Connection, principal: Principal, keyring: Keyring) -> None:
        self._sql = sql
        self._principal = principal
        self._keyring = keyring

    def seal(
        self,
        kind: Kind,
        text: str,
        *,
        person: UUID | None,
        object_id: UUID,
        now: datetime,
        consent_id: UUID | None = None,
        shared_with: UUID | None = None,
        private: bool = False,
    ) -> Row:
        """The row of a text, to be stored with `COLUMNS`; its id is the first value.

        It belongs to the acting organisation; `private`: to the person alone."""
        identifier, organisation = uuid7(), None if private else self._principal.org
        sealed = self._keyring.seal(place_of(identifier, kind.name, organisation), text)
        return (
            identifier,
            person,
            organisation,
            shared_with,
            kind.name,
            object_id,
            sealed.key_id,
            sealed.value,
            consent_id,
            str(kind.ground),
            now + kind.retention if kind.retention else None,
        )

    async def keep(self, row: Row) -> UUID:
        """Store what `seal` made; its id."""
        await self._sql.execute(f"INSERT INTO {TABLE} ({COLUMNS}) VALUES ({values(1)})", *row)
        identifier: UUID = row[0]
        return identifier

    async def texts(self, identifiers: Iterable[UUID | None]) -> dict[UUID, str]:
        """The texts of these rows that are still there, by id. Without a question where there is none.

        One that does not open is left out, as one that was erased, and the log names its row: neither the other
        texts nor what they belong to are withheld for it."""
        wanted = [identifier for identifier in identifiers if identifier is not None]
        if not wanted:
            return {}
        rows = await self._sql.fetch(
            f"""SELECT id, kind, organisation_id, key_id, value FROM {TABLE}
                WHERE id = ANY ($1::uuid[]) AND {_READ}""",
            wanted,
            self._principal.org,
            self._principal.sub,
        )
        return self._opened(rows)

    async def texts_at_work(self, identifiers: Iterable[UUID | None]) -> dict[UUID, str]:
        """The same whosever they are, for the service's own jobs, which have no credential; for all others nothing."""
        own = self._principal.kind is Caller.SERVICE and self._principal.cid is None
        wanted = [identifier for identifier in identifiers if identifier is not None]
        if not (own and wanted):
            return {}
        rows = await self._sql.fetch(
            f"SELECT id, kind, organisation_id, key_id, value FROM {TABLE} WHERE id = ANY ($1::uuid[])",
            wanted,
        )
        return self._opened(rows)

    async def of_object(self, kind: Kind, object_id: UUID) -> dict[UUID, str]:
        """The texts of a kind about one thing, by id; without those that do not open."""
        rows = await self._sql.fetch(
            f"""SELECT id, kind, organisation_id, key_id, value FROM {TABLE}
                WHERE object_id = $1 AND {_READ} AND kind = $4 ORDER BY id""",
            object_id,
            self._principal.org,
            self._principal.sub,
            kind.name,
        )
        return self._opened(rows)

    async def remove(self, kind: Kind, object_id: UUID) -> int:
        """Delete what is kept of a kind about one thing; how many rows."""
        removed = await self._sql.fetch(
            f"DELETE FROM {TABLE} WHERE object_id = $1 AND {_MINE} AND kind = $4 RETURNING id",
            object_id,
            self._principal.org,
            self._principal.sub,
            kind.name,
        )
        return len(removed)

    def _opened(self, rows: Iterable[Any]) -> dict[UUID, str]:
        found = {}
        for row in rows:
            place = place_of(row["id"], row["kind"], row["organisation_id"])
            try:
                found[row["id"]] = self._keyring.open(place, Sealed(row["key_id"], row["value"]))
            except CannotOpen as error:
                log.exception("a sealed text does not open", row=str(error))
        return found


def place_of(identifier: UUID, kind: str, organisation: UUID | None) -> Place:
    """As `FIELD` says it in SQL."""
    return Place(TABLE, identifier, f"{kind} {organisation or ''}")
