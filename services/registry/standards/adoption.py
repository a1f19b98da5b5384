"""Use cases that change what is in force: adopt, repeal, record what was collected."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from services.registry.adoption_rules.domain import Rule
from services.registry.adoption_rules.service import rules_on
from services.registry.catalogue import service as catalogue
from services.registry.catalogue.rights import ForeignBody
from services.registry.legal import service as legal
from services.registry.legal.schemas import ActDraft
from services.registry.standards import repository
from services.registry.standards.admission import act_problems, council_of, may_adopt, rule_of, unreviewed
from services.registry.standards.checks import adoption_problems
from services.registry.standards.content import StandardContent
from services.registry.standards.context import passport as passport_of
from services.registry.standards.passport import dated_problems, problems_of, territory_problems
from services.registry.standards.recording import act_origin, columns, end, enter_into_force
from services.registry.standards.schemas import Adoption, Repeal
from shared.clock import local_date
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, Invalid, NotFound
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
    rules = await rules_on(uow.sql, adoption.act.date)
    head = await _adoptable(uow, identifier, rules, adoption.act)
    expect(head["version"], expected)
    draft = await repository.draft(uow.sql, identifier)
    if draft is None:
        raise NothingDrafted
    content = StandardContent.model_validate(draft["content"])
    passport = await passport_of(uow.sql, head, content)
    today = local_date(uow.clock.now())
    problems = [
        *legal.problems_of(adoption.act, today, "/act"),
        *act_problems(rules, head, adoption.act, "/act/kind"),
        *adoption_problems(
            await legal.in_force_since(uow, adoption.act),
            adoption.valid_from,
            adoption.valid_to,
            today,
            retroactive=adoption.retroactive_basis is not None,
        ),
        *problems_of(content, passport),
        *dated_problems(content, passport, adoption.valid_from),
        *territory_problems(passport, ends_elsewhere=adoption.ends_elsewhere),
        *(await unreviewed(uow.sql, rules, [head]))[identifier],
    ]
    if problems:
        raise NotReady(errors=problems)
    service = await catalogue.lock(uow, head["service_id"])
    origin = Origin(service["origin"])
    act = await legal.cite_act(uow, adoption.act, act_origin(origin))
    await repository.drop_draft(uow.sql, identifier)
    version = {
        "id": uuid7(),
        **columns(content, passport.before),
        "missing": [],
        "act_id": act["id"],
        "origin": act_origin(origin),
        "source": act["url"],
        "retroactive_basis": adoption.retroactive_basis,
    }
    return await enter_into_force(uow, head, version, adoption.valid_from, adoption.valid_to)


async def repeal(uow: UnitOfWork, identifier: UUID, repealing: Repeal, expected: Precondition) -> int:
    """End whatever is in force from a day on; returns the standard's version."""
    rules = await rules_on(uow.sql, repealing.act.date)
    head = await _adoptable(uow, identifier, rules, repealing.act)
    expect(head["version"], expected)
    today = local_date(uow.clock.now())
    problems = [
        *legal.problems_of(repealing.act, today, "/act"),
        *act_problems(rules, head, repealing.act, "/act/kind"),
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
    service = await catalogue.lock(uow, head["service_id"])
    act = await legal.cite_act(uow, repealing.act, act_origin(Origin(service["origin"])))
    version = await end(uow, head, repealing.valid_to, act["id"])
    if version is None:
        raise NothingInForce
    return version


async def _adoptable(uow: UnitOfWork, identifier: UUID, rules: list[Rule], act: ActDraft) -> Row:
    """The standard, locked, of the caller's body or of the one whose council the caller is.

    Raises NotFound when it is another's and nothing of it is public, else ForeignBody."""
    uow.principal.acting()
    council = await council_of(uow.sql, uow.principal)
    head = await repository.lock_standard(uow.sql, identifier)
    if head is None:
        raise NotFound
    if not may_adopt(uow.principal, council, head, rule_of(rules, head), act):
        raise ForeignBody if head["sequence"] else NotFound
    return head


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
        **columns(collected.content, None),
        "missing": list(collected.missing),
        "act_id": None,
        "origin": collected.origin,
        "source": collected.source,
        "retroactive_basis": None,
    }
    await enter_into_force(uow, head, version, collected.valid_from, None)
