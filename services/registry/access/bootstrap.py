"""The first credential: `worker bootstrap` makes the platform's own organisation and a key, and shows it once."""

import argparse
import sys
from typing import Any

from services.registry.access import repository, service
from services.registry.access.domain import OrganisationKind
from services.registry.access.schemas import ApiKeyDraft, OrganisationDraft
from services.registry.settings import Settings
from shared.auth.keys import ensure_key
from shared.auth.principal import Kind, Principal
from shared.clock import SystemClock
from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.ids import seed_id
from shared.service import ServiceSpec
from shared.settings import ServiceSettings
from shared.values import Origin


def add_bootstrap(commands: Any) -> None:
    """Mount the command on the worker's own."""
    found = commands.add_parser("bootstrap", help="make the platform's organisation and its first API key")
    found.add_argument("--code", default="platform", help="code of the organisation that runs the platform")
    found.add_argument("--name", required=True, help="its name, in Kyrgyz and Russian alike")
    found.set_defaults(work=_bootstrap)


async def _bootstrap(_: ServiceSpec, settings: ServiceSettings, chosen: argparse.Namespace) -> int:
    assert isinstance(settings, Settings)
    ensure_key(settings.signing_keys)
    database = await Database.open(settings, role="operator")
    try:
        key = await first_key(database, chosen.code, chosen.name)
    finally:
        await database.close()
    sys.stdout.write(f"{key}\n")
    return 0


async def first_key(database: Database, code: str, name: str) -> str:
    """A key with the role `platform` at the organisation `code`, which is made where it is missing."""
    operator = Principal(
        sub=seed_id("system", "operator"),
        kind=Kind.SERVICE,
        org=seed_id("organisation", code),
        roles=frozenset({"platform"}),
    )
    async with UnitOfWork(database, operator, SystemClock()) as uow:
        row = await repository.organisation_by_code(uow.sql, code)
        if row is None:
            row = await service.register_organisation(
                uow,
                OrganisationDraft(
                    id=seed_id("organisation", code),
                    code=code,
                    kind=OrganisationKind.PLATFORM,
                    name={"ky": name, "ru": name},
                    origin=Origin.OFFICIAL,
                ),
            )
        draft = ApiKeyDraft(label="bootstrap", roles=["platform"])
        _, key = await service.create_api_key(uow, row["id"], draft)
    return key
