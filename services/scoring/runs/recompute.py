"""Keeps live runs equal to their inputs, in the transaction that changes an input. Emits nothing.

With fixed goalposts a new value touches one municipality and the ranks of all, so only that is computed again.
Every caller has changed its inputs before it comes here, and the run is locked before they are read."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.scoring.methods.domain import Derivation, Method
from services.scoring.observations.domain import as_input
from services.scoring.runs import repository, results_repository
from services.scoring.runs.domain import Input, Scored, ranks, score_municipality, share_met
from services.scoring.runs.lifecycle import municipality_hash, run_hash
from services.scoring.runs.results_repository import NewResult
from services.scoring.territories import repository as territories
from services.scoring.visits import repository as visits
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.values import Origin

Row = asyncpg.Record
Inputs = dict[str, dict[str, Input]]
"""Municipality → indicator → what is known."""

_Place = tuple[UUID | None, Any, Any]
"""Id, name, path."""

# The weakest of the visits behind a figure is the figure's own origin.
_WEAKEST_FIRST = (Origin.DEMONSTRATION, Origin.UNOFFICIAL, Origin.PRESS, Origin.OFFICIAL)


async def after_visits(uow: UnitOfWork, touched: Collection[tuple[str, date]]) -> None:
    """Visits to these municipalities on these days of application changed."""
    if not touched:
        return
    for run in await repository.lock_live_on(uow.sql, {day for _, day in touched}):
        codes = {code for code, day in touched if run["period_start"] <= day <= run["period_end"]}
        await recompute(uow, run, codes)


async def after_observations(uow: UnitOfWork, method: str, touched: Collection[tuple[str, date]]) -> None:
    """Observations of these municipalities for periods that ended on these days changed."""
    if not touched:
        return
    earliest = min(day for _, day in touched)
    for run in await repository.lock_live_of(uow.sql, method, earliest):
        codes = {code for code, day in touched if day <= run["period_end"]}
        await recompute(uow, run, codes)


async def after_names(uow: UnitOfWork, codes: Collection[str]) -> None:
    """Names or paths of these municipalities may have changed."""
    if not codes:
        return
    for run in await repository.lock_live_with(uow.sql, codes):
        await recompute(uow, run, set(codes))


async def recompute(uow: UnitOfWork, run: Row, codes: Collection[str] | None) -> bool:
    """Bring a locked live run up to date for these municipalities (None: all). Whether anything changed.

    The run's version grows only with a change, so that doing this twice is doing it once."""
    method = Method.of(run["method_code"], run["method_number"], run["method_hash"], run["document"])
    inputs = await _inputs(uow.sql, method, run, codes)
    present = await results_repository.standings(uow.sql, run["id"])
    known = {row["municipality_code"] for row in present}
    gone = (known if codes is None else known & set(codes)) - inputs.keys()
    changed = await results_repository.save(uow.sql, run["id"], await _results(uow.sql, method, inputs))
    if gone:
        changed += await results_repository.remove(uow.sql, run["id"], gone)
    if not changed and run["input_hash"]:
        return False
    await _rank(uow, run)
    return True


async def _rank(uow: UnitOfWork, run: Row) -> None:
    standings = await results_repository.standings(uow.sql, run["id"])
    found = ranks({row["municipality_code"]: row["score"] for row in standings})
    moved = {
        row["municipality_code"]: found[row["municipality_code"]]
        for row in standings
        if row["rank"] != found[row["municipality_code"]]
    }
    if moved:
        await results_repository.set_ranks(uow.sql, run["id"], moved)
    hashes = ((row["municipality_code"], row["input_hash"]) for row in standings)
    await repository.computed(
        uow.sql,
        run["id"],
        run_hash(run["method_hash"], run["period_start"], run["period_end"], hashes),
        len(standings),
        sum(rank is not None for rank in found.values()),
        uow.clock.now(),
    )


async def _inputs(sql: Connection, method: Method, run: Row, codes: Collection[str] | None) -> Inputs:
    """What is known of every municipality that anything is known of."""
    found: Inputs = defaultdict(dict)
    end = run["period_end"]
    for row in await results_repository.observations(sql, method.code, end, codes):
        indicator = method.by_code.get(row["indicator_code"])
        if indicator is None or indicator.derivation is not Derivation.IMPORTED:
            continue  # of another version of the method
        found[row["municipality_code"]][indicator.code] = as_input(
            indicator,
            state=row["state"],
            period_end=row["period_end"],
            value=row["value"],
            numerator=row["numerator"],
            denominator=row["denominator"],
            origin=row["origin"],
            source=("observation", str(row["id"])),
            on=end,
        )
    if method.from_visits:
        wanted = None if codes is None else list(codes)
        counts = await visits.counts(sql, run["period_start"], end, wanted)
        _add_visits(method, {row["municipality_code"]: row for row in counts}, found)
    return dict(found)


def _add_visits(method: Method, counts: Mapping[str, Row], found: Inputs) -> None:
    """A municipality without a visit has been counted too: nought of nought."""
    for indicator in method.indicators():
        if indicator.derivation is not Derivation.MUNICIPAL_VISITS:
            continue
        for code in {*found, *counts}:
            row = counts.get(code)
            if row is None:
                found[code][indicator.code] = share_met(0, 0, indicator.minimum_cases)
                continue
            counted = share_met(row["met"], row["breached"], indicator.minimum_cases)
            found[code][indicator.code] = Input(
                counted.value,
                counted.missing_reason,
                counted.numerator,
                counted.denominator,
                weakest(row["origins"]),
                ("visits", row["digest"]),
            )


def weakest(origins: Iterable[str]) -> str:
    held = set(origins)
    return next((str(origin) for origin in _WEAKEST_FIRST if origin in held), Origin.UNOFFICIAL)


async def _results(sql: Connection, method: Method, inputs: Inputs) -> Sequence[NewResult]:
    """Scored in a thread: all municipalities of a country take longer than a request may hold up all others."""
    places = await _places(sql, list(inputs))
    return await asyncio.to_thread(_scored, method, inputs, places)


def _scored(method: Method, inputs: Inputs, places: Mapping[str, _Place]) -> Sequence[NewResult]:
    results = []
    for code, known in sorted(inputs.items()):
        scored = score_municipality(method, known)
        identifier, name, path = places.get(code, (None, {}, [code]))
        results.append(
            NewResult(
                code,
                identifier,
                name,
                path,
                scored.score,
                _dimensions(scored),
                _indicators(scored),
                municipality_hash(method, known),
            )
        )
    return results


async def _places(sql: Connection, codes: list[str]) -> dict[str, _Place]:
    known = await territories.places(sql, codes)
    found: dict[str, _Place] = {code: (row["id"], row["name"], row["path"]) for code, row in known.items()}
    awaited = [code for code in codes if code not in found]
    if awaited:
        for code, place in (await visits.places(sql, awaited)).items():
            found[code] = (UUID(place["id"]), place["name"], place["path"] or [code])
    return found


def _dimensions(scored: Scored) -> list[dict[str, Any]]:
    return [
        {"code": it.code, "score": it.score, "available": it.available, "applicable": it.applicable}
        for it in scored.dimensions
    ]


def _indicators(scored: Scored) -> list[dict[str, Any]]:
    return [
        {
            "code": it.code,
            "value": it.input.value,
            "missing_reason": it.input.missing_reason,
            "numerator": it.input.numerator,
            "denominator": it.input.denominator,
            "origin": it.input.origin,
            "source": it.input.source,
            "normalised": it.normalised,
            "weight": it.weight,
            "contribution": it.contribution,
        }
        for it in scored.indicators()
    ]
