"""Webhooks against a real receiver on loopback."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from services.notifications.spec import SPEC
from services.notifications.webhooks.domain import new_secret, origin_of, sign
from shared.http.errors import Invalid
from shared.jobs.runner import JobRunner
from shared.people.key_file import add_key, remove_key
from shared.people.rotation import rotate
from shared.worker import service_principal
from tests.kit.events import deliver
from tests.kit.service import RunningService, StartService
from tests.kit.tables import everything_in
from tests.notifications.conftest import idea, member, reservation


@dataclass
class Receiver:
    """A bare HTTP server that keeps what it is sent and answers as told."""

    answers: list[int] = field(default_factory=list)
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    origin: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in head)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.seen.append((headers, body))
        status = self.answers.pop(0) if self.answers else 204
        location = b"location: http://127.0.0.1:1/\r\n" if status == 302 else b""
        writer.write(
            b"HTTP/1.1 %d X\r\n%bcontent-length: 0\r\nconnection: close\r\n\r\n" % (status, location)
        )
        await writer.drain()
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield found


@pytest.fixture
async def service(start_service: StartService, receiver: Receiver) -> RunningService:
    return await start_service(SPEC, webhook_receivers=(receiver.origin,))


async def register(service: RunningService, headers: dict[str, str], url: str) -> dict:
    answer = await service.client.post("/v1/webhooks", json={"url": url}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def until_settled(service: RunningService, headers: dict[str, str], webhook: dict) -> list[dict]:
    """Run the jobs until no delivery is pending; retries are made due at once."""
    runner = JobRunner(service.database, SPEC.jobs, principal=service_principal(SPEC))
    task = asyncio.create_task(runner.run())
    try:
        async with asyncio.timeout(20):
            while True:
                url = f"/v1/webhooks/{webhook['id']}/deliveries"
                found = (await service.client.get(url, headers=headers)).json()["items"]
                if found and all(delivery["state"] != "pending" for delivery in found):
                    return found
                await service.database.pool.execute("UPDATE job SET run_at = now() WHERE state = 'queued'")
                await asyncio.sleep(0.02)
    finally:
        await runner.stop()
        await task


async def test_a_recipient_gets_one_signed_message(service: RunningService, receiver: Receiver):
    ngo = uuid4()
    headers = member(service, ngo)
    webhook = await register(service, headers, f"{receiver.origin}/hook")
    sent = reservation(recipients=[ngo])
    await deliver(service, sent)
    await deliver(service, sent)
    deliveries = await until_settled(service, headers, webhook)
    assert [delivery["state"] for delivery in deliveries] == ["delivered"]
    [(got, body)] = receiver.seen
    assert got["webhook-id"] == deliveries[0]["id"]
    expected = sign(webhook["secret"], got["webhook-id"], int(got["webhook-timestamp"]), body)
    assert got["webhook-signature"] == expected
    event = json.loads(body)
    assert event["type"] == "ideas_market.reservation.made.v1"
    assert event["data"]["pledge"] == {"amount": "1200000", "currency": "KGS"}
    assert "recipients" not in event


async def test_failures_are_retried_under_the_same_id(service: RunningService, receiver: Receiver):
    headers = member(service, uuid4())
    webhook = await register(service, headers, receiver.origin)
    receiver.answers[:] = [500, 302, 429, 200]
    await service.client.post(f"/v1/webhooks/{webhook['id']}/test", headers=headers)
    [delivery] = await until_settled(service, headers, webhook)
    assert (delivery["state"], delivery["attempts"], delivery["last_status"]) == ("delivered", 4, 200)
    assert len({got["webhook-id"] for got, _ in receiver.seen}) == 1
    assert len(receiver.seen) == 4, "a redirect is not followed"


async def test_a_receiver_that_is_gone_is_switched_off(service: RunningService, receiver: Receiver):
    headers = member(service, uuid4())
    webhook = await register(service, headers, receiver.origin)
    receiver.answers[:] = [410]
    await service.client.post(f"/v1/webhooks/{webhook['id']}/test", headers=headers)
    [delivery] = await until_settled(service, headers, webhook)
    assert delivery["state"] == "failed"
    found = await service.client.get(f"/v1/webhooks/{webhook['id']}", headers=headers)
    assert found.json()["active"] is False


async def test_a_settled_delivery_can_be_sent_again(service: RunningService, receiver: Receiver):
    headers = member(service, uuid4())
    webhook = await register(service, headers, receiver.origin)
    receiver.answers[:] = [400] * 10
    await service.client.post(f"/v1/webhooks/{webhook['id']}/test", headers=headers)
    [delivery] = await until_settled(service, headers, webhook)
    assert (delivery["state"], delivery["attempts"]) == ("failed", 10)
    again = await service.client.post(f"/v1/deliveries/{delivery['id']}/redeliver", headers=headers)
    assert again.status_code == 202
    twice = await service.client.post(f"/v1/deliveries/{delivery['id']}/redeliver", headers=headers)
    assert twice.json()["code"] == "still_pending"
    [delivery] = await until_settled(service, headers, webhook)
    assert delivery["state"] == "delivered"
    stranger = member(service, uuid4())
    url = f"/v1/deliveries/{delivery['id']}/redeliver"
    assert (await service.client.post(url, headers=stranger)).status_code == 404


async def test_a_subscription_with_the_webhook_channel_sends_one(service: RunningService, receiver: Receiver):
    headers = member(service, uuid4())
    webhook = await register(service, headers, receiver.origin)
    body = {"event_types": ["ideas_market.idea.published.v1"], "channels": ["webhook"]}
    await service.client.post("/v1/subscriptions", json=body, headers=headers)
    await deliver(service, idea())
    await until_settled(service, headers, webhook)
    assert len(receiver.seen) == 1
    assert (await service.client.get("/v1/inbox", headers=headers)).json()["items"] == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:1/", "receiver_not_allowed"),
        ("http://169.254.169.254/latest/meta-data", "receiver_not_allowed"),
        ("https://127.0.0.1:9/", "receiver_not_allowed"),
        ("http://user:secret@127.0.0.1:9/", "malformed_url"),
        ("http://127.0.0.1:99999/", "malformed_url"),
        ("http://[::1", "malformed_url"),
    ],
)
async def test_receivers_outside_the_list_are_refused(service: RunningService, url, code):
    answer = await service.client.post("/v1/webhooks", json={"url": url}, headers=member(service, uuid4()))
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"pointer": "/url", "code": code, "detail": answer.json()["errors"][0]["detail"]}
    ]


async def test_the_secret_is_shown_once(service: RunningService, receiver: Receiver):
    headers = member(service, uuid4())
    keyed = headers | {"Idempotency-Key": str(uuid4())}
    refused = await service.client.post("/v1/webhooks", json={"url": receiver.origin}, headers=keyed)
    assert refused.json()["code"] == "answer_not_kept"
    first = await service.client.post("/v1/webhooks", json={"url": receiver.origin}, headers=headers)
    assert first.json()["secret"].startswith("whsec_")
    again = await service.client.post("/v1/webhooks", json={"url": receiver.origin}, headers=headers)
    assert again.json()["code"] == "receiver_taken"
    listed = await service.client.get("/v1/webhooks", headers=headers)
    assert "secret" not in listed.text


def test_signatures_agree_with_the_published_vectors():
    folder = os.environ.get("ASHAR_CONFORMANCE")
    if not folder:
        pytest.skip("ASHAR_CONFORMANCE names no folder of official artefacts")
    vectors = json.loads((Path(folder) / "notifications/standard_webhooks_vectors.json").read_text())
    hmacs = [vector for vector in vectors["valid"] if vector["scheme"] == "v1"]
    assert hmacs
    for vector in hmacs:
        body = vector["body"].encode()
        assert sign(vector["secret"], vector["id"], vector["timestamp"], body) in vector["signature"].split(
            " "
        )


def test_a_new_secret_has_192_bits():
    assert len(base64.b64decode(new_secret().removeprefix("whsec_"))) == 24


def test_default_ports_belong_to_the_origin():
    assert origin_of("https://a.example/x") == origin_of("https://a.example:443")
    with pytest.raises(Invalid):
        origin_of("ftp://a.example")


async def test_the_audit_holds_no_secret_of_an_address(service: RunningService, receiver: Receiver):
    headers = member(service, uuid4())
    await register(service, headers, f"{receiver.origin}/hook?token=whsec-of-theirs")
    row = await service.database.pool.fetchrow("SELECT after FROM audit WHERE action = 'receiver.add'")
    assert row["after"] == {"origin": origin_of(receiver.origin)}


async def test_the_secret_is_sealed_and_signs_after_a_change_of_keys(
    start_service: StartService, receiver: Receiver, tmp_path: Path
):
    path = tmp_path / "people.json"
    service = await start_service(SPEC, webhook_receivers=(receiver.origin,), people_keys=path)
    headers = member(service, uuid4())
    webhook = await register(service, headers, f"{receiver.origin}/hook?who=aizada@example.kg")
    pool = service.database.pool
    assert webhook["secret"] not in await everything_in(pool)
    assert "aizada" not in str(await pool.fetch("SELECT before, after FROM audit"))
    old = service.database.keyring.current
    new = add_key(path)
    service.database.keyring.check()
    assert SPEC.people is not None
    assert (await rotate(service.database.keyring, SPEC.people, service.database.transaction)).sealed == 1
    assert await pool.fetchval("SELECT secret_key_id FROM receiver") == new != old
    remove_key(path, old)
    service.database.keyring.check()
    await service.client.post(f"/v1/webhooks/{webhook['id']}/test", headers=headers)
    [delivery] = await until_settled(service, headers, webhook)
    assert delivery["state"] == "delivered"
    [(got, body)] = receiver.seen
    expected = sign(webhook["secret"], got["webhook-id"], int(got["webhook-timestamp"]), body)
    assert got["webhook-signature"] == expected


async def test_a_secret_of_before_signs_until_it_is_sealed(service: RunningService, receiver: Receiver):
    headers = member(service, uuid4())
    webhook = await register(service, headers, receiver.origin)
    await service.database.pool.execute(
        "UPDATE receiver SET secret_key_id = '', secret = convert_to($1, 'UTF8')", webhook["secret"]
    )
    await service.client.post(f"/v1/webhooks/{webhook['id']}/test", headers=headers)
    await until_settled(service, headers, webhook)
    [(got, body)] = receiver.seen
    expected = sign(webhook["secret"], got["webhook-id"], int(got["webhook-timestamp"]), body)
    assert got["webhook-signature"] == expected
    assert SPEC.people is not None
    assert (await rotate(service.database.keyring, SPEC.people, service.database.transaction)).sealed == 1
    assert webhook["secret"] not in await everything_in(service.database.pool)


async def test_a_secret_nobody_can_open_is_named_and_signs_nothing(
    service: RunningService, receiver: Receiver
):
    headers = member(service, uuid4())
    webhook = await register(service, headers, receiver.origin)
    await service.database.pool.execute("UPDATE receiver SET secret_key_id = '20200101T000000-abcdef'")
    await service.client.post(f"/v1/webhooks/{webhook['id']}/test", headers=headers)
    [delivery] = await until_settled(service, headers, webhook)
    assert (delivery["state"], delivery["last_error"]) == ("failed", "the receiver's secret does not open")
    assert receiver.seen == []
