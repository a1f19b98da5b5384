"""No query without whose rows are meant: repositories ask for what only a principal gives."""

import ast
import re
from collections.abc import Iterator

from deploy.local.services import SPECS
from tests.architecture.tree import Module, called, modules

OWNERS = {"organisation_id", "owner_id", "addressee_id", "donor_id", "person_id"}
"""Columns that say whose a row is."""
GIVEN_BY_A_PRINCIPAL = {"Acting", "Actor", "Administered", "Reach"}
MADE_IN = {
    "Acting": {"shared/auth/principal.py"},
    "Actor": {"shared/auth/principal.py"},
    "Administered": {"services/registry/access/scope.py"},
    "Reach": {"services/monitoring/oversight/service.py"},
}
UNSCOPED = {
    # what an address or a secret names, before it is known who may
    "registry/access home_of_key": "whose it is, so that its administrator can be asked for",
    "registry/access home_of_membership": "whose it is, so that its administrator can be asked for",
    "registry/invitations organisation_of": "whose it is, so that its administrator can be asked for",
    "registry/access key_by_prefix": "the key is the credential",
    "registry/access mark_used": "the key that was just shown",
    "registry/invitations lock_by_code": "the code is the credential",
    "registry/sessions lock_token": "the token is the credential",
    "registry/sessions end_stolen": "the token is the credential",
    "registry/sign_in person_of": "the ID token is the credential",
    # rows that the caller's transaction locked within its scope, named by their id
    "ideas_market/ideas change": "locked before as one's own",
    "ideas_market/ideas publish": "locked before as one's own",
    "ideas_market/ideas set_state": "locked before",
    "ideas_market/interest end": "locked before",
    "ideas_market/interest lock": "of a reservation whose idea `idea_of` found for the party",
    "monitoring/campaigns set_state": "locked before as one's own",
    "monitoring/submissions save": "locked before as one's own",
    "notifications/subscriptions change": "locked before as one's own",
    "scoring/methods change_draft": "locked before as one's own",
    "scoring/methods publish": "locked before as one's own",
    "notifications/webhooks set_active": "locked before as one's own",
    "registry/access end_membership": "locked before as one's own",
    "registry/access revoke_key": "locked before as one's own",
    "registry/invitations mark_accepted": "locked before by its code",
    "registry/sessions mark_used": "locked before by its token",
    "ideas_market/contacts holder": "of an idea the use case has let the caller at",
    "notifications/subscriptions delete": "locked before as one's own",
    # meant for others' rows
    "ideas_market/ideas lock": "a donor reserves others' ideas",
    "monitoring/campaigns lock": "told apart by the use case: 404 as a draft, 403 once it is public",
    "monitoring/submissions intake": "campaigns that a monitor may or may not work for: the use case says which",
    "ideas_market/search latest": "its filters name the viewer; others see what is published",
    "ideas_market/search unknown": "words of published ideas",
    # published for everybody
    "registry/reviews reviewers": "numbers and organisations of a round's reviewers, without persons",
    "scoring/methods published": "published versions",
    "scoring/methods published_as": "published versions",
    "scoring/observations import_of": "what an import did is public",
    "scoring/runs lock_live": "runs are everybody's to read; their method is published",
    "scoring/runs lock_live_of": "runs are everybody's to read; their method is published",
    "scoring/runs lock_live_on": "runs are everybody's to read; their method is published",
    "scoring/runs lock_live_with": "runs are everybody's to read; their method is published",
    "scoring/runs run": "runs are everybody's to read; their method is published",
    "scoring/runs runs": "runs are everybody's to read; their method is published",
    # the platform's own work: events, timers, what follows of a change
    "ideas_market/contacts disclose": "follows a change of the idea's reservations",
    "ideas_market/interest lock_overdue": "timer",
    "ideas_market/search outdated": "names of places or the form of the search changed",
    "ideas_market/search index": "names of places or the form of the search changed",
    "monitoring/findings add": "findings follow their visit",
    "monitoring/findings any_provisional": "timer",
    "monitoring/findings escalate": "timer",
    "monitoring/findings move_due": "timer",
    "monitoring/findings of_submission": "findings follow their visit",
    "monitoring/findings provisional": "timer",
    "monitoring/findings reopen": "findings follow their visit",
    "monitoring/findings unanswered": "timer",
    "monitoring/findings withdraw": "findings follow their visit",
    "monitoring/submissions due": "timer",
    "monitoring/submissions mark_service": "a standard changed",
    "monitoring/submissions mark_year": "a decree changed the calendar",
    "monitoring/submissions postpone": "timer",
    "monitoring/submissions subject": "findings follow their visit",
    "notifications/subscriptions matching": "who is to be told of an event",
    "notifications/webhooks pending": "timer",
    "notifications/webhooks receivers_of": "who is to be told of an event",
    "registry/access made_by_the_dismissed": "a key is shown: whether who made it may still give rights",
    "registry/access revoke_keys_that_give": "a role or a key has ended, and what was made with it ends too",
    "registry/access memberships_of_person": "the development login",
    "registry/access overseeing": "what others are told of organisations, without persons",
    "registry/invitations roles_of_giver": "what who invited may give today",
    "registry/reviews appoint": "the platform appoints, in a round it has locked",
    "registry/reviews reviewing": "the platform appoints by a membership it names",
    "registry/reviews count_appointments": "an erasure",
    "registry/people blank_key_labels": "an erasure",
    "registry/people complete": "an erasure, as the services report it",
    "registry/people count_invitations": "an erasure",
    "registry/people count_memberships": "an erasure",
    "registry/people delete_identities": "an erasure",
    "registry/people end_memberships": "an erasure",
    "registry/people erasure": "its random id is the receipt: whoever asked can sign in no more",
    "registry/people erasure_of": "an erasure",
    "registry/people keep_answer": "an erasure, as the services report it",
    "registry/sessions forget_person": "an erasure",
    "registry/sessions forget_sessions": "timer",
}
"""Queries on rows that somebody owns which take nothing of a principal's, each with its reason."""


def owned_tables() -> set[str]:
    """Tables with a column that says whose a row is, copies of the registry left out."""
    return {
        table.name
        for spec in SPECS
        for table in spec.metadata.tables.values()
        if OWNERS & set(table.columns.keys()) and not table.name.startswith("known_")
    }


def repositories() -> Iterator[Module]:
    return (module for module in modules("services") if module.path.name.endswith("repository.py"))


def text_of(module: Module, function: ast.AsyncFunctionDef) -> str:
    """The function with every constant and private function of the module it builds its SQL of."""
    parts = {
        target.id: node
        for node in module.tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    } | {node.name: node for node in module.tree.body if isinstance(node, ast.FunctionDef)}
    seen: set[str] = set()
    left: list[ast.AST] = [function]
    whole = []
    while left:
        node = left.pop()
        whole.append(ast.unparse(node))
        for name in {found.id for found in ast.walk(node) if isinstance(found, ast.Name)} & parts.keys():
            if name not in seen:
                seen.add(name)
                left.append(parts[name])
    return "\n".join(whole)


def queries() -> Iterator[tuple[str, str, ast.AsyncFunctionDef]]:
    """(name, where, function) of public functions that read or change rows somebody owns."""
    tables = "|".join(sorted(owned_tables()))
    reads = re.compile(rf"\b(?:FROM|JOIN|UPDATE)\s+(?:{tables})\b")
    for module in repositories():
        service, feature = module.path.parts[1:3]
        for node in module.tree.body:
            if not isinstance(node, ast.AsyncFunctionDef) or node.name.startswith("_"):
                continue
            if reads.search(text_of(module, node).replace("\\n", " ")):
                yield f"{service}/{feature} {node.name}", module.at(node), node


def scoped(function: ast.AsyncFunctionDef) -> bool:
    arguments = [*function.args.args, *function.args.kwonlyargs]
    named = {
        found.id
        for argument in arguments
        if argument.annotation is not None
        for found in ast.walk(argument.annotation)
        if isinstance(found, ast.Name)
    }
    return bool(named & GIVEN_BY_A_PRINCIPAL)


def test_every_query_of_owned_rows_asks_for_a_principals_word() -> None:
    found = list(queries())
    open_ones = {name: where for name, where, function in found if not scoped(function)}
    assert {name: where for name, where in open_ones.items() if name not in UNSCOPED} == {}
    assert UNSCOPED.keys() - open_ones.keys() == set(), "scoped by now, or gone"
    assert len(found) - len(open_ones) > 20


def test_owned_tables_are_found() -> None:
    assert {
        "finding",
        "submission",
        "idea",
        "reservation",
        "membership",
        "api_key",
        "inbox_entry",
    } <= owned_tables()


def test_only_a_principal_gives_its_word() -> None:
    """Nobody makes up an organisation to act for."""
    for module in modules("services", "shared"):
        for node in module.nodes:
            if isinstance(node, ast.Call) and called(node) in MADE_IN:
                assert str(module.path) in MADE_IN[called(node)], module.at(node)
