"""Rules of organisations and credentials: no I/O."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.registry.access.roles import GRANTABLE, HOLDABLE, ROLES
from shared.http.errors import Conflict, Forbidden, Invalid

KEY_PREFIX = "ak"
_PREFIX = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


class OrganisationKind(StrEnum):
    CABINET = "cabinet"
    MINISTRY = "ministry"
    AGENCY = "agency"
    """State agencies, services, committees and inspections."""
    FUND = "fund"
    INSTITUTION = "institution"
    ENTERPRISE = "enterprise"
    LOCAL_ADMINISTRATION = "local_administration"
    """Of the state, in a raion or oblast."""
    MUNICIPALITY = "municipality"
    TERRITORIAL_UNIT = "territorial_unit"
    LOCAL_COUNCIL = "local_council"
    """A kenesh of deputies."""
    TERRITORIAL_COUNCIL = "territorial_council"
    """Of the people of a quarter or a village."""
    PUBLIC_COUNCIL = "public_council"
    """Of citizens beside a state body."""
    COUNCIL = "council"
    COMMITTEE = "committee"
    """For one matter, as those on the prevention of domestic violence."""
    NGO_PROVIDER = "ngo_provider"
    """Gives public services by social order."""
    NGO = "ngo"
    GROUP = "group"
    DONOR = "donor"
    PLATFORM = "platform"
    COLLECTIVE = "collective"
    """Stands for many bodies where a text names them all ("bodies of local self-government")."""


BODY_KINDS = frozenset(OrganisationKind) - {
    OrganisationKind.NGO,
    OrganisationKind.GROUP,
    OrganisationKind.DONOR,
    OrganisationKind.PLATFORM,
}
"""Organisations that can be responsible for a public service."""


GRANTED_BACK = timedelta(days=366)
"""How far back a role may be said to have been held: papers come late, but not by years."""


class MembershipEnded(Conflict):
    """This membership has ended; grant a new one."""

    code = "membership_ended"


def check_grant(valid_from: date, valid_to: date | None, today: date) -> None:
    """Raises Invalid."""
    if valid_from < today - GRANTED_BACK:
        raise Invalid.at("/valid_from", "A role is not granted so far back.", "too_far_back")
    if valid_to is not None and valid_to <= valid_from:
        raise Invalid.at("/valid_to", "Must be after valid_from.", "not_after_valid_from")


@dataclass(frozen=True, slots=True)
class Membership:
    """A role a person holds at an organisation from `valid_from` inclusive to `valid_to` exclusive."""

    role: str
    valid_from: date
    valid_to: date | None

    def check_end(self, wanted: date, today: date) -> None:
        """Raises MembershipEnded (409) where it has ended, Invalid where `wanted` would make it longer: who holds a
        role again is granted it anew."""
        if wanted < self.valid_from:
            raise Invalid.at("/valid_to", "Must not be before valid_from.", "not_after_valid_from")
        if self.valid_to is None:
            return
        if self.valid_to <= today:
            raise MembershipEnded(valid_to=self.valid_to.isoformat())
        if wanted > self.valid_to:
            raise Invalid.at("/valid_to", "It ends earlier already.", "ends_earlier")

    def holds(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class Administered:
    """The right to administer this organisation, looked up for this request. Made in `scope.py` alone: nobody can ask
    for its memberships, keys and invitations without having been let in."""

    organisation_id: UUID
    kind: str
    roles: frozenset[str]
    """Of who administers."""


def check_grantable(role: str, kind: str, granter_roles: frozenset[str]) -> None:
    """Raises Invalid for an unknown role, Forbidden when it is not the granter's to give at an organisation of this
    kind."""
    if role not in ROLES:
        raise Invalid.at("/role", f"There is no role {role}.", "unknown_role", role=role)
    if may_grant(role, kind, granter_roles):
        return
    if "platform" in granter_roles:
        raise Forbidden(code="role_not_for_kind", role=role, kind=kind)
    raise Forbidden(code="role_not_grantable", role=role)


def may_grant(role: str, kind: str, granter_roles: frozenset[str]) -> bool:
    """Whether one of these roles, held there, gives this one: the administrator its own kind's, the platform all."""
    if "platform" in granter_roles:
        return role in HOLDABLE[kind]
    return "administrator" in granter_roles and role in GRANTABLE[kind]


def check_endable(role: str, kind: str, ender_roles: frozenset[str]) -> None:
    """Raises Forbidden for a role that is not theirs to give: whom the platform appointed it alone dismisses. The
    platform ends every role, also one that can no longer be held there."""
    if "platform" not in ender_roles and not may_grant(role, kind, ender_roles):
        raise Forbidden(code="role_not_endable", role=role)


def check_key_kind(kind: str, granter_roles: frozenset[str]) -> None:
    """Keys of kind `service` read what is addressed to any organisation: only the platform makes them."""
    if kind == "service" and "platform" not in granter_roles:
        raise Forbidden(code="key_kind_not_grantable", kind=kind)


def check_expiry(wanted: datetime | None, now: datetime) -> None:
    """Raises Invalid for a key that would never be good."""
    if wanted is not None and wanted <= now:
        raise Invalid.at("/expires_at", "Must be in the future.", "not_in_future")


def new_api_key() -> tuple[str, str, bytes]:
    """A key to show once, its public prefix, and the hash to keep. The secret has 256 bits, so one round of
    SHA-256 is enough."""
    prefix = secrets.token_hex(6)
    secret = secrets.token_urlsafe(32)
    return f"{KEY_PREFIX}_{prefix}_{secret}", prefix, hash_secret(secret)


def split_api_key(key: str) -> tuple[str, str] | None:
    """Prefix and secret, or None when this is no key of ours."""
    parts = key.split("_", 2)
    if len(parts) != 3 or parts[0] != KEY_PREFIX:
        return None
    return parts[1], parts[2]


def may_be_key(prefix: str, secret: str) -> bool:
    """Whether they could be of a key at all; other strings are not worth a look at the database."""
    return _PREFIX.fullmatch(prefix) is not None and secret.isascii() and secret.isprintable()


def hash_secret(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def secret_matches(secret: str, kept: bytes) -> bool:
    return hmac.compare_digest(hash_secret(secret), kept)


def usable(revoked_at: datetime | None, expires_at: datetime | None, now: datetime) -> bool:
    return revoked_at is None and (expires_at is None or now < expires_at)


def within(organisation: UUID, acting: UUID, roles: frozenset[str]) -> bool:
    """Whether somebody acting for `acting` may administer `organisation`."""
    return "platform" in roles or organisation == acting
