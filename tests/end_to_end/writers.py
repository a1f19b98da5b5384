"""Monitors who write without a pause while the platform is killed under them, and remember what it acknowledged."""

import http.client
import itertools
import json
import selectors
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.end_to_end.stage import OSH, Gateway

SECOND = "41702225889000"
PATIENCE_SECONDS = 60.0
AGAIN_SECONDS = 0.2
UNREAD = 100_000
"""Numbers of visits whose answer was not read begin here."""


class Lost(Exception):
    """No answer, or one that says the platform is going: nobody knows whether it was carried out."""


@dataclass
class Visit:
    """One visit from its first sending to the acknowledgement of its approval."""

    number: int
    body: dict[str, Any]
    id: str | None = None
    """Set by the acknowledgement."""
    etag: str = ""
    approved: bool = False

    @property
    def content(self) -> bytes:
        """Its bytes, the same each time it is sent: with others its key would stand for another request."""
        return json.dumps(self.body).encode()

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Type": "application/json", "Idempotency-Key": f"writer-submit-{self.number}"}

    @property
    def fee_breached(self) -> bool:
        return float(self.body["fees_paid"][0]["amount"]) > 100


def draft(number: int, campaign: str, service: str) -> dict[str, Any]:
    """Every third one was asked a higher fee, so its approval opens a finding."""
    return {
        "campaign_id": campaign,
        "service_id": service,
        "municipality_code": OSH if number % 4 else SECOND,
        "tier": "ordinary",
        "applied_on": f"2026-09-{1 + number % 20:02d}",
        "delivered_on": f"2026-09-{1 + number % 20:02d}",
        "fees_paid": [{"amount": "250.00" if number % 3 == 0 else "100.00", "currency": "KGS"}],
        "documents_asked": ["identity"],
        "note": f"visit {number}",
    }


@dataclass
class Writer:
    """One system with a key of its own. `write` until the platform is gone, then `write` again on its next life."""

    start: int
    step: int
    campaign: str
    service: str
    api_key: str
    visits: list[Visit] = field(default_factory=list)
    unread: list[Visit] = field(default_factory=list)
    """Sent beside the others without reading an answer."""
    lost: int = 0
    """How often it never got an answer."""
    replayed: int = 0
    """How often the answer was one of before the crash."""

    @property
    def finished(self) -> int:
        return sum(visit.approved for visit in self.visits)

    @property
    def settled(self) -> bool:
        """Whether all it ever sent was acknowledged."""
        return self.finished == len(self.visits) + len(self.unread)

    def write(self, url: str, enough: Callable[[], bool]) -> None:
        """Raises nothing: a platform that is gone ends it."""
        self.visits, self.unread = [*self.visits, *self.unread], []
        with httpx.Client(base_url=f"{url}/api", timeout=20, trust_env=False) as client:
            try:
                self._authenticate(client)
                for visit in self.visits:  # those of before the crash first, under their old keys
                    self._carry_through(client, visit)
                for number in itertools.count(self.start + len(self.visits) * self.step, self.step):
                    if enough():
                        return
                    visit = Visit(number, draft(number, self.campaign, self.service))
                    self.visits.append(visit)
                    self._carry_through(client, visit)
            except Lost:
                self.lost += 1

    def send_unread(self, url: str, count: int) -> list[http.client.HTTPConnection]:
        """Send visits and look at no answer: connections that will or will not be answered."""
        with httpx.Client(base_url=f"{url}/api", timeout=20, trust_env=False) as opened:
            self._authenticate(opened)
            token = opened.headers["Authorization"]
        connections = []
        for number in range(count):
            visit = Visit(
                UNREAD + len(self.visits) * 100 + self.start + number * self.step,
                draft(number, self.campaign, self.service),
            )
            visit.body["note"] = f"visit {visit.number}"
            self.unread.append(visit)
            connection = http.client.HTTPConnection("127.0.0.1", httpx.URL(url).port, timeout=20)
            headers = {"Authorization": token, **visit.headers}
            connection.request("POST", "/api/monitoring/v1/submissions", visit.content, headers)
            connections.append(connection)
        return connections

    def _authenticate(self, client: httpx.Client) -> None:
        body = {"grant_type": "api_key", "api_key": self.api_key}
        answer = self._send(client, "POST", "registry/v1/tokens", json=body)
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def _carry_through(self, client: httpx.Client, visit: Visit) -> None:
        if visit.id is None:
            answer = self._send(
                client,
                "POST",
                "monitoring/v1/submissions",
                content=visit.content,
                headers=visit.headers,
            )
            visit.id, visit.etag = answer.json()["id"], answer.headers["etag"]
        if not visit.approved:
            self._send(
                client,
                "POST",
                f"monitoring/v1/submissions/{visit.id}/approve",
                headers={"Idempotency-Key": f"writer-approve-{visit.number}", "If-Match": visit.etag},
            )
            visit.approved = True

    def _send(self, client: httpx.Client, method: str, path: str, **content: Any) -> httpx.Response:
        """The answer. Raises Lost; waits where it is told to."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = client.request(method, path, **content)
            except httpx.TransportError as error:
                raise Lost from error
            if answer.status_code == 429 and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            if answer.status_code in {502, 503, 504}:
                raise Lost
            assert answer.status_code in {200, 201}, f"{method} {path}: {answer.status_code} {answer.text}"
            self.replayed += answer.headers.get("idempotent-replayed") == "true"
            return answer


class Crew:
    """Several writers at once."""

    def __init__(self, writers: list[Writer]) -> None:
        self.writers = writers
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._failures: list[BaseException] = []

    @property
    def finished(self) -> int:
        """Visits carried through. Raises what went wrong in any writer, so that nobody waits for it."""
        if self._failures:
            raise self._failures[0]
        return sum(writer.finished for writer in self.writers)

    @property
    def visits(self) -> list[Visit]:
        return [visit for writer in self.writers for visit in writer.visits]

    def start(self, url: str, *, again: bool = False, pause: float = 0.0) -> None:
        """With `again` a writer that got no answer goes on where it was: the platform heals under it. Each rests
        `pause` seconds before a visit."""
        self._stop.clear()
        self._threads = [
            threading.Thread(
                target=self._run, args=(writer, url, again, pause), name=f"writer {writer.start}", daemon=True
            )
            for writer in self.writers
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, writer: Writer, url: str, again: bool, pause: float) -> None:
        def enough() -> bool:
            return self._stop.wait(pause)

        try:
            writer.write(url, enough)
            while again and not (self._stop.is_set() and writer.settled):
                self._stop.wait(AGAIN_SECONDS)
                writer.write(url, enough)
        except BaseException as failure:
            self._failures.append(failure)

    @contextmanager
    def unanswered(self, url: str, count: int, answered: int) -> Iterator[None]:
        """Send `count` visits beside the writers. In the block at least `answered` of them have been carried out,
        the others are on their way, and nobody has read an acknowledgement."""
        with ExitStack() as stack, selectors.DefaultSelector() as waiting:
            for writer in self.writers:
                for connection in writer.send_unread(url, count // len(self.writers)):
                    stack.enter_context(closing(connection))
                    waiting.register(connection.sock, selectors.EVENT_READ)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while len(waiting.select(timeout=1)) < answered:
                assert time.monotonic() < deadline
            yield

    def finish(self) -> None:
        """Let each end what it has in hand. Raises what went wrong in any of them."""
        self._stop.set()
        self.join()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()
        if self._failures:
            raise self._failures[0]


def hire(api: Gateway, campaign: str, service: str, count: int = 4) -> Crew:
    """Writers with a key each, so that none meets another's rate limit."""
    organisations = api.items("registry/v1/organisations")
    [monitors] = [one["id"] for one in organisations if one["code"] == "osh-monitors"]
    path = f"registry/v1/organisations/{monitors}/api-keys"
    writers = []
    for number in range(count):
        body = {"label": f"Writer {number}", "kind": "system", "roles": ["monitor", "coordinator"]}
        key = api.call("POST", path, "platform", json=body, expected=201).json()["api_key"]
        writers.append(Writer(number, count, campaign, service, key))
    return Crew(writers)
