"""Things of the demo's chain that changing routes are asked about: whose each is, and a change that could be made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from deploy.gateway.settings import SERVICES
from deploy.local.demo.steps.market import IDEA
from deploy.local.demo.steps.registry import ACT
from tests.end_to_end.stage import OSH, SINCE, Gateway

Json = dict[str, Any]
NOTHING = "00000000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Row:
    """`owner` is the code of the organisation it belongs to, None where it is the platform's or nobody's."""

    owner: str | None
    names: dict[str, str]
    body: Json | None = None
    own_refused: dict[str, str] = field(default_factory=dict)
    """Roles of the owner that have the scope and are refused all the same, with the code of the refusal."""
    once: bool = False
    """Who is let in first leaves nothing for the next."""

    def path(self, template: str) -> str:
        for name, value in self.names.items():
            template = template.replace(f"{{{name}}}", str(value))
        return template


Make = Callable[["World"], Row]


@dataclass(frozen=True)
class World:
    api: Gateway
    known: Json

    def organisation(self, code: str) -> Json:
        [found] = [it for it in self.api.items("registry/v1/organisations") if it["code"] == code]
        return dict(found)

    def post(self, path: str, role: str, organisation: str, body: Json, expected: int = 201) -> Json:
        headers = self.api.headers(role, organisation)
        made: Json = self.api.call("POST", path, headers=headers, json=body, expected=expected).json()
        return made


def _standard(body: Json) -> Make:
    return lambda world: Row("LSG", {"standard_id": world.known["standard_id"]}, body)


def _submission(body: Json | None = None, **refused: str) -> Make:
    return lambda world: Row(
        "osh-monitors", {"submission_id": world.known["submission_id"]}, body, dict(refused)
    )


def _idea(body: Json | None = None) -> Make:
    return lambda world: Row("osh-eldik", {"idea_id": world.known["idea_id"]}, body)


CONTACT = {"name": "Сыноо", "phone": "+996700000000", "text_version": "2026-11"}


def _contact(world: World) -> Row:
    idea = world.known["idea_id"]
    world.post(f"ideas_market/v1/ideas/{idea}/contact", "author", "osh-eldik", CONTACT)
    return Row("osh-eldik", {"idea_id": idea}, once=True)


def _person(world: World) -> Row:
    made = world.post("registry/v1/persons", "desk", "osh-eldik", {})
    return Row(None, {"person_id": made["id"]})


def _no_consent(_: World) -> Row:
    return Row(None, {"consent_id": NOTHING})


def _reservation(world: World) -> Row:
    return Row("demo-donor", {"reservation_id": world.known["reservation_id"]})


def _campaign(world: World) -> Row:
    return Row("osh-monitors", {"campaign_id": world.known["campaign_id"]})


def _draft_of_a_method(world: World) -> Row:
    """A published version is everybody's to read and nobody's to change, so a draft is made."""
    shown = world.api.call("GET", "scoring/v1/methods/sji25/versions/1").json()
    code = f"rights_{uuid4().hex[:8]}"
    body = {"code": code, "definition": shown["definition"]}
    made = world.post("scoring/v1/methods", "analyst", "demo-analysts", body)
    return Row("demo-analysts", {"code": code, "number": made["number"]}, shown["definition"])


def _membership(world: World) -> Row:
    home = world.organisation("osh-eldik")["id"]
    grant = {"role": "author", "valid_from": str(SINCE)}
    path = f"registry/v1/organisations/{home}/memberships"
    made = world.post(path, "administrator", "osh-eldik", grant)
    return Row("osh-eldik", {"membership_id": made["id"]}, {"valid_to": str(SINCE)})


def _key(world: World) -> Row:
    home = world.organisation("osh-eldik")["id"]
    path = f"registry/v1/organisations/{home}/api-keys"
    made = world.post(path, "administrator", "osh-eldik", {"label": "rights", "roles": ["author"]})
    return Row("osh-eldik", {"key_id": made["id"]})


def _invitation(world: World) -> Row:
    home = world.organisation("osh-eldik")["id"]
    draft = {"organisation_id": home, "role": "author", "valid_from": str(SINCE)}
    made = world.post("registry/v1/invitations", "administrator", "osh-eldik", draft)
    return Row("osh-eldik", {"invitation_id": made["id"]})


def _at_home(body: Json) -> Make:
    return lambda world: Row("osh-eldik", {"organisation_id": world.organisation("osh-eldik")["id"]}, body)


def _subscription(world: World) -> Row:
    body = {"event_types": ["ideas_market.idea.published.v1"]}
    return Row("demo-donor", {"subscription_id": world.known["subscription_id"]}, body)


def _webhook(body: Json | None = None) -> Make:
    return lambda world: Row("demo-donor", {"webhook_id": world.known["webhook_id"]}, body)


def _delivery(world: World) -> Row:
    path = f"notifications/v1/webhooks/{world.known['webhook_id']}/deliveries"
    return Row("demo-donor", {"delivery_id": world.api.items(path, "donor")[0]["id"]})


def _inbox_entry(world: World) -> Row:
    return Row("demo-donor", {"entry_id": world.api.items("notifications/v1/inbox", "donor")[0]["id"]})


MANDATE: Json = {"text": {"ky": "Милдет", "ru": "Задача"}, "act": ACT, "valid_from": str(SINCE)}


def _mandate(world: World) -> Row:
    made = world.post("registry/v1/bodies/LSG/mandates", "registrar", "LSG", MANDATE)
    return Row("LSG", {"code": "LSG", "mandate_id": made["mandates"][-1]["id"]}, {"valid_to": "2030-01-01"})


FUNCTION: Json = {"body": "LSG", "name": {"ky": "Милдет", "ru": "Функция"}, "level": "municipal"}


def _register(world: World) -> int:
    """The open version of the register of functions."""
    found = world.api.items("registry/v1/function-registers", "platform")
    still_open = [it["number"] for it in found if it["status"] != "adopted"]
    if still_open:
        return int(still_open[0])
    return int(world.post("registry/v1/function-registers", "platform", "ashar", {})["number"])


def _function(body: Json | None = None) -> Make:
    def make(world: World) -> Row:
        number = _register(world)
        made = world.post(
            f"registry/v1/function-registers/{number}/functions",
            "registrar",
            "LSG",
            FUNCTION | {"code": uuid4().hex},
        )
        return Row("LSG", {"number": str(number), "function_id": made["id"]}, body)

    return make


def _act(body: Json) -> Make:
    def made(world: World) -> Row:
        act = ACT | {"number": f"rights-{uuid4().hex[:8]}"}
        recorded = world.post("registry/v1/acts", "adopter", "LSG", act)
        return Row("LSG", {"act_id": recorded["id"], "effect_id": NOTHING}, body)

    return made


POINT = {"kind": "office", "name": {"ky": "Сыноо жайы", "ru": "Проверочный пункт"}}


def _point(body: Json) -> Make:
    def made(world: World) -> Row:
        draft = POINT | {"code": f"rights-{uuid4().hex[:8]}"}
        recorded = world.post("registry/v1/service-points", "registrar", "LSG", draft)
        return Row("LSG", {"point_id": recorded["id"]}, body)

    return made


def _reviewed(world: World, body: Json) -> Row:
    """Asked by reviewers whom nobody has appointed to the round."""
    review = world.api.items("registry/v1/reviews")[0]["id"]
    return Row(None, {"review_id": review, "standard_id": world.known["standard_id"]}, body)


ROWS: dict[str, Make] = {
    "add_function": lambda world: Row(
        "LSG", {"number": str(_register(world))}, FUNCTION | {"code": uuid4().hex}
    ),
    "change_function": _function({}),
    "remove_function": _function(),
    "submit_function_register": lambda world: Row(None, {"number": str(_register(world))}),
    "adopt_function_register": lambda world: Row(
        None, {"number": str(_register(world))}, {"act": ACT, "valid_from": str(SINCE)}
    ),
    "record_commission_decision": lambda world: Row(
        None,
        {"number": str(_register(world))},
        {"function_id": NOTHING, "decision": "keep", "number": "1", "decided_on": str(SINCE)},
    ),
    "add_mandate": lambda _: Row("LSG", {"code": "LSG"}, MANDATE),
    "end_mandate": _mandate,
    "record_identifier": lambda _: Row(
        "LSG", {"code": "LSG"}, {"scheme": "okpo", "value": "00000000", "source": "test"}
    ),
    "change_service_point": _point(POINT),
    "close_service_point": _point({"closed_on": "2030-01-01"}),
    "correct_act": _act({"status_note": "проверено"}),
    "record_act_effect": _act({"kind": "amends", "target_id": NOTHING}),
    "withdraw_act_effect": _act({"reason": "ошибка"}),
    "adopt_standard": _standard({"act": ACT, "valid_from": str(SINCE)}),
    "edit_draft": _standard({}),
    "repeal_standard": _standard({"act": ACT, "valid_to": "2030-01-01"}),
    "change_service": lambda world: Row(
        "LSG", {"service_id": world.known["service_id"]}, {"sector": "governance"}
    ),
    "amend_submission": _submission({}, desk="not_your_visit"),
    "approve_submission": _submission(),
    "reject_submission": _submission({"reason": "duplicate"}),
    "withdraw_submission": _submission({"reason": "duplicate"}),
    "open_campaign": _campaign,
    "close_campaign": _campaign,
    "change_method_draft": _draft_of_a_method,
    "publish_method": _draft_of_a_method,
    "change_idea_draft": _idea(dict(IDEA)),
    "publish_idea": _idea(),
    "withdraw_idea": _idea(),
    "complete_idea": _idea(),
    "reserve_idea": _idea({"pledge": {"amount": "1.00", "currency": "KGS"}}),
    "fulfil_reservation": _reservation,
    "withdraw_reservation": _reservation,
    "end_membership": _membership,
    "grant_membership": _at_home({"role": "author", "valid_from": str(SINCE)}),
    "create_api_key": _at_home({"label": "rights", "roles": ["author"]}),
    "revoke_api_key": _key,
    "revoke_invitation": _invitation,
    "change_subscription": _subscription,
    "change_webhook": _webhook({"active": True}),
    "test_webhook": _webhook(),
    "redeliver": _delivery,
    "mark_inbox_entry_read": _inbox_entry,
    "draft_standard": lambda world: Row(None, {}, {"service_id": world.known["service_id"]}),
    "invite": lambda world: Row(
        None,
        {},
        {
            "organisation_id": world.organisation("osh-eldik")["id"],
            "role": "author",
            "valid_from": str(SINCE),
        },
    ),
    "record_territory_change": lambda _: Row(
        None,
        {},
        {
            "kind": "transfer",
            "happened_on": str(SINCE),
            "act": ACT,
            "predecessors": [OSH],
            "successors": [{"code": OSH, "parent_code": OSH}],
        },
    ),
    "submit_visit": lambda world: Row(
        None,
        {},
        {
            "campaign_id": world.known["campaign_id"],
            "municipality_code": OSH,
            "service_id": world.known["service_id"],
            "applied_on": "2026-03-02",
        },
    ),
    "give_idea_contact": _idea(CONTACT),
    "remove_idea_contact": _contact,
    "unsubscribe": _subscription,
    "erase_person": _person,
    **{f"{service}_withdraw_consent": _no_consent for service in SERVICES},
    "end_session": lambda _: Row(None, {"session_id": NOTHING}),
    "appoint_reviewer": lambda world: Row(
        None,
        {"review_id": world.api.items("registry/v1/reviews")[0]["id"]},
        {"membership_id": NOTHING},
    ),
    "make_remark": lambda world: _reviewed(world, {"row": "result", "text": {"ru": "Неясно"}}),
    "give_verdict": lambda world: _reviewed(world, {"opinion": "approve"}),
    "answer_remark": lambda world: Row(
        None,
        {"review_id": world.api.items("registry/v1/reviews")[0]["id"], "remark_id": NOTHING},
        {"text": {"ru": "Исправлено"}},
    ),
    "rename_organisation": lambda world: Row(
        None, {"organisation_id": world.organisation("osh-eldik")["id"]}, {"name": {"ky": "Э", "ru": "Э"}}
    ),
    "correct_territory": lambda _: Row(None, {"code": OSH}, {}),
    "record_calendar_decree": lambda _: Row(None, {"year": "2026"}, {"act": ACT}),
    "publish_run": lambda world: Row(None, {"run_id": world.known["run_id"]}),
}
"""By operation; a new route with a name in its path stands here as well as in the page of rights."""
