"""Who may call what, read from the documents: every route says it, and every scope can be granted."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.local.rights import OTHERS, PAGE, changing, page
from services.monitoring.oversight.domain import OVERSEE
from services.registry.access.roles import EVERYONE, GRANTABLE, HOLDABLE, ROLES, scopes_of
from shared.audit.trail import EVERYBODYS
from shared.http.openapi import operations
from shared.http.openapi import scopes_of as scopes_of_operation
from shared.messaging.changes import INTERNAL_SCOPE
from tests.architecture.tree import EACH_SERVICE, ROOT, modules

Documents = dict[str, dict[str, Any]]

PUBLIC_WRITES = {"issue_token"}
"""The token endpoint is how a caller becomes somebody."""
RESERVED = {
    "ideas:calls:write": "calls for ideas: the market in depth",
    "ideas:ideas:evaluate": "expert evaluation of ideas: the market in depth",
    "ideas:ideas:moderate": "moderation before publication: the market in depth",
    "monitoring:findings:answer": "the authority's answer to a finding: Monitoring",
}
"""Scopes that roles already hold and no route asks for yet, with the part that brings the route."""
CHECKED_IN_CODE = {
    INTERNAL_SCOPE,
    OVERSEE,
    EVERYBODYS,
    "monitoring:submissions:delegate",
    "ideas:ideas:delegate",
}
"""Widen what a route shows, or let somebody enter what another said, instead of opening a route."""
OF_THE_KIT = {"audit:read", "people:consents:write"}
"""Asked for by routes that every service has."""
ANY_TOKEN = {
    "list_reservations", "get_reservation", "get_idea_contact", "get_me", "list_sessions",
    "list_reviewed_drafts", "get_reviewed_draft",
}  # fmt: skip
"""Routes that ask for a token and no scope, beside the jobs of the kit: both sides of a reservation read it, reviewers
and the body read a draft under review, and everybody reads what concerns themselves."""


def declared(document: dict[str, Any]) -> Iterator[tuple[str, str, str, list[str] | None]]:
    """(path, method, operation id, scopes) of each operation."""
    for path, method, operation in operations(document):
        yield path, method, operation["operationId"], scopes_of_operation(operation)


@EACH_SERVICE
def test_every_operation_says_who_may_call_it(service: str, documents: Documents) -> None:
    for path, method, operation in operations(documents[service]):
        public, security = operation.get("x-public"), operation.get("security")
        assert (public is True and security == []) or (public is None and security), f"{method} {path}"


@EACH_SERVICE
def test_nothing_changes_without_a_scope(service: str, documents: Documents) -> None:
    for path, method, name, scopes in declared(documents[service]):
        if method != "get" and name not in PUBLIC_WRITES:
            assert scopes, f"{method.upper()} {path} can be called by anybody"


@EACH_SERVICE
def test_any_token_is_enough_only_where_it_is_meant(service: str, documents: Documents) -> None:
    found = {name for _, _, name, scopes in declared(documents[service]) if scopes == []}
    assert found - {f"{service}_get_job"} <= ANY_TOKEN


@EACH_SERVICE
def test_an_operation_asks_for_one_scope_of_its_service(service: str, documents: Documents) -> None:
    prefix = "ideas" if service == "ideas_market" else service
    for path, method, _, scopes in declared(documents[service]):
        assert len(scopes or ()) <= 1, f"{method} {path}"
        for scope in scopes or ():
            known = scope in OF_THE_KIT or re.fullmatch(rf"{prefix}:[a-z-]+:[a-z]+", scope)
            assert known, f"{method} {path}: {scope}"


def used(documents: Documents) -> set[str]:
    return {
        scope
        for document in documents.values()
        for _, _, _, scopes in declared(document)
        for scope in scopes or ()
    }


def granted() -> set[str]:
    return {scope for role in ROLES for scope in scopes_of((role,))}


def test_every_scope_asked_for_can_be_granted(documents: Documents) -> None:
    assert used(documents) - granted() == set()


def test_every_scope_granted_is_asked_for_or_reserved(documents: Documents) -> None:
    assert granted() - used(documents) == RESERVED.keys() | CHECKED_IN_CODE
    assert not used(documents) & RESERVED.keys(), "a route asks for it now: it is reserved no more"


def test_the_page_of_rights_is_current(documents: Documents) -> None:
    written = (ROOT / PAGE).read_text(encoding="utf-8")
    assert written == page(documents), "python -m deploy.local.rights write"


def test_what_changes_a_thing_says_what_others_are_answered(documents: Documents) -> None:
    """A new route with a name in its path stands in the table, and with it in the tests through the gateway."""
    named = {
        operation["operationId"]
        for document in documents.values()
        for path, _, operation in changing(document)
        if "{" in path
    }
    assert named == OTHERS.keys()


def test_scopes_named_in_code_exist() -> None:
    """`principal.may("…")` and `require([...])` with a scope nobody can hold would always be false."""
    pattern = re.compile(r"(registry|monitoring|scoring|ideas|notifications):[a-z-]+:[a-z]+")
    for module in modules("services", "shared"):
        for node in module.nodes:
            if isinstance(node, ast.Constant) and pattern.fullmatch(str(node.value)):
                assert node.value in granted(), module.at(node)


def test_roles_of_the_platform_are_roles() -> None:
    assert set(ROLES) == set().union(*HOLDABLE.values()), "every role can be held somewhere, and no other"
    assert HOLDABLE.keys() == GRANTABLE.keys()
    for kind, grantable in GRANTABLE.items():
        assert grantable <= HOLDABLE[kind]
        assert ("platform" in HOLDABLE[kind]) == (kind == "platform")
    assert scopes_of(("operator",)) == (), "runs containers, sees no content"
    assert set(scopes_of(("resident",))) == set(EVERYONE)
    with pytest.raises(KeyError):
        scopes_of(("unknown",))
