"""Migrations of each service: one line of revisions, up, down and up again, and no difference to the tables."""

import ast
from collections.abc import Callable
from typing import Any

import alembic.command
import asyncpg
import pytest
from alembic.script import ScriptDirectory

from deploy.local.blocking import run_blocking
from deploy.local.services import SPECS
from shared.db import migrations
from shared.service import ServiceSpec
from tests.architecture.tree import ROOT
from tests.kit.postgres import TemplateDatabases

EACH_SPEC = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
LEFT = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v', 'm')"


@pytest.fixture
def blank(template_databases: TemplateDatabases, fresh_database: Callable[[str], str]) -> Callable[[], str]:
    template_databases.ensure("blank", lambda _: None)
    return lambda: fresh_database("blank")


@EACH_SPEC
def test_one_line_of_revisions(spec: ServiceSpec) -> None:
    script = ScriptDirectory.from_config(migrations.config(spec.migrations, ""))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    assert migrations.head(spec.migrations) == script.get_heads()[0]
    revisions = [revision.revision for revision in script.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True)
    assert len(revisions) == len(list((spec.migrations / "versions").glob("*.py")))


@EACH_SPEC
def test_up_down_up_and_equal_to_the_tables(spec: ServiceSpec, blank: Callable[[], str]) -> None:
    url = blank()
    migrations.upgrade(spec.migrations, url)
    alembic.command.check(migrations.config(spec.migrations, url))
    migrations.downgrade(spec.migrations, url)
    assert run_blocking(value(url, LEFT)) == 1, "only alembic's own table is left"
    migrations.upgrade(spec.migrations, url)
    alembic.command.check(migrations.config(spec.migrations, url))


async def value(url: str, query: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@EACH_SPEC
def test_old_migrations_stay_runnable(spec: ServiceSpec) -> None:
    """They may lean on alembic and SQLAlchemy alone: code of the service changes, a migration does not."""
    for file in (spec.migrations / "versions").glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imported = {
            (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        outside = {name.split(".")[0] for name in imported} - {
            "alembic",
            "sqlalchemy",
            "collections",
            "typing",
        }
        assert not outside, f"{file.relative_to(ROOT)} imports {outside}"
