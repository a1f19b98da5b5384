"""Dead letters and the epoch at the operator's command line."""

import argparse
import io

import orjson
import pytest

from shared.ids import uuid7
from shared.messaging.cli import Console, add_commands, run_command
from shared.messaging.sequencer import Sequencer
from shared.messaging.wakeup import Wakeup
from tests.shared.messaging.shop import CLOCK, PRICED, PRINCIPAL, effects, in_order
from tests.shared.messaging.troubled import TroubledShop


class TestCommands:
    async def run(self, shop: TroubledShop, *words: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        add_commands(parser.add_subparsers(required=True))
        out = io.StringIO()
        console = Console(shop.database, [shop.consumer], PRINCIPAL, CLOCK, out)
        return await run_command(console, parser.parse_args(words)), out.getvalue()

    async def test_list_show_replay(self, shop: TroubledShop) -> None:
        ids = await shop.fail(uuid7())
        code, text = await self.run(shop, "dead-letters", "list")
        assert code == 0
        assert [line.split("\t")[:3] for line in text.splitlines()[1:]] == [
            [str(letter), "parked", "troubled"] for letter in ids
        ]
        code, text = await self.run(shop, "dead-letters", "show", str(ids[0]))
        shown = orjson.loads(text)
        assert (shown["error"], shown["headers"]["ce_type"]) == ("cannot", PRICED.name)
        assert "value" not in shown
        shop.trouble.error = None
        code, text = await self.run(shop, "dead-letters", "replay", "--id", str(ids[0]))
        assert (code, text) == (0, f"replayed\t{ids[0]}\t3 events\n")
        assert (await self.run(shop, "dead-letters", "list"))[1].count("\n") == 1
        assert (await self.run(shop, "dead-letters", "list", "--all"))[1].count("\treplayed\t") == 3

    async def test_showing_the_content_is_audited(self, shop: TroubledShop) -> None:
        ids = await shop.fail(uuid7())
        _, text = await self.run(shop, "dead-letters", "show", str(ids[0]), "--value")
        assert orjson.loads(orjson.loads(text)["value"])["aggregate_version"] == 2
        assert [action for action, _ in await shop.audit()] == ["dead_letter.value_shown"]

    async def test_replay_of_a_consumer_tries_each_key_once(self, shop: TroubledShop) -> None:
        for _ in range(3):
            await shop.fail(uuid7())
        code, text = await self.run(shop, "dead-letters", "replay", "--consumer", "troubled")
        assert code == 1
        assert text.count("error:") == 3
        shop.trouble.error = None
        code, text = await self.run(shop, "dead-letters", "replay", "--consumer", "troubled")
        assert code == 0
        assert text.count("3 events") == 3
        assert in_order(await effects(shop.database))

    async def test_discard_and_errors(self, shop: TroubledShop) -> None:
        ids = await shop.fail(uuid7())
        code, _ = await self.run(shop, "dead-letters", "discard", "--id", str(ids[0]), "--reason", "x")
        assert code == 0
        code, text = await self.run(shop, "dead-letters", "discard", "--id", str(ids[0]), "--reason", "x")
        assert code == 1
        assert "replayed or discarded before" in text
        assert (await self.run(shop, "dead-letters", "show", "4711"))[0] == 1

    @pytest.mark.parametrize("action", ["list", "replay"])
    async def test_a_consumer_that_is_not_there_is_said(self, shop: TroubledShop, action: str) -> None:
        await shop.fail(uuid7())
        code, text = await self.run(shop, "dead-letters", action, "--consumer", "trubled")
        assert (code, text) == (1, "error: there is no consumer trubled; there are: troubled\n")

    async def test_epoch(self, shop: TroubledShop) -> None:
        assert (await self.run(shop, "epoch", "show"))[0] == 1
        await Sequencer(shop.database, Wakeup(shop.database.url)).step()
        _, first = await self.run(shop, "epoch", "show")
        code, second = await self.run(shop, "epoch", "renew")
        assert code == 0
        assert first != second == (await self.run(shop, "epoch", "show"))[1]
