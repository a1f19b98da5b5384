"""A person planted wherever a client can put one, and a look at everything anybody can read."""

import asyncio
import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from deploy.gateway.settings import SERVICES
from shared.http.openapi import operations
from tests.end_to_end.databases import database_url
from tests.end_to_end.stage import OSH, Gateway, Stage
from tests.ideas_market.world import idea
from tests.kit.tables import everything_in

NAME, PHONE, EMAIL = "Сыймыктуу Өрүкбаева", "+996777040506", "s.orukbaeva@example.kg"
TEXT = f"Жазган: {NAME}, {PHONE}, {EMAIL}"
BENEFICIARY, BENEFICIARY_PHONE = "Бүбүйра Касымалиева", "+996777060708"
LABELLER = "Нурпери Абдыкадырова"
"""Who called a key by their own name."""
OF_BENEFICIARY = frozenset({BENEFICIARY, "Касымалиев", BENEFICIARY_PHONE, BENEFICIARY_PHONE[4:]})
MARKS = (NAME, "Өрүкбаев", PHONE, PHONE[4:], EMAIL, LABELLER, *sorted(OF_BENEFICIARY))
GROUP, DONOR = "planted-group", "planted-donor"
VERSION = "2026-11"


def person_of(token: str) -> str:
    """The `sub` of a token."""
    body = token.split(".")[1]
    found: str = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["sub"]
    return found


def marks_in(text: str) -> set[str]:
    """What of the person stands in a text, also where it was escaped."""
    unescaped = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    return {mark for mark in MARKS if mark in text or mark in unescaped}


@dataclass
class Planted:
    """What was made, by the names paths use, and the people behind it: role at an organisation → person."""

    api: Gateway
    stage: Stage
    ids: dict[str, str] = field(default_factory=dict)
    people: dict[tuple[str, str], str] = field(default_factory=dict)
    receipts: list[str] = field(default_factory=list)

    def call(self, role: str, organisation: str, method: str, path: str, **content: Any) -> Any:
        headers = {**self.api.headers(role, organisation), **content.pop("headers", {})}
        self.people[role, organisation] = person_of(self.api.token(role, organisation))
        answer = self.api.call(
            method, path, headers=headers, expected=content.pop("expected", 201), **content
        )
        return answer.json() if answer.content else None

    def everywhere(self) -> None:
        self._organisations()
        self._visits()
        self._ideas()
        self._contacts()
        self._key()

    def _organisations(self) -> None:
        for code, kind in ((GROUP, "group"), (DONOR, "donor")):
            draft = {"code": code, "kind": kind, "name": {"ky": code, "ru": code}, "origin": "demonstration"}
            made = self.api.call("POST", "registry/v1/organisations", "platform", json=draft, expected=201)
            self.ids[code] = made.json()["id"]
        self.ids["organisation_id"] = self.ids[GROUP]
        self.stage.settle()

    def _visits(self) -> None:
        service = self.api.items("registry/v1/services")[0]["id"]
        campaign = {
            "code": "PLANTED-1",
            "name": {"ky": "Өсүмдүк", "ru": "Посев"},
            "starts_on": "2026-01-01",
            "ends_on": "2027-12-31",
            "municipalities": [OSH],
            "services": [service],
            "origin": "demonstration",
        }
        made = self.call("coordinator", GROUP, "POST", "monitoring/v1/campaigns", json=campaign)
        self.ids |= {"campaign_id": made["id"], "service_id": service}
        self.call(
            "coordinator",
            GROUP,
            "POST",
            f"monitoring/v1/campaigns/{made['id']}/open",
            headers={"If-Match": f'"{made["version"]}"'},
            expected=200,
        )
        visit = {
            "campaign_id": made["id"],
            "municipality_code": OSH,
            "service_id": service,
            "applied_on": "2026-03-02",
            "documents_asked": ["identity", f"{NAME} берген кагаз"],
            "note": TEXT,
        }
        path = "monitoring/v1/submissions"
        key = {"Idempotency-Key": "planted-visit"}
        first = self.call("monitor", GROUP, "POST", path, json=visit, headers=key)
        self.ids["submission_id"] = first["id"]
        again = {"note": f"{TEXT} дагы", "documents_asked": [f"{NAME} сураган"]}
        self.call(
            "monitor", GROUP, "PATCH", f"{path}/{first['id']}", json=again, headers={"If-Match": '"1"'}, expected=200
        )  # fmt: skip
        refusal = {"reason": "other", "comment": f"{TEXT} четке кагылды"}
        self.call(
            "coordinator", GROUP, "POST", f"{path}/{first['id']}/reject", json=refusal,
            headers={"If-Match": '"2"', "Idempotency-Key": "planted-reject"}, expected=200,
        )  # fmt: skip
        self._visit_of_a_desk(path, visit)

    def _visit_of_a_desk(self, path: str, visit: dict[str, Any]) -> None:
        """Corrected by the desk and turned down by a coordinator, whose answers are kept."""
        told = f"{BENEFICIARY}, {BENEFICIARY_PHONE}"
        said = {"note": f"Айткан: {told}", "documents_asked": ["identity", f"{told} берген кагаз"]}
        behalf = {"on_behalf_of": self._behalf("visit_by_desk")}
        key = {"Idempotency-Key": "planted-desk"}
        made = self.call("desk", GROUP, "POST", path, json={**visit, **said, **behalf}, headers=key)
        again = {"note": f"Оңдолду: {told}", "documents_asked": [f"{told} сураган"]}
        self.call(
            "desk", GROUP, "PATCH", f"{path}/{made['id']}", json=again, headers={"If-Match": '"1"'}, expected=200
        )  # fmt: skip
        self.ids["desk_submission_id"] = made["id"]
        self.call(
            "coordinator", GROUP, "POST", f"{path}/{made['id']}/reject", json={"reason": "incomplete"},
            headers={"If-Match": '"2"', "Idempotency-Key": "planted-desk-reject"}, expected=200,
        )  # fmt: skip

    def _behalf(self, purpose: str) -> dict[str, Any]:
        if "beneficiary" not in self.ids:
            self.ids["beneficiary"] = self.call("desk", GROUP, "POST", "registry/v1/persons")["id"]
        consent = {"purpose": purpose, "text_version": VERSION, "channel": "desk"}
        return {"person_id": self.ids["beneficiary"], "consent": consent}

    def _ideas(self) -> None:
        path = "ideas_market/v1/ideas"
        made = self.call("author", GROUP, "POST", path, json=idea(indicator=None))
        self.ids["idea_id"] = made["id"]
        self.call(
            "author", GROUP, "POST", f"{path}/{made['id']}/publish", headers={"If-Match": '"1"'}, expected=200
        )
        contact = {"name": NAME, "phone": PHONE, "email": EMAIL}
        own = {**contact, "text_version": VERSION}
        self.call("author", GROUP, "POST", f"{path}/{made['id']}/contact", json=own)
        reservation = {"pledge": {"amount": "300000.00", "currency": "KGS"}, "message": TEXT}
        held = self.call(
            "donor", DONOR, "POST", f"{path}/{made['id']}/reservations", json=reservation,
            headers={"Idempotency-Key": "planted-message"},
        )  # fmt: skip
        self.ids["reservation_id"] = held["id"]
        second = {**idea(indicator=None), "on_behalf_of": self._behalf("idea_by_desk")}
        desk = self.call("desk", GROUP, "POST", path, json=second)
        self.ids["desk_idea_id"] = desk["id"]
        theirs = {
            "name": BENEFICIARY,
            "phone": BENEFICIARY_PHONE,
            "on_behalf_of": self._behalf("idea_contact"),
        }
        self.call("desk", GROUP, "POST", f"{path}/{desk['id']}/contact", json=theirs)

    def _contacts(self) -> None:
        for role in ("monitor", "author"):
            for channel, value in (("email", EMAIL), ("phone", PHONE)):
                body = {channel: value, "text_version": VERSION}
                self.call(role, GROUP, "POST", f"notifications/v1/contacts/{channel}", json=body)

    def _key(self) -> None:
        draft = {"label": LABELLER, "kind": "system", "roles": ["monitor"]}
        path = f"registry/v1/organisations/{self.ids[GROUP]}/api-keys"
        made = self.call("administrator", GROUP, "POST", path, json=draft)
        headers = {**self.api.headers("platform"), "Idempotency-Key": "planted-revocation"}
        self.api.call("POST", f"registry/v1/api-keys/{made['id']}/revoke", headers=headers, expected=200)

    def erase_alone(self) -> list[str]:
        """The person at the desk and who named the key, while all who wrote about them stay; the receipts."""
        for person in (self.ids["beneficiary"], self.people.pop(("administrator", GROUP))):
            path = f"registry/v1/persons/{person}/erasure"
            self.receipts.append(self.api.call("POST", path, "platform", expected=202).json()["id"])
        return self.receipts

    def erase(self) -> list[str]:
        """Everybody else, some by themselves and some by the platform; the receipts of all."""
        receipts = self.receipts
        for number, ((role, organisation), person) in enumerate(sorted(self.people.items())):
            if number % 2:
                body = {"person_id": person}
                made = self.call(
                    role, organisation, "POST", "registry/v1/persons/me/erasure", json=body, expected=202
                )
            else:
                path = f"registry/v1/persons/{person}/erasure"
                made = self.api.call("POST", path, "platform", expected=202).json()
            receipts.append(made["id"])
        return receipts

    def reads(self) -> Iterator[str]:
        """Every address of every service that can be read, with what was made in it."""
        of_the_desk = {"submission_id": "desk_submission_id", "idea_id": "desk_idea_id"}
        for service in SERVICES:
            document = self.api.call("GET", f"{service}/openapi.json").json()
            for path, method, _ in operations(document):
                if method == "get":
                    yield f"/api/{service}{self._named(path, {})}"
                    if any(f"{{{name}}}" in path for name in of_the_desk):
                        yield f"/api/{service}{self._named(path, of_the_desk)}"

    def _named(self, path: str, instead: dict[str, str]) -> str:
        def identifier(found: re.Match[str]) -> str:
            return self.ids.get(instead.get(found[1], found[1]), str(UUID(int=0)))

        return re.sub(r"\{(\w+)\}", identifier, path)

    def read_by(self, token: str | None) -> dict[str, set[str]]:
        """Address → what of the person its answer shows to the bearer."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        found = {path: marks_in(self._get(path, headers)) for path in self.reads()}
        return {path: marks for path, marks in found.items() if marks}

    def _get(self, path: str, headers: dict[str, str]) -> str:
        while True:
            answer = self.api.http.get(path, headers=headers)
            if answer.status_code != 429:
                return answer.text + str(answer.headers)


def in_databases(folder: Path) -> dict[str, set[str]]:
    """Database → what of the person stands in its tables; the broker's log is one of them."""

    async def look() -> dict[str, set[str]]:
        found = {}
        for name in (*SERVICES, "broker"):
            connection = await asyncpg.connect(database_url(folder, name))
            try:
                found[name] = marks_in(await everything_in(connection))
            finally:
                await connection.close()
        return found

    return asyncio.run(look())


def in_files(folder: Path) -> dict[str, set[str]]:
    """File → what of the person stands in it. The server's own files are left out: its tables were looked at."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and "cluster" not in path.relative_to(folder).parts:
            marks = marks_in(path.read_bytes().decode("utf-8", "replace"))
            if marks:
                found[str(path.relative_to(folder))] = marks
    return found
