"""Bodies of sign-in."""

from datetime import date
from uuid import UUID

from pydantic import Field

from shared.http.schemas import Output


class ProviderView(Output):
    issuer: str = Field(description="Its discovery document is below this address")
    client_ids: list[str] = Field(description="Clients registered there whose ID tokens are taken")


class ProvidersView(Output):
    items: list[ProviderView]


class MembershipInForce(Output):
    id: UUID
    organisation_id: UUID
    organisation: str = Field(description="Its code, as `/v1/tokens` takes it")
    organisation_name: dict[str, str]
    role: str
    valid_from: date
    valid_to: date | None


class MeView(Output):
    """Who is asking, as which organisation, and as what else they may."""

    sub: UUID
    kind: str
    organisation_id: UUID | None
    roles: list[str]
    scopes: list[str]
    memberships: list[MembershipInForce] = Field(description="In force today, whichever the token acts for")
