"""Keeps the search at the present names of municipalities and organisations, which the registry may change, and at the
present form of the index."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from services.ideas_market.search import repository
from services.ideas_market.search.document import search_columns
from services.ideas_market.search.repository import Row
from shared.db.unit_of_work import UnitOfWork
from shared.jobs.context import JobContext
from shared.jobs.definition import Job

FOLLOW_NAMES = "search.follow_names"
BATCH = 50


async def follow_names(context: JobContext, _: dict[str, Any]) -> dict[str, Any]:
    """Looks at what is stored, not at events: neither their order nor a rebuild of the copies matters."""
    total, found = 0, BATCH
    while found == BATCH:
        async with context.step() as uow:
            found = await _index(uow)
        total += found
    return {"indexed": total}


async def _index(uow: UnitOfWork) -> int:
    rows = await repository.outdated(uow.sql, BATCH)
    documents = await asyncio.to_thread(lambda: [_document(row) for row in rows])
    for row, (vector, words) in zip(rows, documents, strict=True):
        await repository.index(uow.sql, row["id"], row["names"], vector, words)
    return len(rows)


def _document(row: Row) -> tuple[str, str]:
    return search_columns(row["code"], {**dict(row), **row["proposal"]}, row["names"])


JOBS: Mapping[str, Job] = {FOLLOW_NAMES: Job(follow_names, every=timedelta(minutes=5))}
