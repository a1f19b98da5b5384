"""All tables of the registry: imports each feature's, so that the metadata is whole."""

from services.registry.access import tables as access
from services.registry.adoption_rules import tables as adoption_rules
from services.registry.base import Base
from services.registry.bodies import tables as bodies
from services.registry.calendar import tables as calendar
from services.registry.catalogue import tables as catalogue
from services.registry.functions import tables as functions
from services.registry.invitations import tables as invitations
from services.registry.legal import tables as legal
from services.registry.people import tables as people
from services.registry.publication import tables as publication
from services.registry.reviews import tables as reviews
from services.registry.service_points import tables as service_points
from services.registry.sessions import tables as sessions
from services.registry.sign_in import tables as sign_in
from services.registry.standards import tables as standards
from services.registry.templates import tables as templates
from services.registry.territories import tables as territories

__all__ = [
    "access",
    "adoption_rules",
    "bodies",
    "calendar",
    "catalogue",
    "functions",
    "invitations",
    "legal",
    "metadata",
    "people",
    "publication",
    "reviews",
    "service_points",
    "sessions",
    "sign_in",
    "standards",
    "templates",
    "territories",
]
metadata = Base.metadata
