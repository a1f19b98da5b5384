"""Use cases that change what is in force: adopt, repeal, record what was collected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.catalogue import service as catalogue
from services.registry.legal import service as legal
from services.registry.standards import domain, repository
from services.registry.standards.checks import adoption_problems
from services.registry.standards.content import StandardContent
from services.registry.standards.context import passport as passport_of
from services.registry.standards.domain import Validity
from services.registry.standards.drafting import own_standard
from services.registry.standards.passport import dated_problems, problems_of
from services.registry.standards.schemas import Adoption, Repeal
from services.registry.standards.texts import stale_texts
from services.registry.standards.views import version_event
from shared.clock import local_date
from shared.contracts.registry import STANDARD_ADOPTED, STANDARD_AMENDED
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, Invalid
from shared.ids import seed_id, uuid7
from shared.values import Origin

Row = asyncpg.Record


class NothingDrafted(Conflict):
    """There is no draft to adopt."""

    code = "nothing_drafted"


class NotReady(Invalid):
    """The draft is not complete; errors lists everything that is missing in it."""

    code = "not_ready_for_adoption"


class NothingInForce(Conflict):
    """From that day on there is nothing in force that could be repealed."""

    code = "nothing_in_force"


@dataclass(frozen=True, slots=True)
class Collected:
    """A standard as a source states it, without the act behind it."""

    service_id: UUID
    content: StandardContent
    missing: tuple[str, ...]
    valid_from: date
    origin: Origin
    source: str


async def adopt(
    uow: UnitOfWork, identifier: UUID, adoption: Adoption, expected: Precondition
) -> tuple[Row, int]:
    """Put the draft in force by an act; the new version's row and the standard's version."""
    head = await own_standard(uow, identifier)
    expect(head["version"], expected)
    draft = await repository.draft(uow.sql, identifier)
    if draft is None:
        raise NothingDrafted
    content = StandardContent.model_validate(draft["content"])
    passport = await passport_of(uow.sql, head, content)
    today = local_date(uow.clock.now())
    problems = [
        *legal.problems_of(adoption.act, today, "/act"),
        *adoption_problems(
            await legal.in_force_since(uow, adoption.act),
            adoption.valid_from,
            adoption.valid_to,
            today,
            retroactive=adoption.retroactive_basis is not None,
        ),
        *problems_of(content, passport),
        *dated_problems(content, passport, adoption.valid_from),
    ]
    if problems:
        raise NotReady(errors=problems)
    service = await catalogue.lock(uow, head["service_id"])
    origin = Origin(service["origin"])
    act = await legal.cite_act(uow, adoption.act, _act_origin(origin))
    await repository.drop_draft(uow.sql, identifier)
    version = {
        "id": uuid7(),
        **_columns(content, passport.before),
        "missing": [],
        "act_id": act["id"],
        "origin": _act_origin(origin),
        "source": act["url"],
        "retroactive_basis": adoption.retroactive_basis,
    }
    return await _enter_into_force(uow, head, version, adoption.valid_from, adoption.valid_to)


async def repeal(uow: UnitOfWork, identifier: UUID, repealing: Repeal, expected: Precondition) -> int:
    """End whatever is in force from a day on; returns the standard's version."""
    head = await own_standard(uow, identifier)
    expect(head["version"], expected)
    today = local_date(uow.clock.now())
    problems = [
        *legal.problems_of(repealing.act, today, "/act"),
        *adoption_problems(
            await legal.in_force_since(uow, repealing.act),
            repealing.valid_to,
            None,
            today,
            retroactive=repealing.act.retroactive_basis is not None,
            field="valid_to",
        ),
    ]
    if problems:
        raise Invalid(errors=problems)
    known = await repository.believed_versions(uow.sql, identifier)
    ended = domain.repeal([_validity(row) for row in known], repealing.valid_to)
    if not ended:
        raise NothingInForce
    service = await catalogue.lock(uow, head["service_id"])
    act = await legal.cite_act(uow, repealing.act, _act_origin(Origin(service["origin"])))
    ids = _ids(known, ended)
    await repository.cite_repealing_act(uow.sql, [ids[entry.number] for entry in ended], act["id"])
    return await _record(uow, head, known, ended, None, "standard.repeal")


async def record_collected(uow: UnitOfWork, collected: Collected) -> None:
    """Record a standard somebody collected; does nothing where the service has a standard."""
    service = await catalogue.lock(uow, collected.service_id)
    identifier = seed_id("standard", service["code"])
    added = await repository.add_standard(
        uow.sql, identifier, service["id"], service["body_id"], service["level"]
    )
    if not added:
        return
    head = await repository.lock_standard(uow.sql, identifier)
    assert head is not None
    version = {
        "id": seed_id("standard_version", service["code"]),
        **_columns(collected.content, None),
        "missing": list(collected.missing),
        "act_id": None,
        "origin": collected.origin,
        "source": collected.source,
        "retroactive_basis": None,
    }
    await _enter_into_force(uow, head, version, collected.valid_from, None)


def _columns(content: StandardContent, before: StandardContent | None) -> dict[str, Any]:
    """The content of a version and what is asked of it across standards."""
    return {
        "content": content.model_dump(mode="json"),
        "template_id": content.template_id,
        "review_on": content.review_on,
        "stale": [found.code for found, _ in stale_texts(content, before)],
    }


async def _enter_into_force(
    uow: UnitOfWork, head: Row, version: dict[str, Any], start: date, end: date | None
) -> tuple[Row, int]:
    known = await repository.believed_versions(uow.sql, head["id"])
    number = max((row["number"] for row in known), default=0) + 1
    ended, new = domain.adopt([_validity(row) for row in known], number, start, end)
    at = _record_time(uow, head)
    await repository.add_version(
        uow.sql, {**version, "standard_id": head["id"], "number": number, "recorded_at": at}
    )
    standard_version = await _record(uow, head, known, ended, (version["id"], new), "standard.adopt", at)
    row = await repository.standard_on(uow.sql, head["id"], start, None)
    assert row is not None
    return row, standard_version


async def _record(
    uow: UnitOfWork,
    head: Row,
    known: Sequence[Row],
    ended: Sequence[Validity],
    new: tuple[UUID, Validity] | None,
    action: str,
    at: datetime | None = None,
) -> int:
    """Write what is believed from now on, tell everybody, publish the service's page anew."""
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


def _validity(row: Row) -> Validity:
    return Validity(row["number"], row["valid_from"], row["valid_to"], domain.State(row["state"]))


def _act_origin(service: Origin) -> Origin:
    """A demonstration service's standard is demonstration too; what a body adopts itself is official."""
    return Origin.DEMONSTRATION if service is Origin.DEMONSTRATION else Origin.OFFICIAL
