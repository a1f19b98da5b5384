"""What holds for the whole service: who may call what, unreadable input, migrations."""

import re
from uuid import uuid4

import alembic.command
import pytest

from deploy.local.postgres import PostgresServer
from services.monitoring.spec import SPEC
from shared.db import migrations
from shared.http.openapi import operations, scopes_of
from tests.kit.service import RunningService

PUBLIC = {"list_campaigns", "get_campaign"}
KIT = {"changes", "consent_texts", "healthz", "readyz", "version"}


async def test_every_route_asks_for_what_it_declares(service: RunningService) -> None:
    public = set()
    for path, method, operation in operations(service.runtime.document):
        scopes = scopes_of(operation)
        if scopes is None:
            public.add(operation["operationId"])
            continue
        address = re.sub(r"\{[^}]*\}", str(uuid4()), path)
        anonymous = await service.client.request(method, address)
        assert anonymous.status_code == 401, path
        assert anonymous.headers["content-type"] == "application/problem+json"
        if scopes:
            other = await service.client.request(
                method, address, headers=service.headers("scoring:runs:publish", org=uuid4())
            )
            assert (other.status_code, other.json()["missing_scope"]) == (403, scopes[0]), path
    assert public == PUBLIC | {f"monitoring_{name}" for name in KIT}


async def test_spoofed_and_broken_tokens(service: RunningService) -> None:
    token = service.issuer.token("monitoring:submissions:read", org=uuid4())
    for broken in (token[:-4] + "AAAA", "x.y.z", f"{token}.more"):
        answer = await service.client.get("/v1/submissions", headers={"Authorization": f"Bearer {broken}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"null", b'{"a":1}', b"\xff\xfe"])
async def test_unreadable_bodies(service: RunningService, body: bytes) -> None:
    for path, scope in (
        ("/v1/submissions", "monitoring:submissions:write"),
        ("/v1/campaigns", "monitoring:campaigns:write"),
    ):
        headers = {**service.headers(scope, org=uuid4()), "content-type": "application/json"}
        answer = await service.client.post(path, content=body, headers=headers)
        assert answer.status_code in {400, 422}
        assert answer.json()["errors"]


def test_migrations_up_down_up(postgres_server: PostgresServer) -> None:
    url = postgres_server.ensure_database("monitoring_updown", "monitoring_updown", "test")
    migrations.upgrade(SPEC.migrations, url)
    migrations.downgrade(SPEC.migrations, url)
    migrations.upgrade(SPEC.migrations, url)
    alembic.command.check(migrations.config(SPEC.migrations, url))  # raises where tables and database differ
