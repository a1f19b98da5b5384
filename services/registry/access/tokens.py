"""Use cases of the token endpoint: a credential in, a short token out."""

from typing import Any
from uuid import UUID

from joserfc.jwk import ECKey

from services.registry.access import repository
from services.registry.access.domain import Membership, may_be_key, secret_matches, split_api_key, usable
from services.registry.access.roles import GIVES_RIGHTS, ROLES, scopes_of
from services.registry.access.schemas import TokenRequest
from shared.auth.principal import Kind
from shared.auth.tokens import Grant
from shared.clock import Clock, local_date
from shared.db.database import Connection
from shared.http.errors import BadRequest, Invalid, Unauthenticated
from shared.ids import seed_id


class InvalidCredential(Unauthenticated):
    """The credential is unknown, wrong, expired or revoked."""

    code = "invalid_credential"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, error="invalid_client")  # RFC 6749 §5.2


class UnsupportedGrant(BadRequest):
    """This grant type does not exist here."""

    code = "unsupported_grant_type"

    def __init__(self) -> None:
        super().__init__(error="unsupported_grant_type")


class SigningKeys:
    """The issuer's keys; the last one signs."""

    def __init__(self, keys: list[ECKey]) -> None:
        if not keys:
            raise ValueError(
                "the registry has no signing key: run `python -m services.registry.worker keys ensure`"
            )
        self.keys = keys

    @property
    def signing(self) -> ECKey:
        return self.keys[-1]


async def grant(sql: Connection, request: TokenRequest, clock: Clock, *, development_login: bool) -> Grant:
    """What the new token of a system is to say, or of a person made up for the embedded run. Raises InvalidCredential (401), UnsupportedGrant (400), Invalid (422)."""
    if request.grant_type == "development":
        if not development_login:
            raise UnsupportedGrant
        return await _development(sql, request, clock)
    if request.grant_type == "api_key":
        split = split_api_key(given(request.api_key, "api_key"))
        if split is None:
            raise InvalidCredential
        return await _api_key(sql, *split, clock)
    prefix, secret = given(request.client_id, "client_id"), given(request.client_secret, "client_secret")
    return await _api_key(sql, prefix.removeprefix("ak_"), secret, clock)


async def _api_key(sql: Connection, prefix: str, secret: str, clock: Clock) -> Grant:
    row = await repository.key_by_prefix(sql, prefix) if may_be_key(prefix, secret) else None
    if row is None or not secret_matches(secret, row["secret_hash"]):
        raise InvalidCredential
    if not usable(row["revoked_at"], row["expires_at"], clock.now()):
        raise InvalidCredential
    if GIVES_RIGHTS & set(row["roles"]) and await repository.made_by_the_dismissed(
        sql, row["id"], local_date(clock.now())
    ):
        raise InvalidCredential
    await repository.mark_used(sql, row["id"])
    return _grant(
        row["id"],
        Kind(row["kind"]),
        row["id"],
        row["organisation_id"],
        row["roles"],
        row["organisation_kind"],
    )


async def _development(sql: Connection, request: TokenRequest, clock: Clock) -> Grant:
    """A person made up for this role and organisation, who really holds the membership."""
    role, code = given(request.role, "role"), given(request.organisation, "organisation")
    if role not in ROLES:
        raise Invalid.at("/role", f"There is no role {role}.", "unknown_role", role=role)
    organisation = await repository.organisation_by_code(sql, code)
    if organisation is None:
        raise Invalid.at("/organisation", f"There is no organisation {code}.", "unknown_organisation")
    person = seed_id("development-person", f"{role}@{code}")
    membership = seed_id("development-membership", f"{role}@{code}")
    await _ensure_membership(sql, membership, person, organisation["id"], role, clock)
    return _grant(person, Kind.PERSON, membership, organisation["id"], [role], organisation["kind"])


async def _ensure_membership(
    sql: Connection, membership: UUID, person: UUID, organisation_id: UUID, role: str, clock: Clock
) -> None:
    today = local_date(clock.now())
    held = await repository.memberships_of_person(sql, person, organisation_id)
    spans = [Membership(row["role"], row["valid_from"], row["valid_to"]) for row in held]
    if any(span.role == role and span.holds(today) for span in spans):
        return
    if spans:
        raise InvalidCredential(detail="This membership has ended.")
    await repository.add_person(sql, person)
    await repository.add_membership(sql, (membership, person, organisation_id, role, today, None, None))


def _grant(sub: UUID, kind: Kind, cid: UUID, org: UUID, roles: list[str], org_kind: str) -> Grant:
    scopes = scopes_of(roles, org_kind)
    return Grant(sub=sub, kind=kind, cid=cid, org=org, roles=tuple(roles), scopes=scopes)


def given(value: Any, name: str) -> str:
    """A field this grant type cannot do without."""
    if not value:
        raise Invalid.at(f"/{name}", "This grant type needs this field.", "missing")
    return str(value)
