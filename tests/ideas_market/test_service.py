"""The service as a whole: what it declares, what it says in which language, its migrations."""

import json
from pathlib import Path

import alembic.command
import pytest
from openapi_spec_validator import validate

from services.ideas_market.spec import HERE, SPEC
from services.registry.access.roles import ROLES
from services.registry.access.roles import scopes_of as scopes_of_roles
from shared.contracts import BY_NAME
from shared.db import migrations
from shared.http.openapi import operations, scopes_of
from shared.jobs.definition import Job
from tests.kit.postgres import TemplateDatabases
from tests.kit.service import RunningService


async def test_every_scope_belongs_to_a_role(empty_market: RunningService) -> None:
    document = empty_market.runtime.document
    validate(document)
    needed = {scope for _, _, operation in operations(document) for scope in scopes_of(operation) or ()}
    granted = {scope for role in ROLES for scope in scopes_of_roles((role,))}
    assert needed == {
        "ideas:ideas:write",
        "ideas:reservations:write",
        "audit:read",
        "people:consents:write",
    }
    assert needed <= granted


def test_texts_are_complete_in_all_three_languages() -> None:
    ky, ru, en = (json.loads((HERE / "locales" / f"{tag}.json").read_text()) for tag in ("ky", "ru", "en"))
    assert ky.keys() == ru.keys() == en.keys()
    for code, entry in en.items():
        parameters = entry["detail"].count("{")
        assert all(texts[code]["detail"].count("{") == parameters for texts in (ky, ru)), code
    source = "".join(path.read_text() for path in Path(HERE).rglob("*.py"))
    unused = [code for code in en if f'"{code.removeprefix("field.")}"' not in source]
    assert unused == []


def test_events_and_jobs_are_wired() -> None:
    assert {event.name for event in SPEC.publishes} == {
        name for name in BY_NAME if name.startswith("ideas_market.")
    }
    read = {handler.event.name for consumer in SPEC.consumers for handler in consumer.handlers}
    assert read == {
        "registry.organisation.changed.v1",
        "registry.territory.changed.v1",
        "scoring.run.published.v1",
        "scoring.result.published.v1",
    }
    assert all(isinstance(job, Job) for job in SPEC.jobs.values())


def test_migrations_go_up_down_up_and_match_the_tables(template_databases: TemplateDatabases) -> None:
    template_databases.ensure("blank", lambda _: None)
    with template_databases.lease("blank") as url:
        migrations.upgrade(SPEC.migrations, url)
        migrations.downgrade(SPEC.migrations, url)
        migrations.upgrade(SPEC.migrations, url)
        alembic.command.check(migrations.config(SPEC.migrations, url))


def test_a_reservation_lasts_some_time() -> None:
    with pytest.raises(ValueError, match="reservation_period"):
        SPEC.settings(database_url="postgresql://x", reservation_period="PT0S")
