"""The one table that maps roles to scopes. A role is held at an organisation; its scopes act within it."""

from shared.audit.trail import EVERYBODYS

EVERYONE = (
    "notifications:contacts:write",
    "notifications:inbox:read",
    "notifications:subscriptions:write",
    "people:consents:write",
    "registry:invitations:accept",
    "registry:self:erase",
    "registry:sessions:write",
)
"""What everybody may do who acts as themselves or as a member of an organisation."""

WHOLE_TRAIL = EVERYBODYS
"""The platform's own auditor reads what anybody did; an auditor of another organisation, what was done for it."""

ROLES: dict[str, tuple[str, ...]] = {
    # of the platform
    "platform": (
        "registry:organisations:write",
        "registry:memberships:write",
        "registry:keys:write",
        "registry:territories:write",
        "registry:territories:change",
        "registry:bodies:write",
        "registry:bodies:reorganise",
        "registry:functions:write",
        "registry:functions:decide",
        "registry:calendar:write",
        "registry:acts:write",
        "registry:templates:write",
        "registry:adoption-rules:write",
        "registry:reviews:write",
        "registry:persons:erase",
        "audit:read",
        WHOLE_TRAIL,
    ),
    "operator": (),
    "auditor": ("audit:read",),
    # of a body or any other organisation
    "administrator": ("registry:memberships:write", "registry:keys:write"),
    "registrar": (
        "registry:services:write",
        "registry:standards:draft",
        "registry:territories:change",
        "registry:bodies:write",
        "registry:functions:write",
    ),
    "adopter": ("registry:standards:draft", "registry:standards:adopt", "registry:acts:write"),
    "respondent": ("monitoring:findings:read", "monitoring:findings:answer"),
    "reviewer": ("registry:standards:review",),
    # of monitoring
    "monitor": ("monitoring:submissions:read", "monitoring:submissions:write"),
    "coordinator": (
        "monitoring:campaigns:write",
        "monitoring:submissions:read",
        "monitoring:submissions:write",
        "monitoring:submissions:review",
        "monitoring:findings:read",
    ),
    # of the index
    "analyst": ("scoring:methods:write", "scoring:observations:write", "scoring:runs:publish"),
    # of the market
    "author": ("ideas:ideas:write",),
    "moderator": ("ideas:ideas:moderate",),
    "evaluator": ("ideas:ideas:evaluate",),
    "customer": ("ideas:calls:write",),
    "donor": ("ideas:reservations:write",),
    # of a territory
    "municipality": ("scoring:observations:write", "monitoring:findings:read"),
    "desk": (
        "ideas:ideas:write",
        "ideas:ideas:delegate",
        "monitoring:submissions:read",
        "monitoring:submissions:write",
        "monitoring:submissions:delegate",
        "registry:persons:write",
    ),
    "overseer": ("monitoring:findings:read", "monitoring:findings:oversee"),
    "resident": (),
    # of machines
    "integrator": (),
    "service": ("events:internal",),
}

_ANYWHERE = frozenset({"administrator", "integrator", "resident"})
_BODY = _ANYWHERE | {"registrar", "adopter", "respondent", "customer", "desk"}
_CIVIL = _ANYWHERE | {"monitor", "coordinator", "author", "desk"}

GRANTABLE: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        (
            *("cabinet", "ministry", "agency", "fund", "institution", "enterprise", "local_administration"),
            *("ngo_provider", "collective"),
        ),
        _BODY,
    ),
    **dict.fromkeys(("municipality", "territorial_unit"), _BODY | {"municipality", "author"}),
    **dict.fromkeys(("council", "committee", "local_council"), _CIVIL | {"adopter"}),
    **dict.fromkeys(("ngo", "group", "territorial_council", "public_council"), _CIVIL),
    "donor": _ANYWHERE | {"donor"},
    "platform": _ANYWHERE,
}
"""What the administrator of an organisation of each kind may grant there. Every other role is the platform's to
give: who publishes an index, reviews standards, moderates the market or oversees others is not chosen by themselves."""


_APPOINTED = frozenset({"reviewer", "moderator", "evaluator", "analyst", "overseer", "auditor"})
_OPERATING = frozenset({"platform", "operator", "service"})

HOLDABLE: dict[str, frozenset[str]] = {
    kind: grantable | _APPOINTED | (_OPERATING if kind == "platform" else frozenset())
    for kind, grantable in GRANTABLE.items()
}
"""What may be held at an organisation of each kind at all. The platform gives the rest of it, and no more: nobody
outside its own organisation can be made the platform, by whomever."""


_GIVING = {"registry:memberships:write", "registry:keys:write"}
GIVES_RIGHTS = frozenset(role for role, scopes in ROLES.items() if _GIVING & set(scopes))
"""Roles that give roles or keys to others. A key that holds one lasts no longer than its maker's own."""


def scopes_of(
    roles: frozenset[str] | tuple[str, ...] | list[str], kind: str | None = None
) -> tuple[str, ...]:
    """Scopes of a set of roles held at an organisation of this kind, sorted. Raises KeyError for an unknown role."""
    granted = {scope for role in roles for scope in ROLES[role]}
    if kind == "platform" and "auditor" in roles:
        granted.add(WHOLE_TRAIL)
    if set(roles) - {"operator"}:
        granted.update(EVERYONE)
    return tuple(sorted(granted))
