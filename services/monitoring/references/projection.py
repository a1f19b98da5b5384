"""Keeps the projections by the registry's events. Version-guarded: late and repeated events change nothing."""

from collections.abc import Sequence
from typing import Any

from shared.contracts.legal import CalendarYear
from shared.contracts.registry import OrganisationState, ServiceState, StandardVersion, TerritoryState
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.messaging.consumer import Received
from shared.messaging.upsert import Upsert

TABLES = (
    "known_organisation",
    "known_territory",
    "known_service",
    "known_standard",
    "known_calendar_year",
)

_ORGANISATIONS = Upsert(
    "known_organisation",
    {
        "id": "uuid",
        "version": "bigint",
        "code": "text",
        "name": "jsonb",
        "active": "boolean",
        "kind": "text",
        "parent_id": "uuid",
        "territory_code": "text",
        "overseeing": "jsonb",
    },
)
_TERRITORIES = Upsert(
    "known_territory",
    {
        "id": "uuid",
        "version": "bigint",
        "code": "text",
        "name": "jsonb",
        "path": "text[]",
        "municipality": "boolean",
    },
)
_SERVICES = Upsert(
    "known_service",
    {"id": "uuid", "version": "bigint", "code": "text", "name": "jsonb", "level": "text", "body": "jsonb"},
)
_STANDARDS = Upsert(
    "known_standard",
    {
        "version_id": "uuid",
        "version": "bigint",
        "standard_id": "uuid",
        "service_id": "uuid",
        "valid_from": "date",
        "valid_to": "date",
        "recorded_at": "timestamptz",
        "state": "jsonb",
    },
    key="version_id",
)
_YEARS = Upsert(
    "known_calendar_year",
    {"year": "integer", "version": "bigint", "decreed": "boolean", "days": "jsonb"},
    key="year",
)


async def apply_organisations(uow: UnitOfWork, events: Sequence[Received[OrganisationState]]) -> None:
    await _ORGANISATIONS.apply(
        uow.sql,
        [
            {
                "id": it.id,
                "version": it.aggregate_version,
                "code": it.code,
                "name": it.name,
                "active": it.active,
                "kind": it.kind,
                "parent_id": it.parent_id,
                "territory_code": it.territory.code if it.territory else None,
                "overseeing": [days.model_dump(mode="json", exclude_none=True) for days in it.overseeing],
            }
            for it in (event.payload for event in events)
        ],
    )


async def apply_territories(uow: UnitOfWork, events: Sequence[Received[TerritoryState]]) -> None:
    await _TERRITORIES.apply(
        uow.sql,
        [
            {
                "id": it.id,
                "version": it.aggregate_version,
                "code": it.code,
                "name": it.name,
                "path": it.path,
                "municipality": it.municipality,
            }
            for it in (event.payload for event in events)
        ],
    )


async def apply_services(uow: UnitOfWork, events: Sequence[Received[ServiceState]]) -> None:
    await _SERVICES.apply(
        uow.sql,
        [
            {
                "id": it.id,
                "version": it.aggregate_version,
                "code": it.code,
                "name": it.name,
                "level": it.level,
                "body": it.body.model_dump(mode="json"),
            }
            for it in (event.payload for event in events)
        ],
    )


async def keep_standards(sql: Connection, versions: Sequence[StandardVersion]) -> None:
    await _STANDARDS.apply(sql, [_standard_row(version) for version in versions])


async def keep_years(sql: Connection, years: Sequence[CalendarYear]) -> None:
    await _YEARS.apply(
        sql,
        [
            {
                "year": it.year,
                "version": it.aggregate_version,
                "decreed": it.decreed,
                "days": {day.date.isoformat(): day.working for day in it.days},
            }
            for it in years
        ],
    )


def _standard_row(version: StandardVersion) -> dict[str, Any]:
    return {
        "version_id": version.version_id,
        "version": version.aggregate_version,
        "standard_id": version.id,
        "service_id": version.service.id,
        "valid_from": version.valid_from,
        "valid_to": version.valid_to,
        "recorded_at": version.recorded_at,
        "state": version.model_dump(mode="json"),
    }
