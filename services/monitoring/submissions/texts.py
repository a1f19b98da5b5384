"""What people say of a visit in their own words: sealed among the personal data, named by id everywhere else."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from services.monitoring.people.kinds import BY_DESK, COMMENT, DESK_NOTE, NOTE, PEOPLE
from services.monitoring.submissions.repository import Row
from services.monitoring.submissions.schemas import VisitDraft
from shared.auth.principal import Principal
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.people.consents import take_down
from shared.people.keyring import Keyring
from shared.people.store import NOTHING, PersonalData
from shared.people.store import Row as Said

Texts = dict[UUID, str]


async def said_of(uow: UnitOfWork, draft: VisitDraft, submission: UUID) -> Said:
    """The row of a new visit's note, to be stored with the visit.

    At a desk they are the words of the person it is entered for, whose consent is recorded first: 403 without the
    scope, 422 without a consent."""
    consent_id, kind = None, NOTE
    person: UUID = uow.principal.actor()
    if draft.on_behalf_of is not None:
        kind, person = DESK_NOTE, draft.on_behalf_of.person_id
        consent_id = await take_down(uow, PEOPLE, draft.on_behalf_of, purpose=BY_DESK, object_id=submission)
    if draft.note is None:
        return NOTHING
    return store(uow).seal(
        kind,
        draft.note,
        person=person,
        object_id=submission,
        now=uow.clock.now(),
        consent_id=consent_id,
    )


async def keep_note(uow: UnitOfWork, submission: UUID, note: str | None) -> UUID | None:
    """A visit's next note; the earlier one stays for its history."""
    return await _keep(uow, NOTE, submission, note)


async def keep_comment(uow: UnitOfWork, submission: UUID, comment: str | None) -> UUID | None:
    return await _keep(uow, COMMENT, submission, comment)


async def _keep(uow: UnitOfWork, kind: Any, submission: UUID, text: str | None) -> UUID | None:
    if text is None:
        return None
    people = store(uow)
    person = uow.principal.actor()
    return await people.keep(
        people.seal(kind, text, person=person, object_id=submission, now=uow.clock.now())
    )


def store(uow: UnitOfWork) -> PersonalData:
    return PersonalData(uow.sql, uow.principal, uow.keyring)


async def texts_of(sql: Connection, caller: Principal, keyring: Keyring, rows: Iterable[Row]) -> Texts:
    """Notes and comments of visits, by id, as the caller may see them; one question for all of them."""
    wanted = [row[name] for row in rows for name in ("note_id", "comment_id")]
    return await PersonalData(sql, caller, keyring).texts(wanted)


async def notes_of(
    sql: Connection, caller: Principal, keyring: Keyring, contents: Iterable[Mapping[str, Any]]
) -> Texts:
    """Notes of a visit's versions, by id."""
    wanted = [UUID(content["note_id"]) for content in contents if content.get("note_id")]
    return await PersonalData(sql, caller, keyring).texts(wanted)


def with_note(content: Mapping[str, Any], notes: Texts) -> dict[str, Any]:
    """What a version said, with its note in the place of the note's id."""
    shown = {name: value for name, value in content.items() if name != "note_id"}
    note_id = content.get("note_id")
    return {**shown, "note": notes.get(UUID(note_id)) if note_id else None}
