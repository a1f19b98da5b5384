"""Use cases of a submitted register: decisions of the Interdepartmental Commission, and adoption by an act."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.bodies import repository as bodies
from services.registry.catalogue import repository as services
from services.registry.functions import repository
from services.registry.functions.domain import (
    Decision,
    Function,
    RegisterStatus,
    Ruling,
    carried_out,
    order_problems,
    undecided,
)
from services.registry.functions.schemas import DecisionRecord, RegisterAdoption
from services.registry.functions.views import function_event, function_of, ruling_of
from services.registry.legal import service as legal
from services.registry.legal.views import adopting_act
from services.registry.standards.checks import adoption_problems
from shared.clock import local_date
from shared.contracts.registry import FUNCTION_CHANGED, FUNCTION_REGISTER_ADOPTED
from shared.contracts.structure import FunctionRegisterState
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, Invalid, NotFound
from shared.ids import uuid7
from shared.text import pick, sort_key
from shared.values import Origin

Row = asyncpg.Record


class RegisterNotSubmitted(Conflict):
    """This version is not before the commission."""

    code = "register_not_submitted"


class NotReadyForRegisterAdoption(Invalid):
    """The register cannot be adopted yet; errors lists everything that is missing."""

    code = "not_ready_for_register_adoption"


async def decide(uow: UnitOfWork, number: int, record: DecisionRecord) -> Row:
    """Record a decision; a later one on the same function takes the place of an earlier one."""
    register = await _submitted(uow, number, shared=True)
    if await repository.function(uow.sql, register["id"], record.function_id) is None:
        raise Invalid.at("/function_id", "There is no such function in this version.", "unknown_function")
    if record.decided_on > local_date(uow.clock.now()):
        raise Invalid.at("/decided_on", "This day has not come yet.", "not_come_yet")
    change = record.change.model_dump(mode="json", exclude_none=True) if record.change else None
    _check_shape(record, change)
    decision = {
        "id": uuid7(),
        "register_id": register["id"],
        "target_id": await _target(uow, record.target) if record.target else None,
        "change": change,
        **record.model_dump(include={"function_id", "decision", "number", "decided_on"}),
    }
    await repository.add_decision(uow.sql, decision)
    after = {"decision": record.decision, "number": record.number, "register": number}
    uow.audit("function.decide", "function", record.function_id, after=after)
    return await repository.decision(uow.sql, decision["id"])


def _check_shape(record: DecisionRecord, change: Mapping[str, Any] | None) -> None:
    for field, given, wanted in (
        ("target", record.target, Decision.TRANSFER),
        ("change", change, Decision.CHANGE),
    ):
        if record.decision is wanted and not given:
            raise Invalid.at(f"/{field}", "This is what the decision is about.", "missing")
        if record.decision is not wanted and given is not None:
            raise Invalid.at(f"/{field}", "The decision says nothing of this.", "not_of_this_decision")


async def _target(uow: UnitOfWork, code: str) -> UUID:
    identifier = await bodies.id_of_code(uow.sql, code)
    body = None if identifier is None else await bodies.body(uow.sql, identifier)
    if body is None or body["valid_to"] is not None:
        raise Invalid.at("/target", f"There is no body {code}.", "unknown_body", body=code)
    found: UUID = body["id"]
    return found


async def adopt(uow: UnitOfWork, number: int, adoption: RegisterAdoption, expected: Precondition) -> None:
    """Carry out what the commission decided and put the register in force by an act.

    Raises NotReadyForRegisterAdoption (422) with everything that is missing."""
    register = await _submitted(uow, number)
    expect(register["version"], expected)
    rows = await repository.every_function(uow.sql, register["id"])
    functions = [function_of(row) for row in rows]
    rulings = {
        row["function_id"]: ruling_of(row) for row in await repository.last_decisions(uow.sql, register["id"])
    }
    today, before = local_date(uow.clock.now()), await repository.last_adopted(uow.sql)
    problems = [
        *legal.problems_of(adoption.act, today, "/act"),
        *adoption_problems(
            await legal.in_force_since(uow, adoption.act),
            adoption.valid_from,
            None,
            today,
            retroactive=adoption.act.retroactive_basis is not None,
        ),
        *order_problems(adoption.valid_from, before["valid_from"] if before else None),
        *undecided(functions, rulings),
    ]
    if problems:
        raise NotReadyForRegisterAdoption(errors=problems)
    act = await legal.cite_act(uow, adoption.act, Origin.OFFICIAL)
    await repository.restate(uow.sql, register["id"], _restated(functions, rulings))
    await repository.adopt(uow.sql, register["id"], act["id"], adoption.valid_from)
    await _tell(uow, number, rulings, before)


def _restated(functions: Sequence[Function], rulings: Mapping[UUID, Ruling]) -> list[dict[str, Any]]:
    after = carried_out(functions, rulings)
    return [
        _entry(after[function.id] or function, dropped=after[function.id] is None) for function in functions
    ]


def _entry(function: Function, *, dropped: bool) -> dict[str, Any]:
    return {
        "function_id": function.id,
        "body_id": function.body,
        "name": function.name,
        "sort_key": sort_key(pick(function.name).value),
        "level": function.level,
        "financed_from": function.financed_from,
        "act_id": function.act,
        "provision": function.provision,
        "services": function.services,
        "dropped": dropped,
    }


async def _tell(uow: UnitOfWork, number: int, rulings: Mapping[UUID, Ruling], before: Row | None) -> None:
    """The adopted version, after each function that is otherwise than in the version before."""
    register = await repository.register(uow.sql, number)
    assert register is not None
    earlier = await repository.every_function(uow.sql, before["id"]) if before else []
    known = {row["function_id"]: function_of(row) for row in earlier}
    rows = await repository.every_function(uow.sql, register["id"])
    codes = await services.codes_of_ids(uow.sql, sorted({one for row in rows for one in row["services"]}))
    for row in rows:
        if row["dropped"] or known.get(row["function_id"]) != function_of(row):
            decision = rulings[row["function_id"]].decision
            uow.emit(FUNCTION_CHANGED, function_event(row, register["valid_from"], decision, codes))
    decided = Counter(ruling.decision.value for ruling in rulings.values())
    uow.emit(
        FUNCTION_REGISTER_ADOPTED,
        FunctionRegisterState(
            id=register["id"],
            aggregate_version=register["version"],
            number=number,
            act=adopting_act(register),
            valid_from=register["valid_from"],
            functions=register["functions"],
            decisions=dict(sorted(decided.items())),
        ),
    )
    after = {"number": number, "decisions": dict(decided)}
    uow.audit("function_register.adopt", "function_register", register["id"], after=after)


async def _submitted(uow: UnitOfWork, number: int, *, shared: bool = False) -> Row:
    register = await repository.lock_register(uow.sql, number, shared=shared)
    if register is None:
        raise NotFound
    if register["status"] != RegisterStatus.SUBMITTED:
        raise RegisterNotSubmitted
    return register
