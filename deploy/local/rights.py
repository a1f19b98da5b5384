"""`python -m deploy.local.rights write|check`: docs/rights.md, every route with the roles it answers, made of the
OpenAPI documents and the one table of roles."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy.local.services import SPECS
from services.registry.access.roles import GRANTABLE, HOLDABLE, ROLES, scopes_of
from shared.http.openapi import operations
from shared.http.openapi import scopes_of as scopes_of_operation
from shared.service import create_service_app

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path("docs/rights.md")

Documents = Mapping[str, dict[str, Any]]

ABSENT = "404"
OTHERS: dict[str, str] = {
    "add_function": "403 `foreign_body`",
    "add_mandate": "403 `foreign_body`",
    "adopt_function_register": "no others: the platform's",
    "adopt_standard": "403 `foreign_body`; 404 while nothing of it is public",
    "amend_submission": ABSENT,
    "answer_remark": ABSENT,
    "appoint_reviewer": "no others: the platform's",
    "approve_submission": ABSENT,
    "change_function": "403 `foreign_body`",
    "change_idea_draft": ABSENT,
    "change_method_draft": ABSENT,
    "change_service": "403 `foreign_body`; 404 while it is only proposed",
    "change_service_point": "403 `foreign_body`",
    "change_subscription": ABSENT,
    "change_webhook": ABSENT,
    "close_campaign": "403 `not_owner`; 404 while it is a draft",
    "close_service_point": "403 `foreign_body`",
    "complete_idea": ABSENT,
    "correct_act": "403 `foreign_act`",
    "correct_territory": "no others: the platform's",
    "create_api_key": ABSENT,
    "erase_person": "no others: the platform's",
    "edit_draft": "403 `foreign_body`; 404 while nothing of it is public",
    "end_mandate": "403 `foreign_body`",
    "end_membership": ABSENT,
    "end_session": ABSENT,
    "fulfil_reservation": ABSENT,
    "give_idea_contact": ABSENT,
    "give_verdict": ABSENT,
    "grant_membership": ABSENT,
    "ideas_market_withdraw_consent": ABSENT,
    "make_remark": ABSENT,
    "mark_inbox_entry_read": ABSENT,
    "monitoring_withdraw_consent": ABSENT,
    "notifications_withdraw_consent": ABSENT,
    "open_campaign": "403 `not_owner`; 404 while it is a draft",
    "publish_idea": ABSENT,
    "publish_method": ABSENT,
    "publish_run": "no others: runs are the platform's",
    "record_act_effect": "403 `foreign_act`",
    "record_calendar_decree": "no others: the platform's",
    "record_commission_decision": "no others: the platform's",
    "record_identifier": "403 `foreign_body`",
    "redeliver": ABSENT,
    "registry_withdraw_consent": ABSENT,
    "reject_submission": ABSENT,
    "remove_function": "403 `foreign_body`",
    "remove_idea_contact": ABSENT,
    "rename_organisation": "no others: the platform's",
    "repeal_standard": "403 `foreign_body`; 404 while nothing of it is public",
    "reserve_idea": "meant for others' ideas",
    "revoke_api_key": ABSENT,
    "revoke_invitation": ABSENT,
    "scoring_withdraw_consent": ABSENT,
    "submit_function_register": "no others: the platform's",
    "test_webhook": ABSENT,
    "unsubscribe": ABSENT,
    "withdraw_act_effect": "403 `foreign_act`",
    "withdraw_idea": ABSENT,
    "withdraw_reservation": ABSENT,
    "withdraw_submission": ABSENT,
}
"""Routes that change what an address names, and what they answer who acts for another organisation than its own.
A role `platform` administers every organisation."""


OTHERS_IN_BODY: dict[str, str] = {
    "draft_standard": "403 `foreign_body`",
    "invite": ABSENT,
    "record_territory_change": "403 `foreign_territory`",
    "submit_visit": "403 `not_owner`",
}
"""The same for routes whose body names a thing of another organisation."""


def documents() -> dict[str, dict[str, Any]]:
    """OpenAPI of each service; no database is opened."""
    return {
        spec.name: create_service_app(
            spec, spec.settings(database_url="postgresql://nowhere")
        ).runtime.document
        for spec in SPECS
    }


def changing(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Routes that change something: (path, method, operation)."""
    return (found for found in operations(document) if found[1] != "get")


def roles_with(scopes: list[str]) -> list[str]:
    """Roles that hold all of these scopes."""
    return [role for role in ROLES if set(scopes) <= set(scopes_of((role,)))]


def page(found: Documents) -> str:
    """The whole of docs/rights.md."""
    parts = [_HEAD, _roles(), *(_service(name, document) for name, document in found.items())]
    return "\n".join(parts)


_HEAD = """# Who may call what

Made by `make rights` of the services' OpenAPI documents and of
`services/registry/access/roles.py`; a test holds it against both, and another asks every route through the gateway.

A token names one acting organisation. Its roles are those its bearer holds there today, or those of the API key.
Routes check scopes, never roles. Without a token a guarded route answers 401, without its scope 403 naming the scope;
what another organisation keeps to itself is 404. When a membership, key or session ends, its tokens are refused by
every service within five seconds (401 `credential_revoked`).
"""


def _roles() -> str:
    rows = [
        f"| `{role}` | {_kinds(GRANTABLE, role)} | {_appointed(role)} | {_scopes(role)} |" for role in ROLES
    ]
    head = "| role | given by its own administrator at | given by the platform only at | scopes |\n|---|---|---|---|"
    return "\n".join(["## Roles\n", head, *rows, ""])


def _scopes(role: str) -> str:
    everywhere = scopes_of((role,))
    more = set(scopes_of((role,), "platform")) - set(everywhere)
    return _listed(everywhere) + (f"; at the platform also {_listed(sorted(more))}" if more else "")


def _kinds(table: Mapping[str, frozenset[str]], role: str) -> str:
    kinds = [kind for kind, roles in table.items() if role in roles]
    return "every kind" if len(kinds) == len(table) else ", ".join(sorted(kinds)) or "–"


def _appointed(role: str) -> str:
    only = {kind: HOLDABLE[kind] - GRANTABLE[kind] for kind in HOLDABLE}
    return _kinds(only, role)


def _listed(names: Any) -> str:
    return " ".join(f"`{name}`" for name in names) or "–"


def _service(name: str, document: dict[str, Any]) -> str:
    rows = [_route(path, method, operation) for path, method, operation in operations(document)]
    head = "| route | asks for | roles | others' |\n|---|---|---|---|"
    return "\n".join([f"## /api/{name}\n", head, *rows, ""])


def _route(path: str, method: str, operation: dict[str, Any]) -> str:
    scopes = scopes_of_operation(operation)
    if scopes is None:
        asked, roles = "nothing", "everybody"
    elif not scopes:
        asked, roles = "any token", "all"
    else:
        asked, roles = _listed(scopes), _listed(roles_with(scopes))
    others = {**OTHERS, **OTHERS_IN_BODY}.get(operation["operationId"], "–")
    return f"| {method.upper()} `{path}` | {asked} | {roles} | {others} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.rights", description=__doc__)
    parser.add_argument("action", choices=("write", "check"))
    wanted = page(documents())
    if parser.parse_args().action == "write":
        (ROOT / PAGE).write_text(wanted, encoding="utf-8")
    elif (ROOT / PAGE).read_text(encoding="utf-8") != wanted:
        sys.exit(f"{PAGE} differs from the routes or the roles: python -m deploy.local.rights write")


if __name__ == "__main__":
    main()
