"""Every field a client can fill with words of their own is known: it is sealed with the personal data, or it is a text
an organisation publishes under its own name."""

from collections.abc import Iterator
from typing import Any

from shared.http.openapi import operations
from tests.architecture.tree import EACH_SERVICE

Documents = dict[str, dict[str, Any]]

PERSONAL = {
    ("registry", "create_api_key", "label"),
    ("monitoring", "submit_visit", "note"),
    ("monitoring", "submit_visit", "documents_asked"),
    ("monitoring", "amend_submission", "note"),
    ("monitoring", "amend_submission", "documents_asked"),
    ("monitoring", "reject_submission", "comment"),
    ("monitoring", "withdraw_submission", "comment"),
    ("ideas_market", "reserve_idea", "message"),
    ("ideas_market", "give_idea_contact", "name"),
    ("ideas_market", "give_idea_contact", "email"),
    ("ideas_market", "give_idea_contact", "phone"),
    ("notifications", "give_email", "email"),
    ("notifications", "give_phone", "phone"),
    ("notifications", "add_webhook", "url"),
}
"""Forgotten with the person who wrote them or whom they reach (an organisation's address for webhooks is its own);
tests/end_to_end/test_erasure.py plants somebody in each."""
CREDENTIALS = {
    "issue_token": {
        "api_key", "client_id", "client_secret", "nonce", "refresh_token", "scope", "subject_token",
    },
    "accept_invitation": {"code"},
}  # fmt: skip
"""Compared, never kept."""
SHORT = 60
"""Codes, versions and the like are shorter."""


def free_texts(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(operation, field) of request bodies that take words."""
    for _, _, operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for field, schema in _properties(document, content["schema"]).items():
                if _takes_words(document, schema, set()):
                    yield operation["operationId"], field


def _properties(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _resolved(document, schema).get("properties", {})
    return found


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["schemas"][name] if name else schema
    return found


def _takes_words(document: dict[str, Any], schema: dict[str, Any], seen: set[str]) -> bool:
    if "$ref" in schema:
        if schema["$ref"] in seen:
            return False
        seen = seen | {schema["$ref"]}
    node = _resolved(document, schema)
    if node.get("type") == "string":
        coded = "enum" in node or "const" in node or "format" in node
        return not coded and (
            "pattern" not in node or "@" in node["pattern"] or node.get("maxLength", 0) > SHORT
        )
    parts = [*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]
    parts += [node["items"]] if "items" in node else []
    parts += list(node.get("properties", {}).values())
    if isinstance(node.get("additionalProperties"), dict):
        parts.append(node["additionalProperties"])
    return any(_takes_words(document, part, seen) for part in parts)


PUBLISHING = {
    "registry": {
        "add_function", "add_mandate", "adopt_function_register", "adopt_standard", "adopt_together", "answer_remark", "change_function", "change_service", "change_service_point", "correct_act", "correct_territory", "draft_standard", "edit_draft", "make_remark", "open_review", "propose_service", "record_act", "record_act_effect", "record_adoption_rule", "record_calendar_decree", "record_classifier_edition", "record_commission_decision", "record_identifier", "record_reorganisation", "record_service_point", "record_template_version", "record_territory", "record_territory_change", "register_organisation", "rename_organisation", "repeal_standard", "withdraw_act_effect",
    },
    "monitoring": {"draft_campaign"},
    "scoring": {"change_method_draft", "draft_method"},
    "ideas_market": {"draft_idea", "change_idea_draft"},
    "notifications": set(),
}  # fmt: skip
"""Operations whose other texts everybody reads, in the name of an organisation. Those of ideas, which people write, take
no telephone numbers and addresses."""
CHECKED_OTHERWISE = {"fees_paid", "pledge", "event_types"}
"""Amounts as decimal text, and names from a list."""


@EACH_SERVICE
def test_every_free_text_is_declared(service: str, documents: Documents) -> None:
    found = {
        (service, operation, field)
        for operation, field in free_texts(documents[service])
        if field not in CREDENTIALS.get(operation, ())
        and operation not in PUBLISHING[service]
        and field not in CHECKED_OTHERWISE
    }
    known = {one for one in PERSONAL if one[0] == service}
    assert found - known == set(), "is it personal data? See services/*/people/kinds.py"
    assert known - found - WELL_FORMED == set(), "no such field any more"


WELL_FORMED = {("ideas_market", "give_idea_contact", "phone"), ("notifications", "give_phone", "phone")}
"""Personal, though not in words of one's own."""


def test_publishing_operations_exist(documents: Documents) -> None:
    for service, names in PUBLISHING.items():
        assert names <= {operation["operationId"] for _, _, operation in operations(documents[service])}
