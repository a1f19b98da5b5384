"""What follows of any change to an act or to what others do to it: the days it is in force, and the event."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.registry.legal import effects_repository, repository
from services.registry.legal.domain import DATED_EFFECTS, ActStatus, EffectKind
from services.registry.legal.periods import Force, Life, Met, Period, periods
from services.registry.legal.repository import Moment
from services.registry.standards.domain import record_time
from shared.clock import local_date
from shared.contracts.legal import ActEffect, ActLink, ActPeriod, ActState, AffectedAct
from shared.contracts.registry import ACT_CHANGED
from shared.db.unit_of_work import UnitOfWork

Row = asyncpg.Record


async def settle(uow: UnitOfWork, identifier: UUID) -> Row:
    """Believe from now on what follows for a locked act, tell everybody, and give its row as of today."""
    now = uow.clock.now()
    today = local_date(now)
    act = (await repository.lock_acts(uow.sql, [identifier]))[identifier]
    times = await repository.record_times(uow.sql, identifier)
    effects = await effects_repository.believed(uow.sql, identifier)
    life = Life(
        signed=act["date"],
        in_force_from=act["in_force_from"],
        stated=ActStatus(act["stated_status"]),
        recorded_on=local_date(times["first"] or now),
        met=tuple(_met(identifier, effects)),
    )
    wanted = periods(life)
    known = await repository.force_periods(uow.sql, identifier, None)
    if [Period(row["start"], row["end"], Force(row["status"])) for row in known] != wanted:
        beliefs = [(period.start, period.end, period.force.value) for period in wanted]
        await repository.believe(uow.sql, identifier, record_time(now, times["last"]), beliefs)
    row = await repository.act(uow.sql, identifier, Moment(today))
    assert row is not None
    uow.emit(ACT_CHANGED, act_state(row, wanted, effects))
    return row


def _met(identifier: UUID, effects: Sequence[Row]) -> list[Met]:
    return [
        Met(EffectKind(row["kind"]), row["since"], row["until"])
        for row in effects
        if row["target_id"] == identifier and row["kind"] in DATED_EFFECTS
    ]


def act_state(row: Row, lived: Sequence[Period], effects: Sequence[Row]) -> ActState:
    return ActState(
        id=row["id"],
        aggregate_version=row["version"],
        kind=row["kind"],
        number=row["number"],
        date=row["date"],
        published_on=row["published_on"],
        in_force_from=row["in_force_from"],
        issuer=row["issuer"],
        title=row["title"],
        effect=row["effect"],
        status=row["status"],
        stated_status=row["stated_status"],
        status_note=row["status_note"],
        periods=tuple(
            ActPeriod(status=period.force, valid_from=period.start, valid_to=period.end) for period in lived
        ),
        affects=tuple(_effect(one, "target") for one in effects if one["act_id"] == row["id"]),
        affected_by=tuple(_effect(one, "act") for one in effects if one["target_id"] == row["id"]),
        url=row["url"],
        links=tuple(ActLink(**link) for link in row["links"]),
        origin=row["origin"],
        source=row["source"],
    )


def _effect(row: Row, other: str) -> ActEffect:
    return ActEffect(
        id=row["id"],
        kind=row["kind"],
        act=AffectedAct(**{name: row[f"{other}_{name}"] for name in AffectedAct.model_fields}),
        since=row["since"],
        until=row["until"],
        provision=row["provision"],
        origin=row["origin"],
    )
