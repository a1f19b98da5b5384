"""The issuer's signing keys: `worker keys ensure` before the first start, `worker keys add` to change them."""

import argparse
import sys
from typing import Any

from services.registry.settings import Settings
from shared.auth.keys import add_key, ensure_key, load_keys
from shared.service import ServiceSpec
from shared.settings import ServiceSettings


def add_keys(commands: Any) -> None:
    """Mount the commands on the worker's own."""
    actions = commands.add_parser("keys", help="the keys tokens are signed with").add_subparsers(
        required=True, metavar="ACTION"
    )
    actions.add_parser("ensure", help="make the first key where there is none").set_defaults(work=_ensure)
    actions.add_parser(
        "add", help="make a key that signs from the API's next start on; older ones still verify"
    ).set_defaults(work=_add)


async def _ensure(_: ServiceSpec, settings: ServiceSettings, __: argparse.Namespace) -> int:
    assert isinstance(settings, Settings)
    ensure_key(settings.signing_keys)
    for key in load_keys(settings.signing_keys):
        sys.stdout.write(f"{key.kid}\n")
    return 0


async def _add(_: ServiceSpec, settings: ServiceSettings, __: argparse.Namespace) -> int:
    assert isinstance(settings, Settings)
    sys.stdout.write(f"{add_key(settings.signing_keys)}\n")
    return 0
