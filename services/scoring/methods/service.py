"""Use cases of methods: draft, change, publish."""

from typing import Any
from uuid import UUID

import asyncpg

from services.scoring.methods import repository
from services.scoring.methods.domain import Method, changeable, check, content_hash
from services.scoring.methods.schemas import Definition
from shared.auth.origins import check_origin
from shared.contracts.scoring import METHOD_PUBLISHED, MethodState
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Conflict, FieldError, Invalid, NotFound
from shared.ids import uuid7

Row = asyncpg.Record


class DraftRace(Conflict):
    """Another draft of this method was made at the same moment; try again."""

    code = "draft_race"


async def draft_method(
    uow: UnitOfWork, code: str, definition: Definition, *, identifier: UUID | None = None
) -> Row:
    """The next version of `code`, as a draft of the acting organisation."""
    check_origin(uow, definition.origin, "/definition/origin", by_scope=True)
    document = _document(definition, "/definition")
    row = await repository.add_draft(
        uow.sql,
        identifier or uuid7(),
        code,
        definition.name,
        document,
        content_hash(document),
        uow.principal.acting_or_none,
    )
    if row is None:
        raise DraftRace
    uow.audit("method.draft", "method", row["id"], after=_audited(row))
    return row


async def change_draft(
    uow: UnitOfWork, code: str, number: int, definition: Definition, expected: Precondition
) -> Row:
    current = await _own(uow, code, number)
    changeable(current["state"])
    expect(current["version"], expected)
    check_origin(uow, definition.origin, by_scope=True)
    document = _document(definition, "")
    row = await repository.change_draft(
        uow.sql, current["id"], definition.name, document, content_hash(document)
    )
    assert row is not None
    uow.audit("method.change", "method", row["id"], before=_audited(current), after=_audited(row))
    return row


async def publish_method(uow: UnitOfWork, code: str, number: int, expected: Precondition) -> Row:
    """From now on the version can be run, and is never changed again."""
    current = await _own(uow, code, number)
    changeable(current["state"])
    expect(current["version"], expected)
    row = await repository.publish(uow.sql, current["id"], uow.clock.now())
    assert row is not None
    uow.emit(METHOD_PUBLISHED, _state(row))
    uow.audit("method.publish", "method", row["id"], after=_audited(row))
    return row


async def published_method(sql: Connection, code: str, number: int | None) -> tuple[Row, Method] | None:
    """A published version (the latest when none is named): its row, and what computing needs of it."""
    row = await repository.published(sql, code, number)
    if row is None:
        return None
    return row, Method.of(row["code"], row["number"], row["content_hash"], row["document"])


def hash_of(definition: Definition) -> str:
    """The content hash a version with this definition has. Raises Invalid."""
    return content_hash(_document(definition, ""))


async def _own(uow: UnitOfWork, code: str, number: int) -> Row:
    row = await repository.lock_own(uow.sql, code, number, uow.principal.acting_or_none)
    if row is None:
        raise NotFound
    return row


def _document(definition: Definition, root: str) -> dict[str, Any]:
    """The definition as it is stored. Raises Invalid when its parts do not fit together."""
    document = definition.model_dump(mode="json", exclude_none=True)
    errors = check(document)
    if errors:
        raise Invalid(errors=[FieldError(root + found.pointer, found.detail, found.code) for found in errors])
    return document


def _audited(row: Row) -> dict[str, Any]:
    return {
        "code": row["code"],
        "number": row["number"],
        "state": row["state"],
        "content_hash": row["content_hash"],
    }


def _state(row: Row) -> MethodState:
    return MethodState(
        id=row["id"],
        aggregate_version=row["version"],
        code=row["code"],
        version=row["number"],
        name=row["name"],
        dimensions=len(row["document"]["dimensions"]),
        indicators=len(row["document"]["indicators"]),
    )
