"""Copies of others' data, emptied and filled again from the owner's feed, are what they were."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from deploy.local.demo.client import Demo
from deploy.local.services import SPECS
from shared.clock import SystemClock
from shared.db.database import Database
from shared.messaging.feed_client import http_pages
from shared.messaging.projections import Projection, Rebuilt, rebuild
from shared.service import ServiceSpec
from shared.worker import service_principal
from tests.end_to_end.databases import database_url
from tests.end_to_end.stage import Gateway, Stage

ALL = [(spec, spec.projections[name]) for spec in SPECS for name in spec.projections.names]
ROOT = Path(__file__).parents[2]
Rows = Sequence[tuple[Any, ...]]


async def rows_of(url: str, tables: Sequence[str]) -> dict[str, Rows]:
    """Every row of the tables, in an order of its own."""
    connection = await asyncpg.connect(url)
    try:
        found: dict[str, Rows] = {}
        for table in tables:
            rows = await connection.fetch(f"SELECT * FROM {table}")
            found[table] = sorted((tuple(row.items()) for row in rows), key=repr)
        return found
    finally:
        await connection.close()


async def rebuilt(spec: ServiceSpec, projection: Projection, url: str, feed: str, token: str) -> Rebuilt:
    database = await Database.open(spec.settings(database_url=url), role="rebuild")
    try:
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=feed, headers=headers, trust_env=False, timeout=30) as client:
            return await rebuild(
                projection,
                database=database,
                pages=http_pages(client),
                principal=service_principal(spec),
                clock=SystemClock(),
            )
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("spec", "projection"), ALL, ids=[f"{spec.name}-{projection.name}" for spec, projection in ALL]
)
def test_a_rebuilt_projection_equals_the_live_one(
    spec: ServiceSpec, projection: Projection, story: Demo, stage: Stage, api: Gateway
) -> None:
    assert story.ids
    stage.settle()
    url = database_url(stage.folder, spec.name)
    live = asyncio.run(rows_of(url, projection.tables))
    assert all(live.values()), "an empty table would be equal to itself"
    done = asyncio.run(rebuilt(spec, projection, url, stage.direct(projection.source), api.service_token()))
    assert done.events >= max(len(rows) for rows in live.values())
    assert asyncio.run(rows_of(url, projection.tables)) == live
    assert asyncio.run(state(url, projection.name)) == "live"


async def state(url: str, name: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        found: str = await connection.fetchval("SELECT state FROM projection WHERE name = $1", name)
        return found
    finally:
        await connection.close()


def test_every_service_with_copies_was_rebuilt() -> None:
    assert {spec.name for spec, _ in ALL} == {"monitoring", "scoring", "ideas_market", "notifications"}


def test_the_command_does_the_same(story: Demo, stage: Stage, api: Gateway) -> None:
    """`worker rebuild NAME` as an operator calls it, with a key of its own for the token endpoint."""
    assert story.ids
    stage.settle()
    url = database_url(stage.folder, "ideas_market")
    live = asyncio.run(rows_of(url, ["published_result", "published_run"]))
    variables = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "ASHAR_REGISTRY_URL": stage.direct("registry"),
        "ASHAR_PEERS": json.dumps({"scoring": stage.direct("scoring")}),
        "IDEAS_MARKET_DATABASE_URL": url,
        "IDEAS_MARKET_SERVICE_KEY": api.service_key(),
    }
    command = [sys.executable, "-m", "services.ideas_market.worker", "rebuild", "results"]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env=variables, cwd=ROOT, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert re.match(r"results: \d\d+ events in ", done.stdout)
    assert asyncio.run(rows_of(url, ["published_result", "published_run"])) == live
