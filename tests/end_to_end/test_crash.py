"""kill -9 of the whole platform in the middle of writing: nothing acknowledged is lost, nothing is done twice."""

import shutil
import signal
from pathlib import Path

import pytest

from deploy.gateway.settings import SERVICES
from tests.deploy.local.deadlines import wait_until
from tests.end_to_end.databases import query
from tests.end_to_end.promises import (
    counts,
    nothing_is_doubled,
    nothing_is_lost,
    play_up_to_the_campaign,
)
from tests.end_to_end.running import up
from tests.end_to_end.stage import gateway
from tests.end_to_end.writers import hire

pytestmark = pytest.mark.crash

BEFORE_EACH_KILL = 25
"""Visits carried through in each life of the platform before it is killed."""
UNREAD, CARRIED_OUT = 20, 5
"""Visits in flight at each kill, and how many of them have been carried out without anybody knowing it."""
SETTLED_SECONDS = 60.0


def test_two_kills_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with up(folder, tmp_path / "log0") as running:
        url = running.ready()
        with gateway(url) as api:
            crew = hire(api, *play_up_to_the_campaign(url))
        told = counts(folder)["registry"]
        crew.start(url)
        running.until(lambda: crew.finished >= BEFORE_EACH_KILL)
        with crew.unanswered(url, UNREAD, CARRIED_OUT):
            running.kill({"postgres", "envoy"})
    crew.join()
    with up(folder, tmp_path / "log1") as running:
        url = running.ready()
        crew.start(url)
        running.until(lambda: crew.finished >= 2 * BEFORE_EACH_KILL + UNREAD)
        with crew.unanswered(url, UNREAD, CARRIED_OUT):
            running.kill({"postgres", "envoy"})
    crew.join()
    assert all(writer.lost == 2 for writer in crew.writers), "each was writing when it happened"
    with up(folder, tmp_path / "log2") as running:
        url = running.ready()
        crew.start(url)
        running.until(lambda: crew.finished >= 2 * BEFORE_EACH_KILL + 2 * UNREAD + len(crew.writers))
        crew.finish()
        assert sum(writer.replayed for writer in crew.writers) >= 2 * CARRIED_OUT, "known by their keys"
        wait_until(lambda: settled(folder), SETTLED_SECONDS)
        with gateway(url) as api:
            nothing_is_lost(api, crew.visits)
            nothing_is_doubled(folder, api, crew.visits)
        assert counts(folder)["registry"] == told, "seeds were told again"
        assert running.end(signal.SIGTERM) == 0, running.said
    shutil.rmtree(folder)


def settled(folder: Path) -> bool:
    """Everything is published, and every consumer has read to the end."""
    waiting = "SELECT count(*) FROM event WHERE published_at IS NULL"
    behind = """SELECT count(*) FROM group_offset JOIN partition USING (topic, partition)
                WHERE group_offset.next_offset < partition.next_offset"""
    unread = query(folder, "broker", behind)[0][0]
    return not unread and all(not query(folder, service, waiting)[0][0] for service in SERVICES)
