"""The service as a whole: what it declares and enforces, what it says in which language, its migrations."""

import json
import re
from pathlib import Path
from uuid import uuid4

import alembic.command
import pytest
from openapi_spec_validator import validate

from services.registry.access.roles import ROLES
from services.scoring.spec import HERE, SPEC
from shared.contracts import BY_NAME
from shared.db import migrations
from shared.http.openapi import operations, scopes_of
from tests.kit.postgres import TemplateDatabases
from tests.kit.service import RunningService
from tests.scoring.client import Scoring
from tests.scoring.events import OSH

WRITES = {
    "draft_method": "scoring:methods:write",
    "change_method_draft": "scoring:methods:write",
    "publish_method": "scoring:methods:write",
    "import_observations": "scoring:observations:write",
    "open_run": "scoring:runs:publish",
    "publish_run": "scoring:runs:publish",
}


async def test_every_route_asks_for_the_scope_it_declares(service: RunningService) -> None:
    document = service.runtime.document
    validate(document)
    declared = {}
    for path, method, operation in operations(document):
        scopes = scopes_of(operation)
        if not scopes:
            continue
        declared[operation["operationId"]] = scopes
        address = re.sub(r"\{[^}]*\}", "1", path)
        anonymous = await service.client.request(method, address)
        assert (anonymous.status_code, anonymous.json()["code"]) == (401, "unauthenticated"), path
        others = set(WRITES.values()) - set(scopes)
        other = await service.client.request(method, address, headers=service.headers(*others, org=uuid4()))
        assert (other.status_code, other.json()["missing_scope"]) == (403, scopes[0]), path
    of_the_kit = {name: ["audit:read"] for name in ("scoring_audit", "scoring_audit_heads")} | {
        name: ["people:consents:write"] for name in ("scoring_list_consents", "scoring_withdraw_consent")
    }
    assert declared == {name: [scope] for name, scope in WRITES.items()} | of_the_kit
    granted = {scope for scopes in ROLES.values() for scope in scopes}
    assert set(WRITES.values()) <= granted


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"x"', b"null", b'{"a":1}', b"\xff\xfe", b'{"method_code":"\\ud800"}']
)
async def test_unreadable_bodies_name_what_is_wrong(service: RunningService, body: bytes) -> None:
    for path, scope in (("/v1/runs", "scoring:runs:publish"), ("/v1/methods", "scoring:methods:write")):
        headers = {**service.headers(scope, org=uuid4()), "content-type": "application/json"}
        answer = await service.client.post(path, content=body, headers=headers)
        assert answer.status_code in {400, 422}
        assert answer.json()["errors"]


async def test_bad_queries_name_the_parameter(scoring: Scoring, service: RunningService) -> None:
    live = await scoring.open()
    for path in (
        "methods?cursor=x",
        "methods?limit=0",
        "observations?cursor=WzFd",
        "observations?period_end=yesterday",
        "observations?municipality=a%00b",
        "runs?cursor=WyJ4Il0",
        "runs?state=other",
        "runs/x",
        f"runs/{live['id']}/results?cursor=WzEsMiwzXQ",
        f"runs/{live['id']}/results?territory=%00",
        f"runs/{live['id']}/results/Osh",
        f"runs/{live['id']}/results/{OSH}/indicators/%20/lineage",
        "methods/SJI/versions/1",
        "methods/sji25/versions/0",
        f"observations/imports/{OSH}",
    ):
        answer = await service.client.get(f"/v1/{path}")
        assert answer.status_code == 422, (path, answer.status_code)
        assert answer.json()["errors"], path


def test_texts_are_complete_in_all_three_languages() -> None:
    ky, ru, en = (json.loads((HERE / "locales" / f"{tag}.json").read_text()) for tag in ("ky", "ru", "en"))
    assert ky.keys() == ru.keys() == en.keys()
    for code, entry in en.items():
        names = set(re.findall(r"\{(\w+)\}", entry["detail"]))
        assert all(set(re.findall(r"\{(\w+)\}", texts[code]["detail"])) == names for texts in (ky, ru)), code
    source = "".join(path.read_text() for path in Path(HERE).rglob("*.py"))
    assert [code for code in en if f'"{code.removeprefix("field.")}"' not in source] == []


def test_events_are_wired() -> None:
    assert {event.name for event in SPEC.publishes} == {
        name for name in BY_NAME if name.startswith("scoring.")
    }
    read = {handler.event.name for consumer in SPEC.consumers for handler in consumer.handlers}
    assert read == {
        "registry.organisation.changed.v1",
        "registry.service.changed.v1",
        "registry.territory.changed.v1",
        "monitoring.submission.approved.v1",
        "monitoring.submission.revised.v1",
        "monitoring.submission.withdrawn.v1",
    }
    assert set(SPEC.projections.names) == {"organisations", "services", "territories", "visits"}


def test_migrations_go_up_down_up_and_match_the_tables(template_databases: TemplateDatabases) -> None:
    template_databases.ensure("blank", lambda _: None)
    with template_databases.lease("blank") as url:
        migrations.upgrade(SPEC.migrations, url)
        migrations.downgrade(SPEC.migrations, url)
        migrations.upgrade(SPEC.migrations, url)
        alembic.command.check(migrations.config(SPEC.migrations, url))
