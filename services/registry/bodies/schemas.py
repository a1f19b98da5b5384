"""Bodies of the public-body view."""

from uuid import UUID

from pydantic import Field

from services.registry.access.domain import OrganisationKind
from shared.http.schemas import Output
from shared.values import Origin


class BodyView(Output):
    id: UUID
    code: str
    kind: OrganisationKind
    name: dict[str, str]
    territory_code: str | None
    parent_id: UUID | None
    active: bool
    services: int = Field(description="Public register entries it is responsible for; 0 is shown, not hidden")
    with_standard: int = Field(description="Of these, with a standard in force on some day")
    origin: Origin
    source: str | None
