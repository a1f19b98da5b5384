"""Bodies of access."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from services.registry.access.domain import OrganisationKind
from shared.http.schemas import Code, Input, Line, Output
from shared.text import Name
from shared.values import Origin


class OrganisationDraft(Input):
    id: UUID | None = Field(None, description="Yours to choose; a UUIDv7 is made where it is absent")
    code: Code
    kind: OrganisationKind
    name: Name
    territory_code: Code | None = None
    parent_id: UUID | None = None
    valid_from: date | None = Field(None, description="First day of the organisation; absent: not known")
    origin: Origin
    source: Line | None = None


class OrganisationRename(Input):
    name: Name


class OrganisationView(Output):
    id: UUID
    code: str
    kind: OrganisationKind
    name: dict[str, str]
    territory_code: str | None
    parent_id: UUID | None
    active: bool
    valid_from: date | None
    valid_to: date | None
    origin: Origin
    source: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class MembershipGrant(Input):
    person_id: UUID | None = Field(None, description="A person known here; absent: a new person id is minted")
    role: Code
    valid_from: date
    valid_to: date | None = None


class MembershipEnd(Input):
    valid_to: date = Field(description="First day on which the role is no longer held")


class MembershipView(Output):
    id: UUID
    person_id: UUID
    organisation_id: UUID
    role: str
    valid_from: date
    valid_to: date | None
    granted_by: UUID | None
    version: int


def _once(roles: list[str]) -> list[str]:
    """A role twice is held once."""
    return list(dict.fromkeys(roles))


class ApiKeyDraft(Input):
    label: Line
    roles: Annotated[list[Code], Field(min_length=1, max_length=10), AfterValidator(_once)]
    kind: Literal["system", "service"] = "system"
    expires_at: AwareDatetime | None = None


class ApiKeyView(Output):
    id: UUID
    prefix: str
    kind: str
    label: str
    organisation_id: UUID
    roles: list[str]
    created_by: UUID | None = Field(description="Who made it: a person, or another key of yours")
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class ApiKeyShown(ApiKeyView):
    api_key: str = Field(description="Shown this once")


ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


class TokenRequest(Input):
    """Token exchange (RFC 8693) takes the ID token of an outside provider and the `nonce` it was asked for with;
    `refresh_token` goes on with the session that began with it. `client_credentials` takes the key's prefix as
    `client_id` and its secret as `client_secret`, as OAuth 2 clients send it; `api_key` takes the whole key.
    `development` exists in the embedded run only."""

    grant_type: Literal[
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "refresh_token",
        "api_key",
        "client_credentials",
        "development",
    ]
    subject_token: Annotated[str, Field(max_length=16_384)] | None = Field(
        None, description="ID token (OpenID Connect) of one of the providers of `/v1/sign-in/providers`"
    )
    subject_token_type: Literal["urn:ietf:params:oauth:token-type:id_token"] | None = None
    requested_token_type: Literal["urn:ietf:params:oauth:token-type:access_token"] | None = None
    nonce: Annotated[str, Field(min_length=16, max_length=255)] | None = Field(
        None, description="The one the client made for this sign-in; good for one exchange"
    )
    refresh_token: Annotated[str, Field(max_length=200)] | None = None
    api_key: Annotated[str, Field(max_length=200)] | None = None
    client_id: Annotated[str, Field(max_length=100)] | None = None
    client_secret: Annotated[str, Field(max_length=200)] | None = None
    scope: Annotated[str, Field(max_length=2000)] | None = Field(
        None, description="Not needed: a token carries all scopes of its credential"
    )
    role: Code | None = None
    organisation: Code | None = Field(
        None,
        description="Code of the acting organisation, one of those `/v1/me` names; absent: the person acts for none",
    )


class TokenView(Output):
    """RFC 6749 §5.1, RFC 8693 §2.2.1."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: int
    scope: str
    issued_token_type: str | None = None
    refresh_token: str | None = Field(
        None, description="Opens the next access token once, and brings its own successor"
    )
