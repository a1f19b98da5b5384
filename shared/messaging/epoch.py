"""The life of a database: a UUID that every restore changes, so that positions are never reissued unnoticed."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from shared.db.database import Connection

_LAST = "SELECT epoch, base_position, started_at FROM epoch ORDER BY number DESC LIMIT 1"

# The timeline of the WAL being written; pg_control_checkpoint() lags behind it until the next checkpoint.
_IDENTITY = """
SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
       ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int AS timeline,
       (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) AS database_oid
"""


@dataclass(frozen=True, slots=True)
class Epoch:
    epoch: UUID
    base_position: int
    """Positions up to this one were given in earlier lives and are common to both."""


async def current_epoch(connection: Connection) -> Epoch | None:
    """The epoch in force; None before the first sequencer ran."""
    row = await connection.fetchrow(_LAST)
    return Epoch(row["epoch"], row["base_position"]) if row else None


async def last_common_position(connection: Connection, epoch: UUID, position: int) -> int:
    """How far a reader who holds this cursor of an earlier life saw the same history; 0 for an unknown life."""
    row = await connection.fetchrow(
        """SELECT next.base_position FROM epoch AS held
           JOIN LATERAL (SELECT min(later.base_position) AS base_position FROM epoch AS later
                         WHERE later.number > held.number) AS next ON true
           WHERE held.epoch = $1""",
        epoch,
    )
    if row is None:
        return 0
    base: int | None = row["base_position"]
    return position if base is None else min(position, base)


async def ensure_epoch(connection: Connection) -> Epoch:
    """Start a new epoch when this is not the database that the last one was started in.

    For the sequencer, inside its lock: nobody else may give positions meanwhile."""
    same = await connection.fetchrow(
        f"""WITH here AS ({_IDENTITY}), last AS (SELECT * FROM epoch ORDER BY number DESC LIMIT 1)
            SELECT last.epoch, last.base_position FROM last JOIN here
            USING (system_identifier, timeline, database_oid)"""
    )
    if same is not None:
        return Epoch(same["epoch"], same["base_position"])
    return await renew_epoch(connection)


async def renew_epoch(connection: Connection) -> Epoch:
    """Start a new epoch now. Needed by hand after a restore that Postgres cannot see: a copied-back data folder.

    The caller holds the sequencer's lock."""
    row = await connection.fetchrow(
        f"""INSERT INTO epoch (epoch, base_position, system_identifier, timeline, database_oid)
            SELECT $1, coalesce((SELECT max(position) FROM event), 0), here.* FROM ({_IDENTITY}) AS here
            RETURNING epoch, base_position""",
        uuid4(),
    )
    assert row is not None
    return Epoch(row["epoch"], row["base_position"])
