"""Bare Starlette and asyncpg: the rows of a submitted visit in one transaction. Nothing is validated, checked or
sealed."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.bench.floors.pool import lifespan

VISIT = """
WITH added AS (
    INSERT INTO submission (id, campaign_id, organisation_id, municipality_code, service_id, state, version,
        tier, applied_on, delivered_on, fees_paid, documents_asked, note_id, check_id, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, 'received', 1, $6, $7, $8, $9, $10, $11, $12, $13, $13)
    RETURNING id
), checked AS (
    INSERT INTO submission_check (id, submission_id, submission_version, cause, state, verdict, provisional,
        standard_version_id, tier, standard, checks, calendar, inputs, checked_at)
    SELECT $12, id, 1, 'submitted', 'done', 'met', false, $14, $6, $15, $16, $17, $18, $13 FROM added
), said AS (
    INSERT INTO personal_data (id, person_id, organisation_id, kind, object_id, key_id, value, ground, kept_until)
    SELECT $11, $20, $3, 'visit_note', id, 'none', $21, 'public_task', $13 FROM added
), kept AS (
    INSERT INTO submission_version (submission_id, version, change, content, recorded_at)
    SELECT id, 1, 'submitted', $19, $13 FROM added
)
INSERT INTO submission_monitor (submission_id, monitor_id) SELECT id, $20 FROM added
"""
AUDIT = """
INSERT INTO audit (action, object_type, object_id, after, at, actor, actor_kind, organisation, credential,
    trace_id, request_id)
VALUES ('submission.submit', 'submission', $1, $2, $3, $4, 'person', $5, $6, $7, $8)
"""
ORGANISATION, MONITOR, CREDENTIAL, STANDARD = uuid4(), uuid4(), uuid4(), uuid4()
USED = {"id": STANDARD, "version": 1, "version_id": STANDARD, "tier": "ordinary"}
ALLOWED = [{"amount": "100.00", "currency": "KGS"}]
CHECKS = [
    {
        "criterion": "term",
        "verdict": "met",
        "reason": "delivered_in_time",
        "facts": {
            "allowed": {"number": 3, "unit": "working_day"},
            "due": "2026-03-05",
            "delivered": "2026-03-04",
        },
    },
    {
        "criterion": "fee",
        "verdict": "met",
        "reason": "fee_within_standard",
        "facts": {"allowed": ALLOWED, "paid": ALLOWED},
    },
    {"criterion": "documents", "verdict": "met", "reason": "documents_as_listed", "facts": {"asked": 1}},
]
CALENDAR = {"2026": 1}


async def submit_visit(request: Request) -> Response:
    visit = orjson.loads(await request.body())
    identifier, check, now = uuid4(), uuid4(), datetime.now(UTC)
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        await connection.execute(VISIT, *_columns(visit, identifier, check, now))
        await connection.execute(
            AUDIT,
            identifier,
            {"campaign_id": visit["campaign_id"], "service_id": visit["service_id"]},
            now,
            MONITOR,
            ORGANISATION,
            CREDENTIAL,
            identifier.hex,
            str(identifier),
        )
    answer = {
        **visit,
        "id": identifier,
        "state": "received",
        "check": {
            "id": check, "state": "done", "verdict": "met", "provisional": False, "standard": USED,
            "checks": CHECKS, "calendar": CALENDAR, "cause": "submitted", "checked_at": now,
        },
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }  # fmt: skip
    headers = {"etag": '"1"', "location": f"submissions/{identifier}"}
    return Response(orjson.dumps(answer), status_code=201, media_type="application/json", headers=headers)


def _columns(visit: dict[str, Any], identifier: UUID, check: UUID, now: datetime) -> tuple[Any, ...]:
    return (
        identifier,
        UUID(visit["campaign_id"]),
        ORGANISATION,
        visit["municipality_code"],
        UUID(visit["service_id"]),
        visit["tier"],
        date.fromisoformat(visit["applied_on"]),
        date.fromisoformat(visit["delivered_on"]),
        visit["fees_paid"],
        visit["documents_asked"],
        uuid4(),
        check,
        now,
        STANDARD,
        USED,
        CHECKS,
        CALENDAR,
        visit,
        {**visit, "state": "received"},
        MONITOR,
        visit["note"].encode(),
    )


def create_app() -> Starlette:
    return Starlette(routes=[Route("/v1/submissions", submit_visit, methods=["POST"])], lifespan=lifespan)
