"""Parsed standards and working days, kept in the process as long as nothing changed in the registry."""

from uuid import UUID

from services.monitoring.references import repository
from services.monitoring.references.calendar import Workdays
from shared.contracts.registry import StandardVersion
from shared.db.database import Connection

MOST_SERVICES = 500


class Shelf:
    """What belongs to one stamp; another stamp empties it.

    Contents are read after their stamp, so they may be newer than it, never older. Who writes by them checks in
    the same statement that the stamp is still the present one."""

    def __init__(self) -> None:
        self._stamp = -1
        self._standards: dict[UUID, tuple[StandardVersion, ...]] = {}
        self._workdays: Workdays | None = None

    async def standards(self, sql: Connection, stamp: int, service_id: UUID) -> tuple[StandardVersion, ...]:
        self._turn_to(stamp)
        found = self._standards.get(service_id)
        if found is None:
            found = await repository.standards_of(sql, service_id)
            if self._stamp == stamp and len(self._standards) < MOST_SERVICES:
                self._standards[service_id] = found
        return found

    async def workdays(self, sql: Connection, stamp: int) -> Workdays:
        self._turn_to(stamp)
        found = self._workdays
        if found is None:
            found = Workdays.of(await repository.years(sql))
            if self._stamp == stamp:
                self._workdays = found
        return found

    def _turn_to(self, stamp: int) -> None:
        if stamp != self._stamp:
            self._stamp, self._standards, self._workdays = stamp, {}, None
