"""Use cases of adoption rules."""

from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.adoption_rules import repository
from services.registry.adoption_rules.domain import Adopter, Rule
from services.registry.adoption_rules.schemas import AdoptionRuleDraft
from services.registry.legal import repository as legal
from services.registry.legal.domain import ActKind
from shared.auth.origins import check_origin
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import Invalid
from shared.ids import uuid7

Row = asyncpg.Record


async def record(uow: UnitOfWork, draft: AdoptionRuleDraft) -> Row:
    """Raises Invalid when the act is not recorded."""
    check_origin(uow, draft.origin, by_scope=True)
    if draft.act_id not in await legal.known(uow.sql, [draft.act_id]):
        raise Invalid.at("/act_id", "There is no such act.", "unknown_act")
    row = await _add(uow, uuid7(), draft)
    assert row is not None
    return row


async def ensure(uow: UnitOfWork, identifier: UUID, draft: AdoptionRuleDraft) -> None:
    """Record a rule under a given id; does nothing when it is recorded."""
    await _add(uow, identifier, draft)


async def rules_on(sql: Connection, day: date) -> list[Rule]:
    """What holds for acts of that day."""
    return [_rule(row) for row in await repository.in_force(sql, day, None)]


async def _add(uow: UnitOfWork, identifier: UUID, draft: AdoptionRuleDraft) -> Row | None:
    values: dict[str, Any] = {
        **draft.model_dump(mode="json", exclude={"valid_from", "act_id"}),
        "id": identifier,
        "valid_from": draft.valid_from,
        "act_id": draft.act_id,
        "recorded_at": uow.clock.now(),
    }
    row = await repository.add(uow.sql, values)
    if row is not None:
        after = {name: values[name] for name in ("level", "regime", "powers", "review")}
        uow.audit("adoption_rule.record", "adoption_rule", identifier, after=after)
    return row


def _rule(row: Row) -> Rule:
    powers = {ActKind(kind): Adopter(adopter) for kind, adopter in row["powers"].items()}
    return Rule(row["level"], row["regime"], powers, row["review"])
