"""Erasure of a person in one service: the store, what stands beside it, the tombstone, and the answer."""

from collections.abc import Sequence
from uuid import UUID

from shared.contracts.erasure import Effect, ErasureCompleted, KindErased, PersonErased
from shared.contracts.registry import PERSON_ERASED
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.messaging.subscription import Consumer, Received, handles
from shared.people.kinds import People
from shared.people.tables import PERSON_LOCKS

CONSENTS_KEPT = "proof that data were processed with consent (Law No. 58 of 14 April 2008 on personal data)"
AUDIT_KEPT = "append-only record of who did what in public administration; ids only, no personal data"


def erasures(service: str, people: People) -> Consumer:
    """The consumer of every service but the registry, which erases where it is asked to."""

    async def erase(uow: UnitOfWork, events: Sequence[Received[PersonErased]]) -> None:
        for event in events:
            uow.trace = event.trace
            await erase_person(uow, service, people, event.payload.id, event.payload.erasure_id)

    # One at a time: who erases two persons in one transaction could deadlock with another who erases the same.
    return Consumer("erasures", (handles(PERSON_ERASED, erase),), batch=False)


async def erase_person(
    uow: UnitOfWork, service: str, people: People, person: UUID, erasure_id: UUID
) -> tuple[KindErased, ...] | None:
    """Forget a person and say what became of it; None when that was said before.

    Redelivered it looks again and finds nothing: from the tombstone on no row about the person is taken in."""
    await uow.sql.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", PERSON_LOCKS, str(person))
    fresh = await uow.sql.fetchval(
        """INSERT INTO erased_person (person_id, erasure_id, erased_at) VALUES ($1, $2, $3)
           ON CONFLICT DO NOTHING RETURNING true""",
        person,
        erasure_id,
        uow.clock.now(),
    )
    found = (
        *await _erase_stored(uow.sql, people, person),
        *[
            KindErased(
                kind=holding.name,
                effect=holding.on_erasure,
                count=await holding.erase(uow, person),
                ground=holding.kept_on,
            )
            for holding in people.holdings
        ],
        *await _of_the_kit(uow, person),
    )
    if not fresh:
        return None
    counts = {kind.kind: kind.count for kind in found if kind.count}
    uow.audit("person.erase", "erasure", erasure_id, after=counts)
    uow.emit(
        people.completed,
        ErasureCompleted(
            id=erasure_id,
            aggregate_version=1,
            service=service,
            completed_at=uow.clock.now(),
            kinds=found,
        ),
    )
    return found


async def _erase_stored(sql: Connection, people: People, person: UUID) -> list[KindErased]:
    """Also of kinds that are declared no more."""
    kept = {kind.name: kind for kind in people.kinds if kind.on_erasure is Effect.KEPT}
    erased = await sql.fetch(
        """WITH erased AS (
               DELETE FROM personal_data WHERE person_id = $1 AND kind <> ALL ($2::text[]) RETURNING kind)
           SELECT kind, count(*) AS rows FROM erased GROUP BY kind""",
        person,
        list(kept),
    )
    counts = {row["kind"]: row["rows"] for row in erased}
    names = {kind.name for kind in people.kinds if kind.name not in kept} | counts.keys()
    told = [KindErased(kind=name, effect=Effect.ERASED, count=counts.get(name, 0)) for name in sorted(names)]
    for name, kind in kept.items():
        count = await sql.fetchval(
            "SELECT count(*) FROM personal_data WHERE person_id = $1 AND kind = $2", person, name
        )
        told.append(KindErased(kind=name, effect=Effect.KEPT, count=count, ground=kind.kept_on))
    return told


async def _of_the_kit(uow: UnitOfWork, person: UUID) -> tuple[KindErased, ...]:
    """What every service holds: answers kept for repeated requests, consents, the audit trail."""
    answers = await uow.sql.fetch("DELETE FROM idempotency WHERE subject = $1 RETURNING key", str(person))
    consents = await uow.sql.fetch(
        """UPDATE consent SET withdrawn_at = coalesce(withdrawn_at, $2) WHERE person_id = $1 RETURNING id""",
        person,
        uow.clock.now(),
    )
    audited = await uow.sql.fetchval(
        "SELECT (SELECT count(*) FROM audit WHERE actor = $1 AND position IS NOT NULL)"
        " + (SELECT count(*) FROM audit WHERE on_behalf_of = $1 AND on_behalf_of IS NOT NULL)",
        person,
    )
    return (
        KindErased(kind="kept_answers", effect=Effect.ERASED, count=len(answers)),
        KindErased(kind="consents", effect=Effect.KEPT, count=len(consents), ground=CONSENTS_KEPT),
        KindErased(kind="audit", effect=Effect.KEPT, count=audited, ground=AUDIT_KEPT),
    )
