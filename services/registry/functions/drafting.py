"""Use cases of an open register: opened as a copy of the one before, edited by registrars, submitted as a whole."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.bodies import repository as bodies
from services.registry.functions import repository
from services.registry.functions.domain import RegisterStatus, submission_problems
from services.registry.functions.rights import check_own
from services.registry.functions.schemas import FunctionChange, FunctionDraft
from services.registry.functions.views import function_of
from services.registry.legal import repository as legal
from services.registry.legal.domain import ActStatus
from shared.auth.origins import check_origin
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, FieldError, Invalid, NotFound
from shared.ids import uuid7
from shared.text import pick, sort_key

Row = asyncpg.Record


class RegisterOpen(Conflict):
    """A version of the register is open already; it is adopted before the next one is drafted."""

    code = "register_open"


class RegisterNotDrafted(Conflict):
    """This version is no draft any more: functions are not edited in it."""

    code = "register_not_drafted"


class FunctionCodeTaken(Conflict):
    """This version has a function with this code."""

    code = "function_code_taken"


class NotReadyForCommission(Invalid):
    """The register is not complete; errors lists everything that is missing in it."""

    code = "not_ready_for_commission"


async def open_register(uow: UnitOfWork) -> int:
    """The number of a new draft, with the functions of the last adopted version. Raises RegisterOpen (409)."""
    row = await repository.open_register(uow.sql, uuid7())
    if row is None:
        raise RegisterOpen
    uow.audit("function_register.open", "function_register", row["id"], after={"number": row["number"]})
    return int(row["number"])


async def add_function(uow: UnitOfWork, number: int, draft: FunctionDraft) -> Row:
    check_origin(uow, draft.origin, by_scope=True)
    register = await drafted(uow, number)
    body_id = await _own_body(uow, draft.body)
    await _check_references(uow, body_id, draft.act_id, draft.services)
    entry = {
        **draft.model_dump(exclude={"body"}),
        "register_id": register["id"],
        "function_id": uuid7(),
        "body_id": body_id,
        "sort_key": sort_key(pick(draft.name).value),
        "services": _once(draft.services),
    }
    if not await repository.add_function(uow.sql, entry):
        raise FunctionCodeTaken
    after = {"code": draft.code, "register": number}
    uow.audit("function.add", "function", entry["function_id"], after=after)
    return await _read(uow, register["id"], entry["function_id"])


async def change_function(
    uow: UnitOfWork, number: int, function_id: UUID, change: FunctionChange, expected: Precondition
) -> Row:
    register, current = await _own_function(uow, number, function_id)
    expect(current["version"], expected)
    changes = change.model_dump(exclude_none=True)
    if not changes:
        return current
    body_id = await _own_body(uow, change.body) if change.body else current["body_id"]
    services = current["services"] if change.services is None else _once(change.services)
    await _check_references(uow, body_id, change.act_id, [] if change.services is None else services)
    name = change.name or current["name"]
    kept = ("level", "financed_from", "act_id", "provision")
    entry: dict[str, Any] = {column: changes.get(column, current[column]) for column in kept}
    entry |= {
        "function_id": function_id,
        "body_id": body_id,
        "name": name,
        "services": services,
        "dropped": False,
    }
    entry["sort_key"] = sort_key(pick(name).value)
    await repository.restate(uow.sql, register["id"], [entry])
    after = {"changed": sorted(changes), "register": number}
    uow.audit("function.change", "function", function_id, after=after)
    return await _read(uow, register["id"], function_id)


async def remove_function(uow: UnitOfWork, number: int, function_id: UUID, expected: Precondition) -> None:
    """Out of a draft; out of the register in force a function goes by decision of the commission alone."""
    register, current = await _own_function(uow, number, function_id)
    expect(current["version"], expected)
    await repository.remove_function(uow.sql, register["id"], function_id)
    uow.audit(
        "function.remove", "function", function_id, before={"code": current["code"], "register": number}
    )


async def submit(uow: UnitOfWork, number: int, expected: Precondition) -> None:
    """Before the commission, where every function is complete. Raises NotReadyForCommission (422)."""
    register = await drafted(uow, number, alone=True)
    expect(register["version"], expected)
    rows = await repository.every_function(uow.sql, register["id"])
    problems = submission_problems(
        [function_of(row) for row in rows],
        frozenset(row["act_id"] for row in rows if row["act_status"] == ActStatus.REPEALED),
        frozenset(row["body_id"] for row in rows if row["body_ended"] is not None),
    )
    if problems:
        raise NotReadyForCommission(errors=problems)
    await repository.submit(uow.sql, register["id"])
    after = {"number": number, "functions": len(rows)}
    uow.audit("function_register.submit", "function_register", register["id"], after=after)


async def drafted(uow: UnitOfWork, number: int, *, alone: bool = False) -> Row:
    """The version, locked: shared with others who edit, or alone. Raises NotFound, RegisterNotDrafted (409)."""
    register = await repository.lock_register(uow.sql, number, shared=not alone)
    if register is None:
        raise NotFound
    if register["status"] != RegisterStatus.DRAFT:
        raise RegisterNotDrafted
    return register


async def _own_function(uow: UnitOfWork, number: int, function_id: UUID) -> tuple[Row, Row]:
    register = await drafted(uow, number)
    current = await repository.function(uow.sql, register["id"], function_id)
    if current is None:
        raise NotFound
    await check_own(uow.sql, uow.principal, current["body_id"])
    # Read again under its lock: of two who change it the second is told.
    locked = await repository.lock_function(uow.sql, register["id"], function_id)
    if locked is None:
        raise NotFound
    return register, await _read(uow, register["id"], function_id)


async def _own_body(uow: UnitOfWork, code: str) -> UUID:
    body_id = await bodies.id_of_code(uow.sql, code)
    if body_id is None:
        raise Invalid.at("/body", f"There is no body {code}.", "unknown_body", body=code)
    await check_own(uow.sql, uow.principal, body_id)
    return body_id


async def _check_references(
    uow: UnitOfWork, body_id: UUID, act_id: UUID | None, services: Sequence[UUID]
) -> None:
    if act_id is not None and act_id not in await legal.known(uow.sql, [act_id]):
        raise Invalid.at("/act_id", "There is no such act.", "unknown_act")
    known = await repository.services_within(uow.sql, services, body_id) if services else set()
    unknown = [
        FieldError(f"/services/{index}", "There is no such service.", "unknown_service")
        for index, service in enumerate(services)
        if service not in known
    ]
    if unknown:
        raise Invalid(errors=unknown)


def _once(services: Sequence[UUID]) -> list[UUID]:
    return sorted(set(services))


async def _read(uow: UnitOfWork, register_id: UUID, function_id: UUID) -> Row:
    row = await repository.function(uow.sql, register_id, function_id)
    assert row is not None
    return row
