"""Writes what is believed from a change on, tells everybody and publishes the service's page anew."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.catalogue import service as catalogue
from services.registry.standards import domain, repository
from services.registry.standards.content import StandardContent
from services.registry.standards.domain import Validity
from services.registry.standards.texts import stale_texts
from services.registry.standards.views import version_event
from shared.contracts.registry import STANDARD_ADOPTED, STANDARD_AMENDED
from shared.db.unit_of_work import UnitOfWork
from shared.values import Origin

Row = asyncpg.Record


def columns(content: StandardContent, before: StandardContent | None) -> dict[str, Any]:
    """The content of a version and what is asked of it across standards."""
    return {
        "content": content.model_dump(mode="json"),
        "template_id": content.template_id,
        "review_on": content.review_on,
        "stale": [found.code for found, _ in stale_texts(content, before)],
    }


async def enter_into_force(
    uow: UnitOfWork, head: Row, version: dict[str, Any], start: date, end: date | None
) -> tuple[Row, int]:
    """A new version of a locked standard: its row and the standard's version."""
    known = await repository.believed_versions(uow.sql, head["id"])
    number = max((row["number"] for row in known), default=0) + 1
    ended, new = domain.adopt([validity_of(row) for row in known], number, start, end)
    at = _record_time(uow, head)
    await repository.add_version(
        uow.sql, {**version, "standard_id": head["id"], "number": number, "recorded_at": at}
    )
    standard_version = await _record(uow, head, known, ended, (version["id"], new), "standard.adopt", at)
    row = await repository.standard_on(uow.sql, head["id"], start, None)
    assert row is not None
    return row, standard_version


async def end(uow: UnitOfWork, head: Row, on: date, act_id: UUID) -> int | None:
    """Repeal whatever is in force from a day on; the locked standard's version, None where nothing is."""
    known = await repository.believed_versions(uow.sql, head["id"])
    ended = domain.repeal([validity_of(row) for row in known], on)
    if not ended:
        return None
    ids = _ids(known, ended)
    await repository.cite_repealing_act(uow.sql, [ids[entry.number] for entry in ended], act_id)
    return await _record(uow, head, known, ended, None, "standard.repeal")


async def _record(
    uow: UnitOfWork,
    head: Row,
    known: Sequence[Row],
    ended: Sequence[Validity],
    new: tuple[UUID, Validity] | None,
    action: str,
    at: datetime | None = None,
) -> int:
    at = at or _record_time(uow, head)
    ids = _ids(known, ended)
    beliefs = [(ids[entry.number], entry.start, entry.end, entry.state.value) for entry in ended]
    await repository.stop_believing(uow.sql, list(ids.values()), at)
    if new is not None:
        beliefs.append((new[0], new[1].start, new[1].end, new[1].state.value))
    await repository.believe(uow.sql, head["id"], at, beliefs)
    version = await repository.count_change(uow.sql, head["id"], len(beliefs), at)
    await _announce(uow, head, [belief[0] for belief in beliefs], new[0] if new else None)
    await catalogue.refresh(uow, head["service_id"])
    after = {
        "ended": [entry.number for entry in ended],
        "adopted": new[1].number if new else None,
        "recorded_at": at.isoformat(),
    }
    uow.audit(action, "standard", head["id"], after=after)
    return version


async def _announce(uow: UnitOfWork, head: Row, changed: Sequence[UUID], adopted: UUID | None) -> None:
    rows = {row["version_id"]: row for row in await repository.believed_versions(uow.sql, head["id"])}
    for sequence, version_id in enumerate(changed, head["sequence"] + 1):
        kind = STANDARD_ADOPTED if version_id == adopted else STANDARD_AMENDED
        uow.emit(kind, version_event(head, rows[version_id], sequence))


def _record_time(uow: UnitOfWork, head: Row) -> datetime:
    return domain.record_time(uow.clock.now(), head["last_recorded_at"])


def _ids(known: Sequence[Row], ended: Sequence[Validity]) -> dict[int, UUID]:
    numbers = {entry.number for entry in ended}
    return {row["number"]: row["version_id"] for row in known if row["number"] in numbers}


def validity_of(row: Row) -> Validity:
    """What is believed of a version."""
    return Validity(row["number"], row["valid_from"], row["valid_to"], domain.State(row["state"]))


def act_origin(service: Origin) -> Origin:
    """A demonstration service's standard is demonstration too; what a body adopts itself is official."""
    return Origin.DEMONSTRATION if service is Origin.DEMONSTRATION else Origin.OFFICIAL
