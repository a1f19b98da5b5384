"""A small service that uses every part of the HTTP kit."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Header, Query
from pydantic import Field
from pydantic_settings import SettingsConfigDict
from sqlalchemy import CheckConstraint, Column, Date, Integer, LargeBinary, Table, Text, Uuid
from starlette.responses import Response

from shared.db.kit import add_kit_tables
from shared.db.tables import make_registry
from shared.http.conditional import IfMatch, expect
from shared.http.dependencies import PUBLIC, Caller, Reader, Uow, render, reply, requires
from shared.http.errors import Conflict, Invalid, NotFound
from shared.http.hot import HotRead
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses
from shared.http.schemas import Input, Line, Output
from shared.ids import uuid7
from shared.messaging.broker import MAX_RECORD_BYTES
from shared.messaging.contract import Audience, EventPayload, EventType
from shared.service import Feature, ServiceSpec
from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(
        env_prefix="SAMPLE_", frozen=True, extra="ignore", populate_by_name=True
    )


class NoteState(EventPayload):
    title: str


NOTE_CHANGED = EventType(
    "sample.note.changed.v1", NoteState, Audience.PUBLIC, "A note was written or changed"
)


class NoteTaken(Conflict):
    """A note with this title exists."""

    code = "note_taken"


class NoteDraft(Input):
    title: Line
    rank: Annotated[int, Field(ge=0, le=100)] = 0


class NoteView(Output):
    id: UUID
    title: str
    rank: int
    version: int


metadata = make_registry().metadata
add_kit_tables(metadata)
Table(
    "note",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("title", Text, nullable=False, unique=True),
    Column("rank", Integer, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    CheckConstraint("rank >= 0", name="rank"),
)
Table(
    "page",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("valid_from", Date, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("etag", Text, nullable=False),
)

router = APIRouter(prefix="/v1/notes", tags=["notes"])
COLUMNS = "id, title, rank, version"


def view(row: asyncpg.Record) -> NoteView:
    return NoteView(**dict(row))


@router.post(
    "",
    operation_id="write_note",
    status_code=201,
    response_model=NoteView,
    dependencies=[requires("sample:notes:write")],
    responses=problem_responses(NoteTaken),
)
async def write_note(draft: NoteDraft, uow: Uow) -> Response:
    row = await uow.sql.fetchrow(
        f"INSERT INTO note (id, title, rank) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING {COLUMNS}",
        uuid7(),
        draft.title,
        draft.rank,
    )
    if row is None:
        raise NoteTaken
    uow.emit(NOTE_CHANGED, NoteState(id=row["id"], aggregate_version=1, title=draft.title))
    uow.audit("note.write", "note", row["id"], after={"title": draft.title})
    return reply(uow, view(row), status=201, version=1, location=f"notes/{row['id']}")


@router.post(
    "/swallow", operation_id="swallow", dependencies=[requires("sample:notes:write")], status_code=201
)
async def swallow(draft: NoteDraft, uow: Uow) -> dict[str, str]:
    """Catches a database error and answers as if all were well: the unit of work must not let that pass."""
    try:
        await uow.sql.execute("INSERT INTO note (id, title, rank) VALUES ($1, $2, -1)", uuid7(), draft.title)
    except asyncpg.CheckViolationError:
        return {"title": draft.title}
    raise Invalid.at("/title", "the check did not fail")


@router.post(
    "/announce", operation_id="announce", dependencies=[requires("sample:notes:write")], status_code=201
)
async def announce(draft: NoteDraft, uow: Uow) -> dict[str, str]:
    """Writes a note and tells of it at such length that no event can hold it."""
    made = await uow.sql.fetchval(
        "INSERT INTO note (id, title, rank) VALUES ($1, $2, 0) RETURNING id", uuid7(), draft.title
    )
    uow.emit(NOTE_CHANGED, NoteState(id=made, aggregate_version=1, title=draft.title * MAX_RECORD_BYTES))
    return {"title": draft.title}


@router.get("", operation_id="list_notes", openapi_extra=PUBLIC)
async def list_notes(
    sql: Reader, page: PageParams, title: Annotated[str | None, Query(max_length=50)] = None
) -> Page[NoteView]:
    key, identifier = page.values(int, UUID) or (-1, UUID(int=0))
    rows = await sql.fetch(
        f"""SELECT {COLUMNS} FROM note WHERE (rank, id) > ($1, $2) AND ($4::text IS NULL OR title = $4)
            ORDER BY rank, id LIMIT $3""",
        key,
        identifier,
        page.limit + 1,
        title,
    )
    found, cursor = cut(rows, page, lambda row: (row["rank"], row["id"]))
    return render_page(page, [view(row) for row in found], cursor)


@router.get("/boom", operation_id="boom", openapi_extra=PUBLIC)
async def boom() -> None:
    raise RuntimeError("the secret of the stack trace")


@router.get("/mine", operation_id="mine", dependencies=[requires()])
async def mine(caller: Caller) -> dict[str, str]:
    return {"sub": caller.subject, "org": str(caller.org)}


@router.get(
    "/{note_id}",
    operation_id="get_note",
    openapi_extra=PUBLIC,
    response_model=NoteView,
    responses=problem_responses(NotFound),
)
async def get_note(
    note_id: UUID, sql: Reader, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    row = await sql.fetchrow(f"SELECT {COLUMNS} FROM note WHERE id = $1", note_id)
    if row is None:
        raise NotFound
    return render(view(row), version=row["version"], if_none_match=if_none_match)


@router.put(
    "/{note_id}",
    operation_id="change_note",
    response_model=NoteView,
    dependencies=[requires("sample:notes:write")],
)
async def change_note(note_id: UUID, draft: NoteDraft, expected: IfMatch, uow: Uow) -> Response:
    row = await uow.sql.fetchrow(f"SELECT {COLUMNS} FROM note WHERE id = $1 FOR UPDATE", note_id)
    if row is None:
        raise NotFound
    expect(row["version"], expected)
    changed = await uow.sql.fetchrow(
        f"UPDATE note SET title = $2, rank = $3, version = version + 1 WHERE id = $1 RETURNING {COLUMNS}",
        note_id,
        draft.title,
        draft.rank,
    )
    uow.emit(
        NOTE_CHANGED, NoteState(id=note_id, aggregate_version=changed["version"], title=changed["title"])
    )
    return reply(uow, view(changed), version=changed["version"])


pages = APIRouter(prefix="/v1/pages", tags=["pages"])


@pages.get("/{page_id}", operation_id="get_page", openapi_extra=PUBLIC, responses=problem_responses(NotFound))
async def get_page(page_id: UUID) -> dict[str, str]:
    """Behind the hot read: what is not published today."""
    if page_id.int == 1:
        return {"served": "by the route"}
    raise NotFound


SPEC = ServiceSpec(
    name="sample",
    title="Sample",
    description="A service for the tests of the kit.",
    settings=Settings,
    metadata=metadata,
    migrations=Path(__file__).parent / "migrations",
    features=(Feature("notes", router, ("notes",)), Feature("pages", pages, ("pages",))),
    publishes=(NOTE_CHANGED,),
    hot=(HotRead("/v1/pages/", "SELECT body, etag FROM page WHERE id = $1 AND valid_from <= $2"),),
)
