"""What changes a thing that is really there: asked by its organisation, by another one with the same role, and by
people whose membership has ended. The page of rights says what each of them is answered."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from deploy.gateway.settings import SERVICES
from deploy.local.rights import OTHERS, OTHERS_IN_BODY, changing, roles_with
from services.registry.access.roles import ROLES
from shared.http.openapi import scopes_of as scopes_of_operation
from tests.end_to_end.rows import ROWS, Row, World
from tests.end_to_end.stage import Gateway

ANSWERED = {**OTHERS, **OTHERS_IN_BODY}
ABROAD, ENDED = "rights-abroad", "rights-ended"
WITHIN_SECONDS = 5.0
NEVER = '"999999"'
"""A version nothing has: who gets as far as it is answered 412 and has changed nothing."""


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    roles: tuple[str, ...]
    """Those that have the scope."""
    conditional: bool

    def ask(self, api: Gateway, row: Row, token: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        if self.conditional:
            headers["If-Match"] = NEVER
        while True:
            answer = api.http.request(self.method, row.path(self.path), headers=headers, json=row.body)
            if answer.status_code != 429:
                return answer
            time.sleep(0.1)


def operations_of(api: Gateway) -> Iterator[Operation]:
    for service in SERVICES:
        document = api.call("GET", f"{service}/openapi.json").json()
        for path, method, operation in changing(document):
            scopes = scopes_of_operation(operation)
            if scopes is not None:
                headers = {one["name"].lower() for one in operation.get("parameters", ())}
                roles = tuple(roles_with(scopes))
                where = f"/api/{service}{path}"
                yield Operation(operation["operationId"], method.upper(), where, roles, "if-match" in headers)


@pytest.fixture(scope="module")
def operations(api: Gateway) -> dict[str, Operation]:
    return {operation.name: operation for operation in operations_of(api)}


@pytest.fixture(scope="module")
def world(api: Gateway, known: dict[str, Any]) -> World:
    for code in (ABROAD, ENDED):
        name = {"ky": "Сыноо уюму", "ru": "Проверочная организация"}
        draft = {"code": code, "kind": "ngo", "name": name, "origin": "demonstration"}
        api.call("POST", "registry/v1/organisations", "platform", json=draft, expected=201)
    return World(api, known)


def said(answer: httpx.Response) -> str:
    """`404`, or `403 foreign_body`."""
    if answer.status_code == 403:
        return f"403 `{answer.json()['code']}`"
    return str(answer.status_code)


def test_every_route_that_changes_a_thing_is_asked(operations: dict[str, Operation]) -> None:
    named = {name for name, operation in operations.items() if "{" in operation.path}
    assert named == OTHERS.keys()
    assert ROWS.keys() == ANSWERED.keys()


@pytest.mark.parametrize("name", sorted(ROWS))
def test_own_and_others(name: str, world: World, operations: dict[str, Operation]) -> None:
    operation, row, api = operations[name], ROWS[name](world), world.api
    assert operation.roles
    let_in = False
    for role in operation.roles:
        if row.owner is not None:
            own = operation.ask(api, row, api.token(role, row.owner))
            if role in row.own_refused:
                assert said(own) == f"403 `{row.own_refused[role]}`", (role, own.text)
            elif row.once and let_in:
                assert own.status_code == 404, (role, own.text)
            elif name != "reserve_idea":  # nobody reserves what is their own
                let_in = True
                assert own.status_code not in {401, 403, 404}, (role, own.text)
                assert own.status_code in {409, 412} or not operation.conditional, (role, own.text)
        abroad = operation.ask(api, row, api.token(role, ABROAD))
        assert abroad.status_code < 500, (role, abroad.text)
        if (role == "platform" and name not in EVERYBODYS_OWN) or ANSWERED[name].startswith(
            ("no others", "meant")
        ):
            assert abroad.status_code not in {401, 403, 404}, (role, abroad.text)
        else:
            assert ANSWERED[name].startswith(said(abroad)), (role, abroad.text)


EVERYBODYS_OWN = {
    "change_subscription",
    "change_webhook",
    "end_session",
    "mark_inbox_entry_read",
    "redeliver",
    "test_webhook",
    "unsubscribe",
    *(f"{service}_withdraw_consent" for service in SERVICES),
}
"""Where the platform's role is one of many: it has its own of these, and not others'."""


def test_an_ended_membership_changes_nothing_anywhere(world: World, operations: dict[str, Operation]) -> None:
    """Every role, every changing route of every service."""
    api = world.api
    home = world.organisation(ENDED)["id"]
    tokens = {role: api.token(role, ENDED) for role in ROLES}
    held = api.items(f"registry/v1/organisations/{home}/memberships", "platform")
    assert {membership["role"] for membership in held} == ROLES.keys()
    for membership in held:
        api.call(
            "POST",
            f"registry/v1/memberships/{membership['id']}/end",
            "platform",
            headers={"If-Match": f'"{membership["version"]}"'},
            json={"valid_to": membership["valid_from"]},
        )
    deadline = time.monotonic() + WITHIN_SECONDS
    nothing = Row(None, {})
    one_of_each = {operation.path.split("/")[2]: operation for operation in operations.values()}
    assert one_of_each.keys() == set(SERVICES)
    for role, token in tokens.items():
        for operation in one_of_each.values():
            while (answer := operation.ask(api, nothing, token)).status_code != 401:
                assert time.monotonic() < deadline, f"{role} still acts in {operation.path}"
                time.sleep(0.05)
            assert answer.json()["code"] == "credential_revoked"
    for role, token in tokens.items():
        for operation in operations.values():
            assert operation.ask(api, nothing, token).status_code == 401, (role, operation)
    again = {"grant_type": "development", "role": "author", "organisation": ENDED}
    assert api.http.post("/api/registry/v1/tokens", json=again).status_code == 401
