"""Commands of a service's worker for its data keys: `people keys|new-key|rotate|retire`. None shows a secret."""

import argparse
import sys
from pathlib import Path
from typing import Any

from shared.db.database import Database
from shared.people.key_file import KeyFileError, add_key, ensure_key_file, read_key_file
from shared.people.kinds import People
from shared.people.retiring import retire
from shared.people.rotation import key_use, rotate
from shared.service import ServiceSpec
from shared.settings import ServiceSettings


def add_commands(commands: Any) -> None:
    """Mount on what `ArgumentParser.add_subparsers()` returned."""
    people = commands.add_parser("people", help="the keys personal data and secrets are sealed with")
    actions = people.add_subparsers(required=True, metavar="action")
    actions.add_parser("keys", help="ids of the keys, and how many rows each has sealed").set_defaults(
        work=_keys
    )
    actions.add_parser("ensure", help="make the key file where there is none").set_defaults(work=_ensure)
    actions.add_parser("new-key", help="add a key that seals from now on; then rotate").set_defaults(
        work=_new_key
    )
    actions.add_parser(
        "rotate", help="seal everything again with the current key, also what was moved here in clear"
    ).set_defaults(work=_rotate)
    retiring = actions.add_parser(
        "retire", help="forget a key nothing is sealed with, once nobody can be writing under it"
    )
    retiring.add_argument("key_id")
    retiring.add_argument(
        "--wait-seconds", type=float, default=20.0, help="for transactions that are open; then it is refused"
    )
    retiring.set_defaults(work=_retire)


async def _ensure(_: ServiceSpec, settings: ServiceSettings, __: argparse.Namespace) -> int:
    try:
        path = _file(settings)
        ensure_key_file(path)
        sys.stdout.write(f"{read_key_file(path).current}\n")
    except KeyFileError as error:
        return _wrong(str(error))
    return 0


async def _keys(spec: ServiceSpec, settings: ServiceSettings, _: argparse.Namespace) -> int:
    database = await Database.open(settings, role="operator")
    try:
        keyring = database.keyring
        keyring.check()
        async with database.read() as sql:
            used = await key_use(sql, _people(spec))
    except KeyFileError as error:
        return _wrong(str(error))
    finally:
        await database.close()
    rows = {key_id: sum(use.rows for use in used if use.key_id == key_id) for key_id in keyring.ids}
    for key_id, count in sorted(rows.items()):
        sys.stdout.write(f"{key_id}  {count} rows{'  current' if key_id == keyring.current else ''}\n")
    for use in used:
        if not use.key_id:
            sys.stdout.write(f"in clear  {use.rows} rows of {use.table}: rotate\n")
        elif use.key_id not in rows:
            sys.stdout.write(f"{use.key_id}  {use.rows} rows of {use.table}  NOT IN THE KEY FILE\n")
    return 1 if any(use.key_id and use.key_id not in rows for use in used) else 0


async def _new_key(_: ServiceSpec, settings: ServiceSettings, __: argparse.Namespace) -> int:
    try:
        sys.stdout.write(f"{add_key(_file(settings))}\n")
    except KeyFileError as error:
        return _wrong(str(error))
    return 0


async def _rotate(spec: ServiceSpec, settings: ServiceSettings, _: argparse.Namespace) -> int:
    database = await Database.open(settings, role="operator")
    try:
        database.keyring.check()
        done = await rotate(database.keyring, _people(spec), database.transaction)
        async with database.read() as sql:
            used = await key_use(sql, _people(spec))
    except KeyFileError as error:
        return _wrong(str(error))
    finally:
        await database.close()
    left = sum(use.rows for use in used if use.key_id != database.keyring.current)
    for row in done.named:
        sys.stderr.write(f"does not open: {row}\n")
    unreadable = f", {done.unreadable} do not open" if done.unreadable else ""
    sys.stdout.write(f"{done.sealed} rows sealed again, {left} left{unreadable}\n")
    return 1 if left else 0


async def _retire(spec: ServiceSpec, settings: ServiceSettings, chosen: argparse.Namespace) -> int:
    database = await Database.open(settings, role="operator")
    try:
        await retire(database, _file(settings), _people(spec), chosen.key_id, chosen.wait_seconds)
    except KeyFileError as error:
        return _wrong(str(error))
    finally:
        await database.close()
    return 0


def _file(settings: ServiceSettings) -> Path:
    if settings.key_file is None:
        raise KeyFileError(f"{settings.service} has no key file: set {settings.service.upper()}_PEOPLE_KEYS")
    return settings.key_file


def _people(spec: ServiceSpec) -> People:
    if spec.people is None:
        raise KeyFileError(f"{spec.name} knows nothing of people")
    return spec.people


def _wrong(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 1
