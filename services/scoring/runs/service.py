"""Use cases of runs: open the live one, publish it, bring all live ones up to date."""

import asyncio
from datetime import date
from uuid import UUID

import asyncpg

from services.scoring.methods.service import published_method
from services.scoring.runs import repository, results_repository
from services.scoring.runs.lifecycle import check_period, check_publishable
from services.scoring.runs.recompute import recompute
from shared.contracts.scoring import (
    RESULT_PUBLISHED,
    RUN_PUBLISHED,
    DimensionResult,
    IndicatorResult,
    ResultPublished,
    RunPublished,
)
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Invalid, NotFound, Unavailable
from shared.ids import seed_id, uuid7
from shared.values import Place

Row = asyncpg.Record


class Rebuilding(Unavailable):
    """A copy of another service's data is being rebuilt; what is published now might rest on half of it."""

    code = "projection_rebuilding"


async def open_run(
    uow: UnitOfWork, code: str, number: int | None, start: date, end: date
) -> tuple[Row, bool]:
    """The live run of a method version (the latest when none is named) and period; whether it was opened now."""
    check_period(start, end)
    found = await published_method(uow.sql, code, number)
    if found is None:
        raise Invalid.at("/method_code", "There is no such published method.", "unknown_method")
    method, _ = found
    present = await repository.live_run_id(uow.sql, method["id"], start, end)
    if present is not None:
        return await _shown(uow, present), False
    await repository.hold_inputs(uow.sql)
    identifier = uuid7()
    if not await repository.open_live(uow.sql, identifier, method, start, end, uow.clock.now()):
        present = await repository.live_run_id(uow.sql, method["id"], start, end)
        assert present is not None
        return await _shown(uow, present), False
    run = await repository.lock_live(uow.sql, identifier)
    assert run is not None
    await recompute(uow, run, None)
    uow.audit("run.open", "run", identifier, after={"method": code, "period_end": end.isoformat()})
    return await _shown(uow, identifier), True


async def publish_run(uow: UnitOfWork, identifier: UUID, expected: Precondition) -> Row:
    """A frozen copy of a live run, and the events that tell it. `expected`: the version that was looked at.

    Everything is computed once more before: what is published is what its inputs give, however it came about."""
    live = await repository.lock_live(uow.sql, identifier)
    if live is None:
        await _refuse(uow, identifier)
        raise NotFound
    expect(live["version"], expected)
    if await repository.rebuilding(uow.sql) is not None:
        raise Rebuilding(headers={"Retry-After": "30"})
    if await recompute(uow, live, None):
        current = await repository.any_run(uow.sql, identifier)
        assert current is not None
        expect(current["version"], expected)
    last = await repository.latest_hash(uow.sql, identifier, live["edition"])
    check_publishable(live["state"], live["ranked"], live["input_hash"], last)
    frozen = uuid7()
    await repository.freeze(uow.sql, identifier, frozen, uow.clock.now())
    run = await _shown(uow, frozen)
    await _announce(uow, run)
    return run


async def _refuse(uow: UnitOfWork, identifier: UUID) -> None:
    """Raises RunIsPublished for a run that is one."""
    run = await repository.any_run(uow.sql, identifier)
    if run is not None:
        check_publishable(run["state"], run["ranked"], run["input_hash"], None)


async def _announce(uow: UnitOfWork, run: Row) -> None:
    uow.emit(
        RUN_PUBLISHED,
        RunPublished(
            id=run["id"],
            aggregate_version=1,
            method_code=run["method_code"],
            method_version=run["method_number"],
            period_start=run["period_start"],
            period_end=run["period_end"],
            municipalities=run["municipalities"],
            ranked=run["ranked"],
            input_hash=run["input_hash"],
            published_at=run["published_at"],
        ),
    )
    results = await results_repository.all_of(uow.sql, run["id"])
    for event in await asyncio.to_thread(lambda: [_result_event(run, result) for result in results]):
        uow.emit(RESULT_PUBLISHED, event)
    uow.audit(
        "run.publish",
        "run",
        run["id"],
        after={"edition": run["edition"], "input_hash": run["input_hash"], "ranked": run["ranked"]},
    )


def _result_event(run: Row, result: Row) -> ResultPublished:
    """One event for each municipality of a run, so the run and the code are its identity."""
    code, decimals = result["municipality_code"], run["decimals"]
    return ResultPublished(
        id=seed_id("result", f"{run['id']}:{code}"),
        aggregate_version=1,
        run_id=run["id"],
        method_code=run["method_code"],
        method_version=run["method_number"],
        municipality=Place(
            id=result["municipality_id"] or seed_id("territory", code),
            code=code,
            name=result["name"],
            path=tuple(result["path"]),
        ),
        score=shown(result["score"], decimals),
        rank=result["rank"],
        dimensions=tuple(
            DimensionResult(code=it["code"], score=shown(it["score"], decimals))
            for it in result["dimensions"]
        ),
        indicators=tuple(
            IndicatorResult(**{**it, "normalised": shown(it["normalised"], decimals)})
            for it in result["indicators"]
        ),
        period_end=run["period_end"],
    )


def shown(score: float | None, decimals: int) -> float | None:
    """A score as the method shows it. Stored, summed and ranked are unrounded ones."""
    return None if score is None else round(score, decimals)


async def bring_up_to_date(uow: UnitOfWork, identifier: UUID) -> bool:
    """Compute a whole live run again. True when it differed, which only a rebuilt projection explains."""
    live = await repository.lock_live(uow.sql, identifier)
    return live is not None and await recompute(uow, live, None)


async def _shown(uow: UnitOfWork, identifier: UUID) -> Row:
    run = await repository.run(uow.sql, identifier)
    assert run is not None
    return run
