"""Bodies of an idea's contact."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from shared.http.schemas import Input, Line, Output
from shared.people.consents import OnBehalfOf, Version

Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]{1,64}@[^@\s]{3,189}$")
]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+[1-9][0-9]{7,14}$")]


class ContactGiven(Input):
    """You yourself (`text_version` of the text `idea_contact` you agree to), or at a desk somebody else
    (`on_behalf_of`)."""

    name: Line
    phone: Phone | None = Field(None, description="E.164")
    email: Email | None = None
    text_version: Version | None = None
    on_behalf_of: OnBehalfOf | None = None

    @model_validator(mode="after")
    def _one_consent(self) -> "ContactGiven":
        if (self.text_version is None) == (self.on_behalf_of is None):
            raise ValueError("One consent is needed: text_version, or on_behalf_of.")
        return self


class ContactKept(Output):
    consent_id: UUID = Field(description="What it rests on; when it is taken back, the contact is removed")


class ContactView(Output):
    name: str
    phone: str | None = None
    email: str | None = None
