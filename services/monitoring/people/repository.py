"""All SQL that forgets people in monitoring's own tables."""

from typing import Any
from uuid import UUID

from services.monitoring.checks.documents import without_words
from shared.contracts.registry import RequiredDocument, StandardVersion
from shared.db.unit_of_work import UnitOfWork


async def forget_maker(uow: UnitOfWork, person: UUID) -> int:
    """The visits stay and count as they did; nobody made them."""
    rows = await uow.sql.fetch(
        "DELETE FROM submission_monitor WHERE monitor_id = $1 RETURNING submission_id", person
    )
    return len(rows)


async def forget_words(uow: UnitOfWork, person: UUID) -> int:
    """Put the code of the list, or a mark, in the place of the words in which documents are named: in the visits that
    were made by this person or entered for them, in earlier versions and in what was compared. Checks stay what they
    were."""
    rows = await uow.sql.fetch(
        """SELECT s.id, array(SELECT state FROM known_standard WHERE service_id = s.service_id) AS standards
           FROM submission AS s WHERE s.id IN (
               SELECT submission_id FROM submission_monitor WHERE monitor_id = $1
               UNION ALL SELECT object_id FROM consent WHERE person_id = $1)
           ORDER BY s.id FOR UPDATE""",
        person,
    )
    changed = 0
    for row in rows:
        listed = [
            document
            for standard in row["standards"]
            for document in StandardVersion.model_validate(standard).documents
        ]
        changed += await _forget_words_of(uow, row["id"], listed)
    return changed


async def _forget_words_of(uow: UnitOfWork, submission: UUID, listed: list[RequiredDocument]) -> bool:
    rows = await uow.sql.fetch(
        """SELECT documents_asked AS asked FROM submission WHERE id = $1
           UNION SELECT inputs -> 'documents_asked' FROM submission_check WHERE submission_id = $1
           UNION SELECT content -> 'documents_asked' FROM submission_version WHERE submission_id = $1""",
        submission,
    )
    changed = False
    for row in rows:
        said: list[Any] | None = row["asked"]
        if not said:
            continue
        told = without_words(said, tuple(listed))
        if told == said:
            continue
        changed = True
        await uow.sql.execute(
            "UPDATE submission SET documents_asked = $3 WHERE id = $1 AND documents_asked = $2",
            submission,
            said,
            told,
        )
        for table, column in (("submission_check", "inputs"), ("submission_version", "content")):
            await uow.sql.execute(
                f"""UPDATE {table} SET {column} = jsonb_set({column}, '{{documents_asked}}', $3)
                    WHERE submission_id = $1 AND {column} -> 'documents_asked' = $2""",
                submission,
                said,
                told,
            )
    return changed
