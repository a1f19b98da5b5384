"""What drafts are held against, read for many of them at once."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import asyncpg

from services.registry.legal.periods import Force
from services.registry.standards import repository
from services.registry.standards.content import StandardContent
from services.registry.standards.passport import ActPeriod, CitedAct, Passport
from services.registry.templates import repository as templates
from services.registry.templates.views import template_of
from shared.db.database import Connection

Row = asyncpg.Record


async def passports(
    sql: Connection, drafts: Mapping[UUID, tuple[Row, StandardContent]]
) -> dict[UUID, Passport]:
    """By the standard's id, of the standards' rows and contents; three statements whatever their number."""
    contents = [content for _, content in drafts.values()]
    named = {content.template_id for content in contents} - {None}
    found = await templates.of_ids(sql, [identifier for identifier in named if identifier])
    before = await repository.last_contents(sql, list(drafts))
    cited = {basis.act_id for content in contents for basis in content.legal_basis}
    acts = await cited_acts(sql, cited)
    return {
        identifier: Passport(
            template=template_of(found[content.template_id]) if content.template_id else None,
            before=StandardContent.model_validate(before[identifier]) if identifier in before else None,
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
