"""What people say of a visit in their own words: sealed among the personal data, named by id everywhere else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from services.monitoring.checks.visit import Outcome
from services.monitoring.people.kinds import ASKED, BY_DESK, COMMENT, DESK_ASKED, DESK_NOTE, NOTE, PEOPLE
from services.monitoring.submissions import repository
from services.monitoring.submissions.checking import Asked
from services.monitoring.submissions.repository import Row
from services.monitoring.submissions.schemas import VisitDraft
from shared.auth.principal import Principal
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.people.consents import hold, person_of, take_down
from shared.people.keyring import Keyring
from shared.people.kinds import Kind
from shared.people.store import NOTHING, PersonalData
from shared.people.store import Row as Said

Texts = dict[UUID, str]


@dataclass(frozen=True, slots=True)
class Voice:
    """Whose words are kept, and the consent they rest on: that of a person at a desk, else none is needed."""

    person: UUID
    consent_id: UUID | None = None

    @property
    def note(self) -> Kind:
        return NOTE if self.consent_id is None else DESK_NOTE

    @property
    def asked(self) -> Kind:
        return ASKED if self.consent_id is None else DESK_ASKED


async def voice_of_draft(uow: UnitOfWork, draft: VisitDraft, submission: UUID) -> Voice:
    """At a desk words are those of the person a visit is entered for, whose consent is recorded first: 403 without
    the scope, 422 without a consent."""
    if draft.on_behalf_of is None:
        return Voice(uow.principal.actor())
    consent_id = await take_down(uow, PEOPLE, draft.on_behalf_of, purpose=BY_DESK, object_id=submission)
    return Voice(draft.on_behalf_of.person_id, consent_id)


async def entered_for(uow: UnitOfWork, row: Row) -> UUID | None:
    """The person at a desk for whom a visit was entered."""
    return None if row["consent_id"] is None else await person_of(uow.sql, row["consent_id"])


async def _voice_of(uow: UnitOfWork, row: Row, otherwise: UUID) -> Voice:
    """Whoever corrects a visit that was entered for somebody, it stays that person's. Raises ConsentWithdrawn (409)
    when they have taken their consent back: nothing more is kept of them."""
    if row["consent_id"] is None:
        return Voice(otherwise)
    return Voice(await hold(uow.sql, row["consent_id"]), row["consent_id"])


def note_of(uow: UnitOfWork, voice: Voice, submission: UUID, note: str | None) -> Said:
    """The row of a new visit's note, to be stored with the visit."""
    return NOTHING if note is None else _sealed(uow, voice.note, voice, submission, note)


async def keep_note(uow: UnitOfWork, row: Row, note: str | None) -> UUID | None:
    """A visit's next note; the earlier one stays for its history."""
    if note is None:
        return None
    voice = await _voice_of(uow, row, uow.principal.actor())
    return await store(uow).keep(_sealed(uow, voice.note, voice, row["id"], note))


async def keep_comment(uow: UnitOfWork, submission: UUID, comment: str | None) -> UUID | None:
    if comment is None:
        return None
    own = Voice(uow.principal.actor())
    return await store(uow).keep(_sealed(uow, COMMENT, own, submission, comment))


async def keep_asked(
    uow: UnitOfWork, voice: Voice, submission: UUID, asked: list[str] | None, outcome: Outcome
) -> UUID | None:
    """The documents as they were named, where not all are codes; without a statement where all are."""
    if asked == outcome.asked:
        return None
    return await store(uow).keep(_sealed(uow, voice.asked, voice, submission, orjson.dumps(asked).decode()))


async def keep_next_asked(
    uow: UnitOfWork, row: Row, asked: list[str] | None, outcome: Outcome
) -> UUID | None:
    """The same of a correction. Words stay with who made the visit: a correction by others repeats most of them."""
    if asked == outcome.asked:
        return None
    maker = await repository.maker(uow.sql, row["id"])
    voice = await _voice_of(uow, row, maker or uow.principal.actor())
    return await keep_asked(uow, voice, row["id"], asked, outcome)


def _sealed(uow: UnitOfWork, kind: Kind, voice: Voice, submission: UUID, text: str) -> Said:
    return store(uow).seal(
        kind,
        text,
        person=voice.person,
        object_id=submission,
        now=uow.clock.now(),
        consent_id=voice.consent_id,
    )


def store(uow: UnitOfWork) -> PersonalData:
    return PersonalData(uow.sql, uow.principal, uow.keyring)


async def texts_of(sql: Connection, caller: Principal, keyring: Keyring, rows: Iterable[Row]) -> Texts:
    """Notes, comments and documents in words of visits, by id, as the caller may see them; one question for all."""
    wanted = [row[name] for row in rows for name in ("note_id", "comment_id", "words_id")]
    return await PersonalData(sql, caller, keyring).texts(wanted)


async def words_of(uow: UnitOfWork, rows: Iterable[Row]) -> Asked:
    """Documents in words, as the caller may see them."""
    return as_asked(await store(uow).texts(row["words_id"] for row in rows))


async def words_at_work(uow: UnitOfWork, rows: Iterable[Row]) -> Asked:
    """The same for the service's own jobs, which check visits of every organisation again."""
    return as_asked(await store(uow).texts_at_work(row["words_id"] for row in rows))


def as_asked(texts: Texts) -> Asked:
    return {identifier: orjson.loads(text) for identifier, text in texts.items()}


def asked_in_words(row: Row, texts: Texts) -> list[str] | None:
    """The documents that were asked, in words where there still are any."""
    words = texts.get(row["words_id"])
    asked: list[str] | None = row["documents_asked"] if words is None else orjson.loads(words)
    return asked


async def texts_in(
    sql: Connection, caller: Principal, keyring: Keyring, contents: Iterable[Mapping[str, Any]]
) -> Texts:
    """Texts that a visit's versions or checks name, by id."""
    wanted = [
        UUID(content[name]) for content in contents for name in ("note_id", "words_id") if content.get(name)
    ]
    return await PersonalData(sql, caller, keyring).texts(wanted)


def with_words(content: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    """What a version said or a check compared, with the words in the place of their ids."""
    shown = {name: value for name, value in content.items() if name not in ("note_id", "words_id")}
    if "note_id" in content:
        shown["note"] = _text(content["note_id"], texts)
    words = _text(content.get("words_id"), texts)
    if words is not None:
        shown["documents_asked"] = orjson.loads(words)
    return shown


def _text(identifier: str | None, texts: Texts) -> str | None:
    return texts.get(UUID(identifier)) if identifier else None
