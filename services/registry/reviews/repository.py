"""All SQL of reviews."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.auth.principal import Actor
from shared.db.database import Connection

Row = asyncpg.Record

_ROUND = "id, code, title, reviewers_needed, opens_on, closes_on, created_at, origin, source"
_REMARK = "id, round_id, standard_id, reviewer, row, text, draft_version, made_at, answer, answered_at"


async def add_round(sql: Connection, values: Mapping[str, Any], bodies: Sequence[UUID]) -> Row | None:
    """None when the code is taken."""
    row = await sql.fetchrow(
        f"""INSERT INTO review_round ({_ROUND}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT DO NOTHING RETURNING {_ROUND}""",
        *(values[name] for name in _ROUND.split(", ")),
    )
    if row is not None:
        await sql.execute(
            "INSERT INTO review_round_body (round_id, body_id) SELECT $1, unnest($2::uuid[])",
            row["id"],
            bodies,
        )
    return row


async def rounds(sql: Connection, after: UUID | None, limit: int) -> Sequence[Row]:
    return await sql.fetch(
        f"SELECT {_ROUND} FROM review_round WHERE id > $1 ORDER BY id LIMIT $2", after or UUID(int=0), limit
    )


async def one(sql: Connection, identifier: UUID) -> Row | None:
    return await sql.fetchrow(f"SELECT {_ROUND} FROM review_round WHERE id = $1", identifier)


async def lock(sql: Connection, identifier: UUID) -> Row | None:
    return await sql.fetchrow(f"SELECT {_ROUND} FROM review_round WHERE id = $1 FOR UPDATE", identifier)


async def bodies(sql: Connection, round_id: UUID) -> Sequence[Row]:
    """`id code name services` of each body of the round; services are its public entries, open ones only."""
    return await sql.fetch(
        """SELECT body.id, body.code, body.name, count(service.id) AS services
           FROM review_round_body AS part JOIN organisation AS body ON body.id = part.body_id
           LEFT JOIN service ON service.body_id = body.id AND service.status IN ('collected', 'included')
           WHERE part.round_id = $1 GROUP BY body.id ORDER BY body.sort_key, body.id""",
        round_id,
    )


async def reviewers(sql: Connection, round_id: UUID) -> Sequence[Row]:
    """`number` and organisation of each; persons stay out."""
    return await sql.fetch(
        """SELECT reviewer.number, organisation.id, organisation.code, organisation.name
           FROM review_reviewer AS reviewer JOIN organisation ON organisation.id = reviewer.organisation_id
           WHERE reviewer.round_id = $1 ORDER BY reviewer.number""",
        round_id,
    )


async def reviewing(sql: Connection, membership_id: UUID, on: date) -> Row | None:
    """`person_id organisation_id` of a membership with the role of a reviewer that holds on a day."""
    return await sql.fetchrow(
        """SELECT person_id, organisation_id FROM membership
           WHERE id = $1 AND role = 'reviewer' AND valid_from <= $2 AND (valid_to IS NULL OR $2 < valid_to)""",
        membership_id,
        on,
    )


async def appoint(
    sql: Connection, round_id: UUID, person: UUID, organisation: UUID, at: datetime
) -> int | None:
    """The reviewer's number in a locked round; None when they are appointed already."""
    found: int | None = await sql.fetchval(
        """INSERT INTO review_reviewer (round_id, number, person_id, organisation_id, appointed_at)
           SELECT $1, 1 + (SELECT count(*) FROM review_reviewer AS known WHERE known.round_id = $1), $2, $3, $4
           ON CONFLICT (round_id, person_id) DO NOTHING RETURNING number""",
        round_id,
        person,
        organisation,
        at,
    )
    return found


async def number_of(sql: Connection, round_id: UUID, actor: Actor) -> int | None:
    """As which reviewer the caller was appointed to the round."""
    found: int | None = await sql.fetchval(
        "SELECT number FROM review_reviewer WHERE round_id = $1 AND person_id = $2", round_id, actor
    )
    return found


async def count_appointments(sql: Connection, person: UUID) -> int:
    found: int = await sql.fetchval("SELECT count(*) FROM review_reviewer WHERE person_id = $1", person)
    return found


async def covers(sql: Connection, round_id: UUID, body_id: UUID) -> bool:
    return bool(
        await sql.fetchval(
            "SELECT true FROM review_round_body WHERE round_id = $1 AND body_id = $2", round_id, body_id
        )
    )


async def drafts(
    sql: Connection, round_id: UUID, body: UUID | None, after: UUID | None, limit: int
) -> Sequence[Row]:
    """Drafts of the round's bodies (of one of them, where `body` is given), by the standard's id."""
    return await sql.fetch(
        """SELECT standard.id, standard.version, service.id AS service_id, service.code AS service_code,
                  service.name AS service_name
           FROM review_round_body AS part JOIN standard ON standard.body_id = part.body_id
           JOIN standard_draft AS draft ON draft.standard_id = standard.id
           JOIN service ON service.id = standard.service_id
           WHERE part.round_id = $1 AND ($2::uuid IS NULL OR part.body_id = $2) AND standard.id > $3
           ORDER BY standard.id LIMIT $4""",
        round_id,
        body,
        after or UUID(int=0),
        limit,
    )


async def add_remark(sql: Connection, values: Mapping[str, Any]) -> Row:
    names = ("id", "round_id", "standard_id", "reviewer", "row", "text", "draft_version", "made_at")
    row = await sql.fetchrow(
        f"""INSERT INTO review_remark ({", ".join(names)}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            RETURNING {_REMARK}""",
        *(values[name] for name in names),
    )
    assert row is not None
    return row


async def lock_remark(sql: Connection, round_id: UUID, identifier: UUID) -> Row | None:
    """With `body_id`, whose standard it is about."""
    return await sql.fetchrow(
        f"""SELECT {", ".join("remark." + name for name in _REMARK.split(", "))}, standard.body_id
            FROM review_remark AS remark JOIN standard ON standard.id = remark.standard_id
            WHERE remark.id = $2 AND remark.round_id = $1 FOR UPDATE OF remark""",
        round_id,
        identifier,
    )


async def answer(sql: Connection, identifier: UUID, text: Mapping[str, str], at: datetime) -> Row:
    row = await sql.fetchrow(
        f"UPDATE review_remark SET answer = $2, answered_at = $3 WHERE id = $1 RETURNING {_REMARK}",
        identifier,
        text,
        at,
    )
    assert row is not None
    return row


async def remarks(sql: Connection, round_id: UUID, standard_id: UUID) -> Sequence[Row]:
    """The newest five hundred, oldest first."""
    return await sql.fetch(
        f"""SELECT * FROM (SELECT {_REMARK} FROM review_remark WHERE standard_id = $2 AND round_id = $1
                           ORDER BY id DESC LIMIT 500) AS newest ORDER BY id""",
        round_id,
        standard_id,
    )


async def put_verdict(sql: Connection, values: Mapping[str, Any]) -> None:
    names = ("round_id", "standard_id", "reviewer", "opinion", "draft_version", "given_at")
    await sql.execute(
        f"""INSERT INTO review_verdict ({", ".join(names)}) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (standard_id, round_id, reviewer) DO UPDATE SET opinion = excluded.opinion,
                draft_version = excluded.draft_version, given_at = excluded.given_at""",
        *(values[name] for name in names),
    )


async def verdicts(sql: Connection, round_id: UUID, standard_id: UUID) -> Sequence[Row]:
    return await sql.fetch(
        """SELECT reviewer, opinion, draft_version, given_at FROM review_verdict
           WHERE standard_id = $2 AND round_id = $1 ORDER BY reviewer""",
        round_id,
        standard_id,
    )


async def standings(sql: Connection, standard_ids: Sequence[UUID]) -> Sequence[Row]:
    """`standard_id needed approving rejecting unanswered` of each standard in each round of its body."""
    return await sql.fetch(
        """SELECT standard.id AS standard_id, round.reviewers_needed AS needed, given.approving, given.rejecting,
                  (SELECT count(*) FROM review_remark AS remark WHERE remark.standard_id = standard.id
                   AND remark.round_id = round.id AND remark.answered_at IS NULL) AS unanswered
           FROM standard JOIN review_round_body AS part ON part.body_id = standard.body_id
           JOIN review_round AS round ON round.id = part.round_id
           CROSS JOIN LATERAL (
               SELECT count(*) FILTER (WHERE opinion = 'approve') AS approving,
                      count(*) FILTER (WHERE opinion = 'reject') AS rejecting
               FROM review_verdict AS verdict WHERE verdict.standard_id = standard.id
                 AND verdict.round_id = round.id AND verdict.draft_version = standard.version
           ) AS given
           WHERE standard.id = ANY($1::uuid[])""",
        standard_ids,
    )
