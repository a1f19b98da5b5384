"""Writes a visit's next version: its columns, the check in force, the history of both."""

from typing import Any

from services.monitoring.checks.visit import CheckState, Outcome
from services.monitoring.submissions import repository
from services.monitoring.submissions.checking import Facts, check_values, inputs_of, record, recorded
from services.monitoring.submissions.repository import FACTS, Row
from shared.db.unit_of_work import UnitOfWork
from shared.ids import uuid7


async def save_checked(
    uow: UnitOfWork, row: Row, outcome: Outcome, *, cause: str, changes: dict[str, Any]
) -> Row:
    """Save `changes` of a locked row as its next version, with a new check where it says something else.

    A pending outcome never takes the place of a check that was made: the rules are being read in anew."""
    changes = dict(changes)
    pending = outcome.state is CheckState.PENDING and row["check_state"] == CheckState.DONE
    renewed = not pending and record(outcome) != recorded(row)
    if renewed:
        changes["check_id"] = uuid7()
    changes["recheck_on"] = None if pending else outcome.recheck_on
    now = uow.clock.now()
    version = await repository.save(uow.sql, row, changes, now)
    facts = {name: changes.get(name, row[name]) for name in FACTS}
    if renewed:
        await repository.add_check(
            uow.sql,
            (
                changes["check_id"],
                row["id"],
                version,
                cause,
                *check_values(record(outcome), outcome.standard),
                inputs_of(facts, row["place"]),
                now,
            ),
        )
    state = changes.get("state", row["state"])
    await repository.keep_version(uow.sql, row["id"], version, cause, content_of(facts, state), now)
    saved = await repository.submission(uow.sql, row["id"], row["organisation_id"])
    assert saved is not None
    return saved


def content_of(facts: Facts, state: str) -> dict[str, Any]:
    """What the visit says at a version."""
    return {**{name: facts[name] for name in FACTS}, "state": str(state)}
