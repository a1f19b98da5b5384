"""Every route that asks for a scope, asked by nobody; every one that changes something, by each role."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest

from deploy.gateway.settings import SERVICES
from services.registry.access.roles import ROLES, scopes_of
from shared.http.openapi import operations
from shared.http.openapi import scopes_of as scopes_of_operation
from tests.end_to_end.stage import Gateway

NOTHING = UUID(int=0)
"""Names no row: who has the scope gets 404, 422 or 428 and changes nothing."""


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    scopes: tuple[str, ...]
    """Empty: any token will do."""

    def ask(self, api: Gateway, token: str | None) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        url = re.sub(r"\{[^}]*\}", str(NOTHING), self.path)
        return api.http.request(self.method, url, headers=headers)


def guarded(api: Gateway, service: str) -> Iterator[Route]:
    document = api.call("GET", f"{service}/openapi.json").json()
    for path, method, operation in operations(document):
        scopes = scopes_of_operation(operation)
        if scopes is not None:
            yield Route(method.upper(), f"/api/{service}{path}", tuple(scopes))


def problem_code(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    code: str = answer.json()["code"]
    return code


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_is_let_in(service: str, api: Gateway) -> None:
    routes = list(guarded(api, service))
    assert len(routes) > 5
    for route in routes:
        answer = route.ask(api, None)
        assert (answer.status_code, problem_code(answer)) == (401, "unauthenticated"), route
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("service", SERVICES)
def test_each_role_is_let_in_where_its_scopes_lead(service: str, api: Gateway) -> None:
    """403 naming what is missing, or an answer about the request itself."""
    let_in = refused = 0
    routes = [route for route in guarded(api, service) if route.method != "GET"]
    for role, token in api.tokens().items():
        for route in routes:
            answer = route.ask(api, token)
            missing = set(route.scopes) - set(scopes_of((role,)))
            if missing:
                assert (answer.status_code, problem_code(answer)) == (403, "forbidden"), (role, route)
                assert answer.json()["missing_scope"] in missing
                refused += 1
            else:
                assert answer.status_code not in {401, 403}, (role, route, answer.text)
                assert answer.status_code < 500, (role, route, answer.text)
                let_in += 1
    assert let_in >= len(routes)
    assert refused >= len(routes)


def test_all_roles_were_asked(api: Gateway) -> None:
    assert api.tokens().keys() == ROLES.keys()


def test_the_refusal_is_told_in_the_callers_language(api: Gateway) -> None:
    headers = {**api.headers("donor"), "Accept-Language": "ky"}
    answer = api.http.post("/api/registry/v1/standards", headers=headers)
    assert answer.status_code == 403
    assert "registry:standards:draft" in answer.json()["detail"]
    assert answer.headers["content-language"] == "ky"
