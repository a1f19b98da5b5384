"""SQL that tells a contact to the donor who holds the idea, and to nobody once none does."""

from uuid import UUID

from services.ideas_market.people.kinds import CONTACT
from shared.db.database import Connection


async def holder(sql: Connection, idea_id: UUID) -> UUID | None:
    """The donor who holds the idea or has funded it."""
    found: UUID | None = await sql.fetchval(
        """SELECT donor_id FROM reservation WHERE idea_id = $1 AND state IN ('active', 'fulfilled')
           ORDER BY id DESC LIMIT 1""",
        idea_id,
    )
    return found


async def disclose(sql: Connection, idea_id: UUID) -> None:
    """After every change of a reservation, in its transaction."""
    await sql.execute(
        "UPDATE personal_data SET shared_with = $2 WHERE object_id = $1 AND kind = $3",
        idea_id,
        await holder(sql, idea_id),
        CONTACT.name,
    )
