"""Figures that were stored of values which are not shown: they are gone with the migration, live and published."""

from collections.abc import Callable
from uuid import uuid4

import asyncpg
import orjson

from deploy.local.blocking import run_blocking
from services.scoring.seed import seed
from services.scoring.spec import SPEC
from shared.clock import FixedClock
from shared.db import migrations
from tests.kit.postgres import TemplateDatabases
from tests.kit.service import running_service
from tests.scoring.events import OSH

SHOWN, SUPPRESSED, OLD, IMPORT, METHOD, LIVE, PUBLISHED = (uuid4() for _ in range(7))
STATES = {SHOWN: ("ACC2", "reported"), SUPPRESSED: ("PAR4", "suppressed"), OLD: ("RIG1", "not_applicable")}


def _found(code: str, reason: str | None, source: list[str]) -> dict[str, object]:
    return {
        "code": code,
        "value": None if reason else 50.0,
        "missing_reason": reason,
        "numerator": 1,
        "denominator": 2,
        "origin": "official",
        "source": source,
        "normalised": None,
        "weight": None,
        "contribution": None,
    }


INDICATORS = [
    _found("ACC2", None, ["observation", str(SHOWN)]),
    _found("PAR4", "suppressed", ["observation", str(SUPPRESSED)]),
    _found("RIG1", "expired", ["observation", str(OLD)]),
    _found("ACO3", "fewer_than_5", ["visits", "digest"]),
]


async def _fill(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            f"""
            INSERT INTO observation_import (id, method_code, sha256, rows, inserted, revised, unchanged)
            VALUES ('{IMPORT}', 'sji25', 'x', 3, 3, 0, 0);
            INSERT INTO method (id, code, number, state, name, document, content_hash, published_at)
            VALUES ('{METHOD}', 'other', 1, 'published', '{{}}', '{{}}', 'x', now());
            INSERT INTO run (id, method_id, method_code, method_number, method_hash, period_start, period_end, state,
                edition, live_run_id, input_hash, municipalities, ranked, computed_at, published_at)
            VALUES ('{LIVE}', '{METHOD}', 'other', 1, 'x', '2026-01-01', '2026-12-31', 'provisional',
                1, NULL, 'x', 1, 0, now(), NULL),
                ('{PUBLISHED}', '{METHOD}', 'other', 1, 'x', '2026-01-01', '2026-12-31', 'published',
                1, '{LIVE}', 'x', 1, 0, now(), now())
            """
        )
        for identifier, (code, state) in STATES.items():
            await connection.execute(
                """INSERT INTO observation (id, method_code, municipality_code, indicator_code, period_end, observed_on,
                       state, value, numerator, denominator, origin, source, import_id)
                   VALUES ($1, 'sji25', $2, $3, '2026-06-30', '2026-06-30', $4, $5, 1, 2, 'official', 'x', $6)""",
                identifier,
                OSH,
                code,
                state,
                50.0 if state == "reported" else None,
                IMPORT,
            )
        for run in (LIVE, PUBLISHED):
            await connection.execute(
                """INSERT INTO result (run_id, municipality_code, name, path, place, dimensions, indicators, input_hash)
                   VALUES ($1, $2, '{}', '{}', 1, '[]', $3, 'x')""",
                run,
                OSH,
                orjson.dumps(INDICATORS).decode(),
            )
    finally:
        await connection.close()


async def test_figures_of_before_are_gone(
    template_databases: TemplateDatabases, fresh_database: Callable[[str], str], clock: FixedClock
) -> None:
    def before(url: str) -> None:
        migrations.upgrade(SPEC.migrations, url, "0004")
        run_blocking(_fill(url))
        migrations.upgrade(SPEC.migrations, url)

    template_databases.ensure("scoring_with_figures", before)
    async with running_service(SPEC, fresh_database("scoring_with_figures"), clock=clock) as service:
        await seed(service.database, clock)
        listed = (await service.client.get("/v1/observations")).json()["items"]
        assert {found["indicator_code"]: found.get("numerator") for found in listed} == {
            "ACC2": 1,
            "PAR4": None,
            "RIG1": None,
        }
        for run in (LIVE, PUBLISHED):
            kept = await service.database.pool.fetchval(
                "SELECT indicators FROM result WHERE run_id = $1", run
            )
            figures = {found["code"]: (found["numerator"], found["denominator"]) for found in kept}
            assert figures == {
                "ACC2": (1, 2),
                "PAR4": (None, None),
                "RIG1": (None, None),
                "ACO3": (1, 2),
            }
            assert [found["source"] for found in kept] == [found["source"] for found in INDICATORS]
