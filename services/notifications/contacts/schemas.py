"""Bodies of contacts."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.http.schemas import Input, Output
from shared.people.consents import Version

EmailAddress = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=254, pattern=r"^[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{3,189}$"
    ),
]
PhoneNumber = Annotated[
    str, Field(description="E.164"), StringConstraints(strip_whitespace=True, pattern=r"^\+[1-9][0-9]{7,14}$")
]


class EmailGiven(Input):
    email: EmailAddress
    text_version: Version = Field(description="Of the text `contact_email` that was agreed to")


class PhoneGiven(Input):
    phone: PhoneNumber
    text_version: Version = Field(description="Of the text `contact_phone` that was agreed to")


class ContactKept(Output):
    consent_id: UUID = Field(description="What it rests on; take it back at /v1/consents to have it removed")


class ContactsView(Output):
    """Your own; nobody else sees them."""

    email: str | None = None
    phone: str | None = None
