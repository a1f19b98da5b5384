"""Use cases of templates."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.legal import service as legal
from services.registry.standards.checks import adoption_problems
from services.registry.standards.domain import record_time
from services.registry.templates import domain, repository
from services.registry.templates.schemas import RowDraft, TemplateDraft
from services.registry.templates.views import template_event
from shared.auth.origins import check_origin
from shared.clock import local_date
from shared.contracts.registry import TEMPLATE_ADOPTED
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Invalid
from shared.ids import seed_id, uuid7
from shared.values import Origin

Row = asyncpg.Record


@dataclass(frozen=True, slots=True)
class Collected:
    """A template as a source states it."""

    code: str
    title: dict[str, str]
    rows: tuple[RowDraft, ...]
    review_months: int | None
    act_id: UUID
    valid_from: date
    origin: Origin
    source: str


async def record_version(uow: UnitOfWork, draft: TemplateDraft, expected: Precondition) -> Row:
    """The next version of a template, with the act that sets it. Raises Invalid with everything that is wrong."""
    check_origin(uow, draft.origin, by_scope=True)
    today = local_date(uow.clock.now())
    since = await legal.in_force_since(uow, draft.act)
    problems = [
        *legal.problems_of(draft.act, today, "/act"),
        *adoption_problems(since, draft.valid_from, None, today),
        *domain.row_problems([domain.row_of(row.model_dump()) for row in draft.rows]),
    ]
    if problems:
        raise Invalid(errors=problems)
    head = await repository.lock_template(uow.sql, seed_id("standard_template", draft.code), draft.code)
    expect(head["version"], expected)
    act = await legal.cite_act(uow, draft.act, draft.origin)
    values = draft.model_dump(mode="json", exclude={"act", "code", "valid_from"})
    return await _add(
        uow, head, {**values, "id": uuid7(), "act_id": act["id"], "valid_from": draft.valid_from}
    )


async def record_collected(uow: UnitOfWork, collected: Collected) -> None:
    """Record a template somebody collected; does nothing where the template is recorded."""
    head = await repository.lock_template(
        uow.sql, seed_id("standard_template", collected.code), collected.code
    )
    if head["version"]:
        return
    version = {
        "id": seed_id("standard_template_version", collected.code),
        "title": collected.title,
        "rows": [row.model_dump(mode="json") for row in collected.rows],
        "review_months": collected.review_months,
        "act_id": collected.act_id,
        "valid_from": collected.valid_from,
        "origin": collected.origin,
        "source": collected.source,
    }
    await _add(uow, head, version)


async def _add(uow: UnitOfWork, head: Row, values: dict[str, Any]) -> Row:
    version = {
        **values,
        "template_id": head["id"],
        "number": head["version"] + 1,
        "recorded_at": record_time(uow.clock.now(), head["last_recorded_at"]),
    }
    row = await repository.add_version(uow.sql, version)
    uow.emit(TEMPLATE_ADOPTED, template_event(row))
    after = {"number": row["number"], "rows": len(row["rows"]), "valid_from": row["valid_from"].isoformat()}
    uow.audit("template.record", "standard_template", head["id"], after=after)
    return row
