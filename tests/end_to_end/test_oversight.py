"""A kenesh that the platform appoints an overseer for reads the findings of its municipality, and others do not."""

import time
from typing import Any
from uuid import uuid4

from tests.end_to_end.stage import OSH, SINCE, Gateway, Stage

WITHIN_SECONDS = 10.0


def organisation(api: Gateway, **more: Any) -> str:
    code, name = f"kenesh-{uuid4().hex[:6]}", {"ky": "Кеңеш", "ru": "Кенеш"}
    draft = {"code": code, "kind": "council", "name": name, "origin": "demonstration", **more}
    made = api.call("POST", "registry/v1/organisations", "platform", json=draft, expected=201).json()
    return str(made["id"])


def overseer(api: Gateway, organisation_id: str) -> dict[str, Any]:
    """The appointment of a person, and a system of the organisation that reads for them."""
    place = f"registry/v1/organisations/{organisation_id}"
    grant = {"role": "overseer", "valid_from": str(SINCE)}
    membership = api.call("POST", f"{place}/memberships", "platform", json=grant, expected=201).json()
    draft = {"label": "reads findings", "roles": ["overseer"]}
    key = api.call("POST", f"{place}/api-keys", "platform", json=draft, expected=201).json()
    body = {"grant_type": "api_key", "api_key": key["api_key"]}
    token = api.call("POST", "registry/v1/tokens", json=body).json()["access_token"]
    return {"membership": membership, "headers": {"Authorization": f"Bearer {token}"}}


def findings(api: Gateway, headers: dict[str, str]) -> set[str]:
    page = api.call("GET", "monitoring/v1/findings", headers=headers, params={"limit": 200}).json()
    return {finding["id"] for finding in page["items"]}


def test_a_kenesh_over_its_municipality(api: Gateway, stage: Stage, known: dict[str, Any]) -> None:
    [mayor] = [one for one in api.items("registry/v1/organisations") if one["code"] == OSH]
    watching = overseer(api, organisation(api, parent_id=mayor["id"]))
    elsewhere = overseer(api, organisation(api, territory_code="41708000000000"))
    of_the_city = {finding["id"] for finding in api.items("monitoring/v1/findings", "respondent")}
    assert known["finding_id"] in of_the_city
    deadline = time.monotonic() + WITHIN_SECONDS
    while not findings(api, watching["headers"]) >= of_the_city:
        assert time.monotonic() < deadline, "the appointment has not arrived"
        time.sleep(0.1)
    path = f"monitoring/v1/findings/{known['finding_id']}"
    shown = api.call("GET", path, headers=watching["headers"]).json()
    assert shown["addressee"]["code"] == OSH
    standings = api.call("GET", "monitoring/v1/findings/standings", headers=watching["headers"]).json()
    assert OSH in {standing["body"]["code"] for standing in standings["items"]}
    stage.settle()
    api.call("GET", path, headers=elsewhere["headers"], expected=404)
    assert not findings(api, elsewhere["headers"])
    api.call(
        "POST",
        f"registry/v1/memberships/{watching['membership']['id']}/end",
        "platform",
        headers={"If-Match": f'"{watching["membership"]["version"]}"'},
        json={"valid_to": str(SINCE)},
    )
    while findings(api, watching["headers"]):
        assert time.monotonic() < deadline + WITHIN_SECONDS, "still read after the appointment ended"
        time.sleep(0.1)
