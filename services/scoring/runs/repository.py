"""All SQL of runs: the run itself and what is read of it. Writing results stands in `results_repository`."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

import asyncpg

from services.scoring.visits.repository import COUNTING, NAMED, SERVICE
from shared.db.database import Connection

Row = asyncpg.Record

_RUN = """r.id, r.method_id, r.method_code, r.method_number, r.method_hash, r.period_start, r.period_end, r.state,
    r.version, r.edition, r.live_run_id, r.input_hash, r.municipalities, r.ranked, r.computed_at, r.published_at"""
_SHOWN = f"""SELECT {_RUN}, (m.document->'rules'->>'decimals')::int AS decimals, p.id AS published_run_id
    FROM run r JOIN method m ON m.id = r.method_id
    LEFT JOIN run p ON p.live_run_id = r.id AND p.edition = r.edition"""
_LIVE = (
    f"SELECT {_RUN}, m.document FROM run r JOIN method m ON m.id = r.method_id WHERE r.state = 'provisional'"
)


async def run(sql: Connection, identifier: UUID) -> Row | None:
    """With the number of decimals shown, and for a live run the id of its latest publication."""
    return await sql.fetchrow(f"{_SHOWN} WHERE r.id = $1", identifier)


async def runs(
    sql: Connection, method: str | None, state: str | None, before: UUID | None, limit: int
) -> Sequence[Row]:
    """Newest first."""
    return await sql.fetch(
        f"""{_SHOWN} WHERE ($1::text IS NULL OR r.method_code = $1) AND ($2::text IS NULL OR r.state = $2)
            AND ($3::uuid IS NULL OR r.id < $3) ORDER BY r.id DESC LIMIT $4""",
        method,
        state,
        before,
        limit,
    )


async def hold_inputs(sql: Connection) -> None:
    """Wait until nobody is changing inputs, and let nobody begin before this transaction ends: a writer that does
    not see a run that is being opened would not recompute it."""
    await sql.execute("LOCK TABLE visit, observation, territory IN SHARE MODE")


async def open_live(
    sql: Connection, identifier: UUID, method: Row, start: date, end: date, at: object
) -> bool:
    """False when this method and period have a live run."""
    return bool(
        await sql.fetchval(
            """INSERT INTO run (id, method_id, method_code, method_number, method_hash, period_start, period_end,
                                state, edition, input_hash, municipalities, ranked, computed_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, 'provisional', 0, '', 0, 0, $8)
               ON CONFLICT DO NOTHING RETURNING true""",
            identifier,
            method["id"],
            method["code"],
            method["number"],
            method["content_hash"],
            start,
            end,
            at,
        )
    )


async def live_run_id(sql: Connection, method_id: UUID, start: date, end: date) -> UUID | None:
    found: UUID | None = await sql.fetchval(
        """SELECT id FROM run
           WHERE method_id = $1 AND period_start = $2 AND period_end = $3 AND state = 'provisional'""",
        method_id,
        start,
        end,
    )
    return found


# Whoever recomputes locks the run first and reads the inputs afterwards, in statements of their own: so it sees
# everything committed by those who held the lock before it, and no update is lost.
async def lock_live(sql: Connection, identifier: UUID) -> Row | None:
    """The live run with its method's document."""
    return await sql.fetchrow(f"{_LIVE} AND r.id = $1 FOR UPDATE OF r", identifier)


async def lock_live_on(sql: Connection, days: Collection[date]) -> Sequence[Row]:
    """Live runs whose period holds one of these days."""
    return await sql.fetch(
        f"""{_LIVE} AND EXISTS (SELECT 1 FROM unnest($1::date[]) AS day
                                WHERE day BETWEEN r.period_start AND r.period_end)
            ORDER BY r.id FOR UPDATE OF r""",
        list(days),
    )


async def lock_live_of(sql: Connection, method: str, earliest: date) -> Sequence[Row]:
    """Live runs of a method that end on `earliest` or later."""
    return await sql.fetch(
        f"{_LIVE} AND r.method_code = $1 AND r.period_end >= $2 ORDER BY r.id FOR UPDATE OF r",
        method,
        earliest,
    )


async def lock_live_with(sql: Connection, municipalities: Collection[str]) -> Sequence[Row]:
    """Live runs that have a result of one of these municipalities."""
    return await sql.fetch(
        f"""{_LIVE} AND EXISTS (SELECT 1 FROM result
                                WHERE run_id = r.id AND municipality_code = ANY($1::text[]))
            ORDER BY r.id FOR UPDATE OF r""",
        list(municipalities),
    )


async def live_ids(sql: Connection) -> list[UUID]:
    rows = await sql.fetch("SELECT id FROM run WHERE state = 'provisional' ORDER BY id")
    return [row["id"] for row in rows]


async def any_run(sql: Connection, identifier: UUID) -> Row | None:
    return await sql.fetchrow(f"SELECT {_RUN} FROM run r WHERE r.id = $1", identifier)


async def latest_hash(sql: Connection, live_run_id: UUID, edition: int) -> str | None:
    """Input hash of the latest publication."""
    found: str | None = await sql.fetchval(
        "SELECT input_hash FROM run WHERE live_run_id = $1 AND edition = $2", live_run_id, edition
    )
    return found


async def rebuilding(sql: Connection) -> str | None:
    """A projection that is being rebuilt or was left broken."""
    found: str | None = await sql.fetchval(
        "SELECT name FROM projection WHERE state <> 'live' ORDER BY name LIMIT 1"
    )
    return found


async def computed(
    sql: Connection, identifier: UUID, input_hash: str, municipalities: int, ranked: int, at: object
) -> None:
    await sql.execute(
        """UPDATE run SET version = version + 1, input_hash = $2, municipalities = $3, ranked = $4, computed_at = $5
           WHERE id = $1""",
        identifier,
        input_hash,
        municipalities,
        ranked,
        at,
    )


async def freeze(sql: Connection, live_run_id: UUID, identifier: UUID, at: object) -> None:
    """Copy a locked live run with everything it rests on, and count the edition in the live one."""
    await sql.execute(
        "UPDATE run SET edition = edition + 1, version = version + 1 WHERE id = $1", live_run_id
    )
    await sql.execute(
        """INSERT INTO run (id, method_id, method_code, method_number, method_hash, period_start, period_end, state,
                            edition, live_run_id, input_hash, municipalities, ranked, computed_at, published_at)
           SELECT $2, method_id, method_code, method_number, method_hash, period_start, period_end, 'published',
                  edition, id, input_hash, municipalities, ranked, computed_at, $3
           FROM run WHERE id = $1""",
        live_run_id,
        identifier,
        at,
    )
    await sql.execute(
        """INSERT INTO result (run_id, municipality_code, municipality_id, name, path, score, rank, place,
                               dimensions, indicators, input_hash)
           SELECT $2, municipality_code, municipality_id, name, path, score, rank, place,
                  dimensions, indicators, input_hash
           FROM result WHERE run_id = $1""",
        live_run_id,
        identifier,
    )
    await sql.execute(
        f"""INSERT INTO run_visit (run_id, visit_id, version, municipality_code, service, standard, applied_on,
                                  verdict, checks, provisional, origin)
           SELECT r.id, v.id, v.version, v.municipality_code, {SERVICE}, v.standard, v.applied_on,
                  v.verdict, v.checks, v.provisional, v.origin
           FROM run r JOIN visit v ON v.applied_on BETWEEN r.period_start AND r.period_end {NAMED}
           WHERE r.id = $1 AND {COUNTING}""",
        identifier,
    )
