"""Who may put a standard in force by which act: the rules of the day of the act, and whose standard it is."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.registry.access import repository as access
from services.registry.access.domain import OrganisationKind
from services.registry.adoption_rules.domain import Adopter, Rule, power_problems, rule_for
from services.registry.legal.schemas import ActDraft
from services.registry.reviews.domain import review_problems
from services.registry.reviews.service import standings
from shared.auth.principal import Principal
from shared.db.database import Connection
from shared.http.errors import FieldError

Row = asyncpg.Record


async def council_of(sql: Connection, caller: Principal) -> UUID | None:
    """The body whose local council the caller acts for."""
    if caller.org is None or not caller.may("registry:standards:adopt"):
        return None
    found = await access.organisation(sql, caller.org)
    if found is None or found["kind"] != OrganisationKind.COUNCIL:
        return None
    body: UUID | None = found["parent_id"]
    return body


def may_adopt(
    caller: Principal, council_of: UUID | None, head: Row, rule: Rule | None, act: ActDraft
) -> bool:
    """The body records every act, its council those of its own that adopt such standards."""
    by_council = rule is not None and rule.powers.get(act.kind) is Adopter.LOCAL_COUNCIL
    body: UUID = head["body_id"]
    return body == caller.acting() or (by_council and body == council_of)


def act_problems(rules: list[Rule], head: Row, act: ActDraft, pointer: str) -> list[FieldError]:
    """Whether such an act adopts this standard; the pointer is that of the kind of act."""
    return power_problems(rule_of(rules, head), act.kind, pointer)


async def unreviewed(
    sql: Connection, rules: list[Rule], heads: Sequence[Row]
) -> dict[UUID, list[FieldError]]:
    """By standard, what its draft lacks where the rules ask for an expert review."""
    asked = [head["id"] for head in heads if (rule := rule_of(rules, head)) is not None and rule.review]
    found = await standings(sql, asked) if asked else {}
    return {head["id"]: review_problems(found[head["id"]]) if head["id"] in found else [] for head in heads}


def rule_of(rules: list[Rule], head: Row) -> Rule | None:
    return rule_for(rules, head["level"], head["regime"])
