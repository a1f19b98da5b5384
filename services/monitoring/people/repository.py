"""All SQL that forgets people in monitoring's own tables."""

from uuid import UUID

from shared.db.unit_of_work import UnitOfWork


async def forget_maker(uow: UnitOfWork, person: UUID) -> int:
    """The visits stay and count as they did; nobody made them."""
    rows = await uow.sql.fetch(
        "DELETE FROM submission_monitor WHERE monitor_id = $1 RETURNING submission_id", person
    )
    return len(rows)
