"""What each OpenAPI document promises: stable ids, problem responses, links and inputs fit for X-Road."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.gateway.settings import SERVICES
from shared.http.openapi import METHODS, operations
from tests.architecture.tree import EACH_SERVICE

Documents = dict[str, dict[str, Any]]
Operation = dict[str, Any]
PROBLEM = "application/problem+json"

CREATES_NOTHING = {"issue_token"}
"""POSTs that answer 200 or 201 without the unit of work: repeating one is harmless."""
FIXED_CODES = {"open_run", "import_observations"}
"""POSTs that answer 200 where what was asked for is there already, 201 where it was made."""


def parameters(operation: Operation, place: str) -> dict[str, Operation]:
    return {found["name"]: found for found in operation.get("parameters", ()) if found["in"] == place}


def test_operation_ids_are_unique_on_the_platform(documents: Documents) -> None:
    """Clients are generated from several documents into one package."""
    ids = Counter(found["operationId"] for name in documents for _, _, found in operations(documents[name]))
    assert [name for name, count in ids.items() if count > 1] == []
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in ids)


@EACH_SERVICE
def test_operations_are_described(service: str, documents: Documents) -> None:
    for path, method, operation in operations(documents[service]):
        assert operation.get("summary"), f"{method} {path}"
        assert operation.get("tags"), f"{method} {path}"


@EACH_SERVICE
def test_problems_are_documented(service: str, documents: Documents) -> None:
    """Each operation: a body for every error, 401 and 403 where a token is needed, 404 where something is named,
    412 and 428 where a version is, 422 where there is input."""
    for path, method, operation in operations(documents[service]):
        place = f"{method.upper()} {path}"
        responses = operation["responses"]
        for status, response in responses.items():
            if status == "default" or int(status) >= 400:
                assert list(response["content"]) == [PROBLEM], f"{place} {status}"
                assert response["description"], f"{place} {status}"
        wanted = {"default"} | set(expected(path, operation))
        assert responses.keys() >= wanted, f"{place}: not documented: {wanted - responses.keys()}"


def expected(path: str, operation: Operation) -> Iterator[str]:
    if operation["security"]:
        yield from ("401", "403")
    if "{" in path and not path.startswith("/v1/calendar/"):  # every year has a calendar
        yield "404"
    if "if-match" in parameters(operation, "header"):
        yield from ("412", "428")
    if parameters(operation, "query") or parameters(operation, "path"):
        yield "422"


@EACH_SERVICE
def test_successes_are_documented(service: str, documents: Documents) -> None:
    for path, method, operation in operations(documents[service]):
        found = [status for status in operation["responses"] if status.startswith("2")]
        assert len(found) == 1 or operation["operationId"] in FIXED_CODES, f"{method} {path}: {found}"
        assert not [
            status for status in operation["responses"] if status.startswith("3") and status != "304"
        ], "no redirects"


@EACH_SERVICE
def test_inputs_are_bounded_objects(service: str, documents: Documents) -> None:
    """A body is an object whose unknown fields are refused; a text has a length."""
    document = documents[service]
    for path, method, operation in operations(document):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if kind != "application/json":
                continue
            schema = resolve(document, content["schema"])
            assert schema["additionalProperties"] is False, f"{method} {path}"
        for name, parameter in parameters(operation, "query").items():
            assert not list(boundless(parameter["schema"])), f"{method} {path} ?{name}"


def boundless(schema: Operation) -> Iterator[Operation]:
    """Texts of any length. A decimal number may be written as one."""
    branches = schema.get("anyOf", [schema])
    if any(branch.get("type") == "number" for branch in branches):
        return
    for branch in branches:
        if branch.get("type") == "string" and not {"enum", "format", "maxLength", "pattern"} & branch.keys():
            yield branch


def resolve(document: dict[str, Any], schema: Operation) -> Operation:
    found: Operation = schema
    while "$ref" in found:
        found = document["components"]["schemas"][found["$ref"].rpartition("/")[2]]
    return found


@EACH_SERVICE
def test_creating_posts_take_an_idempotency_key(service: str, documents: Documents) -> None:
    for path, method, operation in operations(documents[service]):
        if method == "post" and operation["operationId"] not in CREATES_NOTHING:
            assert "idempotency-key" in parameters(operation, "header"), path


@EACH_SERVICE
def test_changes_of_a_named_thing_take_its_version(service: str, documents: Documents) -> None:
    for path, method, operation in operations(documents[service]):
        if method in {"put", "patch"}:
            assert "if-match" in parameters(operation, "header"), f"{method} {path}"


@EACH_SERVICE
def test_lists_are_pages(service: str, documents: Documents) -> None:
    """`limit` and `cursor` come together, the cursor is opaque, and there is no other way to page."""
    for path, method, operation in operations(documents[service]):
        found = parameters(operation, "query")
        assert ("cursor" in found) == ("limit" in found and "after" not in found), f"{method} {path}"
        assert not {"offset", "page", "page_size", "skip"} & found.keys(), f"{method} {path}"
        if "cursor" in found:
            assert found["limit"]["schema"]["maximum"] == 200, f"{method} {path}"


@pytest.mark.parametrize("service", SERVICES)
def test_addresses_are_relative(service: str, documents: Documents) -> None:
    """X-Road rewrites the host: a document names no server but a path, and no address of a machine."""
    document = documents[service]
    assert document["servers"] == [{"url": f"/api/{service}"}]
    assert not re.findall(r"https?://(?:localhost|127\.|0\.0\.0\.0)[^\"]*", str(document))
    for path in document["paths"]:
        assert path.startswith("/v1/") or path in {"/healthz", "/readyz", "/version", "/metrics"}, path
        assert path == path.lower() or "{" in path, path
        assert not path.endswith("/"), path


def test_all_methods_are_known(documents: Documents) -> None:
    for document in documents.values():
        used = {method for item in document["paths"].values() for method in item}
        assert used <= METHODS
