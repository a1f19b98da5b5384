"""Generated requests against every operation, good and bad ones, through the gateway with tokens of every role.

Whatever is asked: no 5xx, every error a problem+json that says nothing of the inside, every body as documented."""

import itertools
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation.modes import GenerationMode

from deploy.gateway.settings import SERVICES
from services.registry.access.roles import ROLES, scopes_of
from tests.end_to_end.stage import Gateway, Stage, home_of

EXAMPLES = 20
"""Per operation and kind of data (valid, invalid)."""
INSIDE = re.compile(
    r"Traceback|File \"|site-packages|\.py\b|asyncpg|sqlalchemy|postgres|pydantic|0x[0-9a-f]{6,}|query argument|"
    r"\bSELECT\b|\bINSERT INTO\b|\bUPDATE \w+ SET\b|\bDELETE FROM\b|violates|relation \"|column \"",
    re.IGNORECASE,
)
NOT_ROUTED = "/metrics"


def lightened(node: Any) -> Any:
    """The same document with data that is quick to make up: texts in three languages instead of any BCP-47 tag,
    short lists, and no long patterns (data made without one may be refused, which is an answer too)."""
    if isinstance(node, list):
        return [lightened(item) for item in node]
    if not isinstance(node, dict):
        return node
    light = {name: lightened(value) for name, value in node.items()}
    if "propertyNames" in light and isinstance(light.get("additionalProperties"), dict):
        text = light.pop("additionalProperties")
        del light["propertyNames"]
        light |= {"properties": dict.fromkeys(("ky", "ru", "en"), text), "additionalProperties": False}
        light["maxProperties"] = 3
    if isinstance(light.get("pattern"), str) and len(light["pattern"]) > 60:
        del light["pattern"]
    if light.get("type") == "array" and light.get("minItems", 0) <= 3:
        light["maxItems"] = min(light.get("maxItems", 3), 3)
    return light


def operations_of(document: dict[str, Any]) -> Iterator[Any]:
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        assert isinstance(found, Ok), "an operation that cannot be read"
        yield found.ok()


@dataclass
class Findings:
    """What went wrong, by operation, with the request that did it; and how often which status came back."""

    wrong: dict[str, list[str]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)

    def add(self, case: Any, what: str) -> None:
        request = f"{case.method} {case.formatted_path}?{dict(case.query)} {str(case.body)[:1500]}"
        self.wrong.setdefault(case.operation.label, []).append(f"{what}\n    {request}")

    def report(self) -> str:
        return "\n".join(f"{label}: {found[0]}" for label, found in sorted(self.wrong.items()))


@dataclass
class Fuzzer:
    """Sends cases of one service. Every second one names things that are really there."""

    base_url: str
    api: Gateway
    known: dict[str, Any]
    documented: dict[str, Any]
    """Operations by label, as the document really describes them."""
    session: requests.Session = field(default_factory=requests.Session)
    found: Findings = field(default_factory=Findings)
    versions: Iterator[int] = field(default_factory=lambda: itertools.cycle((1, 2, 3)))

    def operation(self, operation: Any) -> None:
        callers = itertools.cycle(self.callers(operation))
        for mode in GenerationMode:

            @seed(zlib.crc32(f"{operation.label} {mode}".encode()))
            @settings(
                max_examples=EXAMPLES,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def send(case: Any) -> None:
                self.send(case, *next(callers))

            try:
                send()
            except Unsatisfiable:
                continue  # an operation without input cannot be asked wrongly

    def callers(self, operation: Any) -> Iterator[tuple[str | None, bool]]:
        """(role, whether the case is to name real things): roles that may call it, twice as often as others."""
        declared = operation.definition.raw.get("security") or []
        needed = {scope for entry in declared for names in entry.values() for scope in names}
        may = [role for role in ROLES if needed <= set(scopes_of((role,)))]
        others = [None, *(role for role in ROLES if role not in may)]
        yield from ((role, real) for role in may for real in (True, False))
        yield from ((role, True) for role in others[:2])

    def send(self, case: Any, role: str | None, real: bool) -> None:
        if real:
            self.make_real(case)
        case.headers.pop("Authorization", None)
        case.headers.update(self.api.headers(role, home_of(role) if role else None))
        response = case.call(base_url=self.base_url, session=self.session, timeout=30)
        self.found.statuses[response.status_code] += 1
        self.look_at(case, response)

    def make_real(self, case: Any) -> None:
        for place in (case.path_parameters, case.body if isinstance(case.body, dict) else {}):
            for name in place.keys() & self.known.keys():
                place[name] = self.known[name]
        if "if-match" in case.headers:
            case.headers["if-match"] = f'"{next(self.versions)}"'

    def look_at(self, case: Any, response: Any) -> None:
        text = response.content.decode(errors="replace")
        if response.status_code >= 500:
            self.found.add(case, f"{response.status_code} {text[:500]}")
        elif response.status_code >= 400:
            if response.headers.get("content-type") != ["application/problem+json"]:
                self.found.add(case, f"{response.status_code} as {response.headers.get('content-type')}")
            said = INSIDE.search(re.sub(r'"instance":"[^"]*"', "", text))
            if said:
                self.found.add(case, f"says “{said.group()}”: {text[:500]}")
        if response.status_code != 429:
            try:
                self.documented[case.operation.label].validate_response(response)
            except (AssertionError, FailureGroup) as failure:
                self.found.add(
                    case, f"{response.status_code}: {getattr(failure, 'exceptions', [failure])[0]}"[:800]
                )


@pytest.mark.parametrize("service", SERVICES)
def test_whatever_is_asked_is_answered_well(
    service: str, stage: Stage, api: Gateway, known: dict[str, Any]
) -> None:
    document = api.call("GET", f"{service}/openapi.json").json()
    documented = {operation.label: operation for operation in operations_of(document)}
    fuzzer = Fuzzer(f"{stage.url}/api/{service}", api, known, documented)
    fuzzer.session.trust_env = False
    for operation in operations_of(lightened(document)):
        if operation.path != NOT_ROUTED:
            fuzzer.operation(operation)
    fuzzer.session.close()
    print(service, dict(sorted(fuzzer.found.statuses.items())))
    assert not fuzzer.found.wrong, fuzzer.found.report()
    assert fuzzer.found.statuses[200] > 20
    assert fuzzer.found.statuses[422] > 20
