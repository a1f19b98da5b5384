"""What a standard says: tiers with term and fees, documents, refusal grounds, appeal. Values only, no I/O."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.contracts.registry import Appeal, LegalBasis, RefusalGround, RequiredDocument, Tier


class StandardTier(Tier):
    """A tier as it is kept: `free` says that nothing is charged, which an empty fee list alone does not."""

    free: bool = False


class StandardContent(BaseModel):
    """A draft's or a version's content. A draft may be incomplete; what is adopted may not."""

    model_config = ConfigDict(frozen=True)

    applies_to: tuple[str, ...] = ()
    """SOATE codes of the territories it binds; empty: the whole country."""
    tiers: tuple[StandardTier, ...] = ()
    documents: tuple[RequiredDocument, ...] = ()
    refusal_grounds: tuple[RefusalGround, ...] = ()
    appeal: Appeal | None = None
    template_id: UUID | None = None
    """The version of the template it is written by; None before templates were recorded."""
    rows: dict[str, dict[str, str]] = {}
    """Texts of the template's rows that no part above fills, by the row's code."""
    legal_basis: tuple[LegalBasis, ...] = ()
    review_on: date | None = None
    corrected: tuple[str, ...] = ()
    """Texts that were changed in one language on purpose: their codes, as a stale translation names them."""
