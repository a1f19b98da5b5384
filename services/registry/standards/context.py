"""What drafts are held against, read for many of them at once."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import asyncpg

from services.registry.catalogue.domain import ServiceStatus
from services.registry.legal.periods import Force
from services.registry.standards import repository
from services.registry.standards.content import StandardContent
from services.registry.standards.passport import ActPeriod, CitedAct, Passport, left_out
from services.registry.templates import repository as templates
from services.registry.templates.views import template_of
from services.registry.territories import repository as territories
from shared.db.database import Connection

Row = asyncpg.Record


async def passports(
    sql: Connection, drafts: Mapping[UUID, tuple[Row, StandardContent]]
) -> dict[UUID, Passport]:
    """By the standard's id, of the standards' rows and contents; four statements whatever their number."""
    contents = [content for _, content in drafts.values()]
    named = {content.template_id for content in contents} - {None}
    found = await templates.of_ids(sql, [identifier for identifier in named if identifier])
    kept = await repository.last_contents(sql, list(drafts))
    before = {identifier: StandardContent.model_validate(content) for identifier, content in kept.items()}
    cited = {basis.act_id for content in contents for basis in content.legal_basis}
    acts = await cited_acts(sql, cited)
    bound = {code for content in before.values() for code in content.applies_to}
    paths = await territories.paths(sql, sorted(bound)) if bound else {}
    return {
        identifier: Passport(
            template=template_of(found[content.template_id]) if content.template_id else None,
            before=before.get(identifier),
            left_out=left_out(before.get(identifier), content, paths),
            proposed=head["service_status"] == ServiceStatus.PROPOSED,
            service_name=head["service_name"],
            body_name=head["body_name"],
            acts=acts,
        )
        for identifier, (head, content) in drafts.items()
    }


async def passport(sql: Connection, head: Row, content: StandardContent) -> Passport:
    return (await passports(sql, {head["id"]: (head, content)}))[head["id"]]


async def cited_acts(sql: Connection, identifiers: set[UUID]) -> dict[UUID, CitedAct]:
    """Those of the acts that are recorded."""
    rows = await repository.cited_acts(sql, list(identifiers)) if identifiers else []
    found: dict[UUID, CitedAct] = {}
    for row in rows:
        period = ActPeriod(row["starts"], row["ends"], Force(row["status"]))
        known = found.get(row["id"], CitedAct(row["since"]))
        found[row["id"]] = replace(known, periods=(*known.periods, period))
    return found
