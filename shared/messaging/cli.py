"""Commands of a service's worker for its event backbone: `dead-letters list|show|replay|discard`, `epoch show|renew`.

Mounted by the worker with its own database and consumers; prints to the stream it is given."""

import argparse
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

import orjson

from shared.auth.principal import Principal
from shared.clock import Clock
from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import NotFound, Problem
from shared.messaging.dead_letters import DeadLetter, DeadLetters, ReplayFailed, get_letter, list_letters
from shared.messaging.epoch import current_epoch
from shared.messaging.parking import State
from shared.messaging.sequencer import start_new_epoch
from shared.messaging.subscription import Consumer

PAGE = 500


@dataclass(frozen=True)
class Console:
    """What the commands work on."""

    database: Database
    consumers: Sequence[Consumer]
    principal: Principal
    clock: Clock
    out: TextIO

    @property
    def letters(self) -> DeadLetters:
        return DeadLetters(self.database, self.consumers, self.principal, self.clock)

    def say(self, *columns: object) -> None:
        self.out.write("\t".join(str(column) for column in columns) + "\n")


Command = Callable[[Console, argparse.Namespace], Awaitable[int]]


def add_commands(commands: Any) -> None:
    """Add to what `ArgumentParser.add_subparsers()` returned; each command's coroutine is left in `run`."""
    letters = commands.add_parser("dead-letters", help="events that could not be applied")
    actions = letters.add_subparsers(required=True, metavar="action")
    listing = actions.add_parser("list", help="oldest first; those still open")
    listing.add_argument("--consumer", help="only this consumer's")
    listing.add_argument("--all", action="store_true", help="settled ones too")
    listing.set_defaults(run=_list)
    show = actions.add_parser("show", help="one letter")
    show.add_argument("id", type=int)
    show.add_argument(
        "--value", action="store_true", help="its content too; this is recorded in the audit trail"
    )
    show.set_defaults(run=_show)
    replay = actions.add_parser("replay", help="apply again; of a parked key all events in order")
    which = replay.add_mutually_exclusive_group(required=True)
    which.add_argument("--id", type=int, action="append", default=[], help="may be given several times")
    which.add_argument("--consumer", help="all open letters of this consumer")
    replay.set_defaults(run=_replay)
    discard = actions.add_parser("discard", help="never apply")
    discard.add_argument("--id", type=int, action="append", required=True)
    discard.add_argument("--reason", required=True, help="stands in the audit trail")
    discard.set_defaults(run=_discard)
    epoch = commands.add_parser("epoch", help="the life of this database, part of every change-feed cursor")
    actions = epoch.add_subparsers(required=True, metavar="action")
    actions.add_parser("show").set_defaults(run=_show_epoch)
    renew = actions.add_parser(
        "renew", help="after a restore that Postgres cannot see (a copied-back data folder)"
    )
    renew.set_defaults(run=_renew_epoch)


async def run_command(console: Console, arguments: argparse.Namespace) -> int:
    """Exit code: 0 done, 1 refused or failed, with the reason on the stream."""
    command: Command = arguments.run
    try:
        return await command(console, arguments)
    except (Problem, ReplayFailed) as error:
        console.say(f"error: {error}")
        return 1


async def _letters(console: Console, consumer: str | None, *, settled: bool) -> AsyncIterator[DeadLetter]:
    after = 0
    while True:
        async with console.database.read() as connection:
            letters = await list_letters(
                connection, consumer=consumer, settled=settled, after=after, limit=PAGE
            )
        for letter in letters:
            yield letter
        if len(letters) < PAGE:
            return
        after = letters[-1].id


def _known(console: Console, name: str | None) -> None:
    """A typo must not look like "nothing to do". Letters of a consumer that is no more are listed without a name."""
    names = [consumer.name for consumer in console.consumers]
    if name is not None and name not in names:
        raise NotFound(f"there is no consumer {name}; there are: {', '.join(sorted(names))}")


async def _list(console: Console, arguments: argparse.Namespace) -> int:
    _known(console, arguments.consumer)
    console.say("id", "state", "consumer", "topic", "partition", "offset", "event", "attempts", "error")
    async for letter in _letters(console, arguments.consumer, settled=arguments.all):
        _say_letter(console, letter)
    return 0


def _say_letter(console: Console, letter: DeadLetter) -> None:
    record = letter.record
    console.say(
        letter.id,
        letter.state,
        letter.consumer,
        record.topic,
        record.partition,
        record.offset,
        letter.event_id or "-",
        letter.attempts,
        f"{letter.error_type}: {letter.error}".replace("\n", " ")[:120],
    )


async def _show(console: Console, arguments: argparse.Namespace) -> int:
    async with console.database.read() as connection:
        letter = await get_letter(connection, arguments.id)
    record = letter.record
    shown: dict[str, Any] = {
        "id": letter.id,
        "state": letter.state,
        "consumer": letter.consumer,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "attempts": letter.attempts,
        "error_type": letter.error_type,
        "error": letter.error,
        "headers": {name: value.decode(errors="backslashreplace") for name, value in record.headers},
    }
    if arguments.value:
        async with UnitOfWork(console.database, console.principal, console.clock) as uow:
            uow.audit("dead_letter.value_shown", "dead_letter", letter.object_id)
        shown["value"] = (record.value or b"").decode(errors="backslashreplace")
    console.say(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
    return 0


async def _replay(console: Console, arguments: argparse.Namespace) -> int:
    if arguments.consumer:
        _known(console, arguments.consumer)
        return await _replay_consumer(console, arguments.consumer)
    results = [await _replay_one(console, letter_id) for letter_id in arguments.id]
    return 0 if all(results) else 1


async def _replay_consumer(console: Console, consumer: str) -> int:
    """Every open letter. A parked key is tried once: its later events wait behind the one that failed."""
    tried: set[tuple[str, bytes | None]] = set()
    results = []
    async for letter in _letters(console, consumer, settled=False):
        key = (letter.record.topic, letter.record.key)
        if letter.state is not State.PARKED or key not in tried:
            results.append(await _replay_one(console, letter.id))
        if letter.state is State.PARKED:
            tried.add(key)
    return 0 if all(results) else 1


async def _replay_one(console: Console, letter_id: int) -> bool:
    try:
        settled = await console.letters.replay(letter_id)
    except (Problem, ReplayFailed) as error:
        console.say(f"error: {error}")
        return False
    console.say("replayed", letter_id, f"{settled} events")
    return True


async def _discard(console: Console, arguments: argparse.Namespace) -> int:
    for letter_id in arguments.id:
        await console.letters.discard(letter_id, arguments.reason)
        console.say("discarded", letter_id)
    return 0


async def _show_epoch(console: Console, _: argparse.Namespace) -> int:
    async with console.database.read() as connection:
        epoch = await current_epoch(connection)
    if epoch is None:
        console.say("none yet: the first sequencer starts one")
        return 1
    console.say(epoch.epoch, f"positions up to {epoch.base_position} are older")
    return 0


async def _renew_epoch(console: Console, _: argparse.Namespace) -> int:
    epoch = await start_new_epoch(console.database)
    console.say(epoch.epoch, f"positions up to {epoch.base_position} are older")
    return 0
