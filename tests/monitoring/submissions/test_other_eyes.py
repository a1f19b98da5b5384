"""Nobody counts a visit of their own, but a system that was given both roles by name."""

from uuid import uuid4

import httpx
import pytest

from shared.auth.principal import Kind
from tests.monitoring.field import COORDINATOR_SCOPES, Field
from tests.monitoring.registry import OWNER
from tests.monitoring.submissions.test_review import APPROVED, REVISED

Headers = dict[str, str]


def reviewer(field: Field, kind: Kind = Kind.PERSON, *roles: str) -> Headers:
    """A coordinator who makes visits too."""
    return field.service.headers(*COORDINATOR_SCOPES, sub=uuid4(), org=OWNER, kind=kind, roles=roles)


async def approve(field: Field, identifier: str, headers: Headers) -> httpx.Response:
    version = (await field.get(identifier))["version"]
    return await field.client.post(
        f"/v1/submissions/{identifier}/approve", headers={**headers, "If-Match": f'"{version}"'}
    )


async def made_by(field: Field, headers: Headers, **visit: object) -> str:
    answer = await field.post(headers, **visit)
    assert answer.status_code == 201, answer.text
    identifier: str = answer.json()["id"]
    return identifier


@pytest.mark.parametrize(
    ("kind", "roles"),
    [
        (Kind.PERSON, ("coordinator",)),
        (Kind.PERSON, ("monitor", "coordinator")),
        (Kind.SYSTEM, ("coordinator",)),
        (Kind.SERVICE, ("monitor", "coordinator")),
        (Kind.DEVICE, ("monitor", "coordinator")),
    ],
)
async def test_own_visits_are_for_others_to_approve(field: Field, kind: Kind, roles: tuple[str, ...]) -> None:
    me = reviewer(field, kind, *roles)
    identifier = await made_by(field, me)
    refused = await approve(field, identifier, {**me, "Accept-Language": "ru"})
    assert (refused.status_code, refused.json()["code"]) == (403, "own_submission")
    assert "другой координатор" in refused.json()["detail"]
    assert (await field.get(identifier))["state"] == "received"
    assert await field.events(APPROVED) == []
    assert (await approve(field, identifier, reviewer(field))).status_code == 200


async def test_a_system_with_both_roles_counts_its_own_and_the_audit_trail_says_so(field: Field) -> None:
    system = reviewer(field, Kind.SYSTEM, "monitor", "coordinator")
    own, foreign = await made_by(field, system), (await field.submit())["id"]
    for identifier in (own, foreign):
        assert (await approve(field, identifier, system)).status_code == 200
    rows = await field.service.database.pool.fetch(
        "SELECT after, actor_kind FROM audit WHERE action = 'submission.approve' ORDER BY id"
    )
    assert [(row["after"].get("own_submission"), row["actor_kind"]) for row in rows] == [
        (True, "system"),
        (None, "system"),
    ]


async def test_who_made_an_approved_visit_does_not_change_what_counts(field: Field) -> None:
    me = reviewer(field)
    identifier = await made_by(field, me)
    assert (await field.amend(identifier, {"note": "corrected"}, me)).status_code == 200
    assert (await approve(field, identifier, reviewer(field))).status_code == 200
    refused = await field.amend(identifier, {"delivered_on": "2026-03-26"}, me)
    assert (refused.status_code, refused.json()["code"]) == (403, "own_submission")
    assert (await field.amend(identifier, {"delivered_on": "2026-03-26"}, reviewer(field))).status_code == 200
    assert len(await field.events(REVISED)) == 1


async def test_own_visits_can_be_taken_back(field: Field) -> None:
    me = reviewer(field)
    for action in ("reject", "withdraw"):
        identifier = await made_by(field, me)
        done = await field.client.post(
            f"/v1/submissions/{identifier}/{action}",
            json={"reason": "duplicate"},
            headers={**me, "If-Match": '"1"'},
        )
        assert done.status_code == 200, done.text
