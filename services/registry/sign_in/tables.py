"""Tables of sign-in beside `person_identity`, which access holds."""

from datetime import datetime

from sqlalchemy import Column, DateTime, LargeBinary
from sqlmodel import Field

from services.registry.base import Base


class UsedNonce(Base, table=True):
    """Nonces of ID tokens that were exchanged, as hashes, until their tokens would be refused for their age."""

    __tablename__ = "used_nonce"

    nonce_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    forget_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, index=True))
