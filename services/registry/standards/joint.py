"""One act over many standards: it adopts, amends and repeals them together or not at all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg

from services.registry.adoption_rules.domain import Rule
from services.registry.adoption_rules.service import rules_on
from services.registry.catalogue import service as catalogue
from services.registry.legal import service as legal
from services.registry.standards import repository
from services.registry.standards.admission import act_problems, council_of, may_adopt, rule_of, unreviewed
from services.registry.standards.adoption import NotReady
from services.registry.standards.checks import adoption_problems
from services.registry.standards.content import StandardContent
from services.registry.standards.context import passports
from services.registry.standards.domain import repeal as repealed
from services.registry.standards.passport import Passport, dated_problems, problems_of, territory_problems
from services.registry.standards.recording import act_origin, columns, end, enter_into_force, validity_of
from services.registry.standards.schemas import Action, JointAdoption, JointItem
from shared.clock import local_date
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import FieldError, Stale
from shared.ids import uuid7
from shared.values import Origin

Row = asyncpg.Record
Heads = Mapping[UUID, Row]


@dataclass(frozen=True, slots=True)
class Drafted:
    content: StandardContent
    passport: Passport


async def adopt_together(uow: UnitOfWork, wanted: JointAdoption) -> tuple[Row, dict[UUID, int]]:
    """Carry out one act: its row, and each standard's version afterwards.

    Raises Stale (412) naming every item that changed since it was read, else NotReady with all problems of all items."""
    rules = await rules_on(uow.sql, wanted.act.date)
    heads = await _locked(uow, wanted, rules)
    _expect(wanted.items, heads)
    drafts = await _drafts(uow, wanted.items, heads)
    problems = await _problems(uow, wanted, rules, heads, drafts)
    if problems:
        raise NotReady(errors=problems)
    act = await legal.cite_act(uow, wanted.act, _origin(heads))
    versions = {}
    for item in sorted(wanted.items, key=lambda item: item.standard_id):
        head = heads[item.standard_id]
        await catalogue.lock(uow, head["service_id"])
        if item.action is Action.REPEAL:
            version = await end(uow, head, item.valid_from, act["id"])
            assert version is not None
        else:
            version = await _adopt(uow, item, head, drafts[item.standard_id], act)
        versions[item.standard_id] = version
    return act, versions


async def _locked(uow: UnitOfWork, wanted: JointAdoption, rules: list[Rule]) -> Heads:
    """The standards by id, locked in one order. Raises NotReady for those that are not the caller's to adopt."""
    uow.principal.acting()
    council = await council_of(uow.sql, uow.principal)
    rows = await repository.lock_standards(uow.sql, [item.standard_id for item in wanted.items])
    heads = {row["id"]: row for row in rows}
    found = []
    seen: set[UUID] = set()
    for index, item in enumerate(wanted.items):
        pointer = f"/items/{index}/standard_id"
        head = heads.get(item.standard_id)
        if item.standard_id in seen:
            found.append(FieldError(pointer, "This standard is named twice.", "named_twice"))
        elif head is None:
            found.append(FieldError(pointer, "There is no such standard.", "unknown_standard"))
        elif not may_adopt(uow.principal, council, head, rule_of(rules, head), wanted.act):
            found.append(_anothers(pointer, head))
        seen.add(item.standard_id)
    if found:
        raise NotReady(errors=found)
    return heads


def _anothers(pointer: str, head: Row) -> FieldError:
    """Where nothing of it is public it is not there."""
    if head["sequence"]:
        return FieldError(pointer, "This standard is another body's.", "standard_of_another_body")
    return FieldError(pointer, "There is no such standard.", "unknown_standard")


def _expect(items: Sequence[JointItem], heads: Heads) -> None:
    stale = [
        FieldError(
            f"/items/{index}/version",
            f"The standard has changed: it is at version {heads[item.standard_id]['version']}.",
            "item_changed",
            {"current": heads[item.standard_id]["version"]},
        )
        for index, item in enumerate(items)
        if heads[item.standard_id]["version"] != item.version
    ]
    if stale:
        raise Stale(errors=stale)


async def _drafts(uow: UnitOfWork, items: Sequence[JointItem], heads: Heads) -> dict[UUID, Drafted]:
    """What is to be adopted, by standard; those without a draft are left out."""
    adopted = [item.standard_id for item in items if item.action is Action.ADOPT]
    contents = {
        row["standard_id"]: StandardContent.model_validate(row["content"])
        for row in await repository.drafts(uow.sql, adopted)
    }
    found = await passports(uow.sql, {key: (heads[key], content) for key, content in contents.items()})
    return {key: Drafted(content, found[key]) for key, content in contents.items()}


async def _problems(
    uow: UnitOfWork,
    wanted: JointAdoption,
    rules: list[Rule],
    heads: Heads,
    drafts: Mapping[UUID, Drafted],
) -> list[FieldError]:
    """Everything that is wrong with the act and with every item."""
    today = local_date(uow.clock.now())
    since = await legal.in_force_since(uow, wanted.act)
    repealing = [item.standard_id for item in wanted.items if item.action is Action.REPEAL]
    known: dict[UUID, list[Row]] = {identifier: [] for identifier in repealing}
    for row in await repository.believed_versions_of(uow.sql, repealing):
        known[row["standard_id"]].append(row)
    reviews = await unreviewed(uow.sql, rules, [heads[identifier] for identifier in drafts])
    found = [*legal.problems_of(wanted.act, today, "/act")]
    for index, item in enumerate(wanted.items):
        at = f"/items/{index}"
        dated = adoption_problems(
            since, item.valid_from, item.valid_to, today, retroactive=item.retroactive_basis is not None
        )
        found += [
            *act_problems(rules, heads[item.standard_id], wanted.act, f"{at}/standard_id"),
            *_under(at, dated),
        ]
        if item.action is Action.REPEAL:
            found += _repeal_problems(item, known[item.standard_id], at)
        elif item.standard_id not in drafts:
            found.append(FieldError(f"{at}/standard_id", "There is no draft to adopt.", "no_draft"))
        else:
            draft = drafts[item.standard_id]
            found += _under(f"{at}/draft", problems_of(draft.content, draft.passport))
            found += _under(f"{at}/draft", dated_problems(draft.content, draft.passport, item.valid_from))
            found += _under(at, territory_problems(draft.passport, ends_elsewhere=item.ends_elsewhere))
            found += _under(at, reviews[item.standard_id])
    return found


def _repeal_problems(item: JointItem, known: Sequence[Row], at: str) -> Iterator[FieldError]:
    if item.valid_to is not None:
        yield FieldError(f"{at}/valid_to", "A repeal has no last day.", "repeal_with_end")
    if not repealed([validity_of(row) for row in known], item.valid_from):
        yield FieldError(
            f"{at}/valid_from",
            "From that day on nothing is in force that could be repealed.",
            "nothing_to_repeal",
        )


def _under(pointer: str, errors: Sequence[FieldError]) -> list[FieldError]:
    return [replace(error, pointer=f"{pointer}{error.pointer}") for error in errors]


async def _adopt(uow: UnitOfWork, item: JointItem, head: Row, draft: Drafted, act: Row) -> int:
    await repository.drop_draft(uow.sql, head["id"])
    version = {
        "id": uuid7(),
        **columns(draft.content, draft.passport.before),
        "missing": [],
        "act_id": act["id"],
        "origin": act_origin(Origin(head["service_origin"])),
        "source": act["url"],
        "retroactive_basis": item.retroactive_basis,
    }
    _, number = await enter_into_force(uow, head, version, item.valid_from, item.valid_to)
    return number


def _origin(heads: Heads) -> Origin:
    """Demonstration only where every standard is."""
    origins = {act_origin(Origin(head["service_origin"])) for head in heads.values()}
    return Origin.OFFICIAL if Origin.OFFICIAL in origins else Origin.DEMONSTRATION
