"""Renders a service's pages and stores them with the change that caused them."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.catalogue.domain import ServiceStatus, missing_rows
from services.registry.catalogue.schemas import Facts, ServiceSummary, ServiceView
from services.registry.publication import repository
from services.registry.publication.domain import Span, periods
from services.registry.standards import repository as standards
from services.registry.standards.views import in_force_view
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import etag
from shared.values import Reference

Row = asyncpg.Record


async def versions(uow: UnitOfWork, service_id: UUID) -> Sequence[Row]:
    """Versions of the service's standard in force on some day, in order of their days."""
    return await standards.versions_of_service(uow.sql, service_id)


def foremost(found: Sequence[Row], today: date) -> Row | None:
    """The version in force today, else the next to come."""
    return next((row for row in found if row["valid_to"] is None or today < row["valid_to"]), None)


async def publish(uow: UnitOfWork, service: Row, found: Sequence[Row]) -> None:
    """Replace the pages of a service; an unpublished entry has none."""
    public = service["status"] != ServiceStatus.PROPOSED
    await repository.replace(uow.sql, service["id"], _pages(service, found) if public else [])


async def unpublished_page(sql: Connection, service: Row, on: date) -> tuple[bytes, str]:
    """Body and ETag of an entry only its own body sees, as they will be published."""
    found = await standards.versions_of_service(sql, service["id"])
    for start, end, body, tag in _pages(service, found):
        if (start is None or start <= on) and (end is None or on < end):
            return body, tag
    raise AssertionError("pages cover all days")


def _pages(service: Row, found: Sequence[Row]) -> list[tuple[date | None, date | None, bytes, str]]:
    spans = [Span(row["valid_from"], row["valid_to"]) for row in found]
    pages = []
    for period in periods(spans):
        standard = found[period.span] if period.span is not None else None
        body = service_view(service, standard).model_dump_json(exclude_none=True).encode()
        # The version alone would name two different pages: what is in force changes by date, the body by its name.
        pages.append((period.start, period.end, body, etag(service["version"], body)))
    return pages


def service_view(row: Row, standard: Row | None) -> ServiceView:
    gaps = missing_rows(row["facts"], row["register_numbers"], standard["missing"] if standard else None)
    target = row["merged_into"]
    return ServiceView(
        **{**_summary(row), "missing": list(gaps)},
        register_numbers=row["register_numbers"],
        merged_into=Reference(id=target, code=row["target_code"], name=row["target_name"])
        if target
        else None,
        act_id=row["act_id"],
        facts=Facts.model_validate(row["facts"]),
        source=row["source"],
        standard=in_force_view(standard) if standard else None,
    )


def service_summary(row: Row) -> ServiceSummary:
    """In one validation: a page has two hundred."""
    body = {"id": row["body_id"], "code": row["body_code"], "name": row["body_name"]}
    return ServiceSummary.model_validate(dict(row, body=body))


def _summary(row: Row) -> dict[str, Any]:
    columns = (
        "id",
        "code",
        "name",
        "name_states",
        "level",
        "regime",
        "sector",
        "status",
        "missing",
        "origin",
    )
    return {
        **{name: row[name] for name in (*columns, "version", "updated_at")},
        "body": Reference(id=row["body_id"], code=row["body_code"], name=row["body_name"]),
    }
