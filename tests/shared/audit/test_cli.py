"""`worker audit verify`: what it says and how it exits, also of a database whose owner wrote everything anew."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from services.notifications.settings import Settings
from services.notifications.spec import SPEC
from shared.audit.cli import ALONE
from shared.audit.publishing import HeadPublisher
from shared.cli import main
from shared.contracts.audit import audit_head
from shared.db.database import Database
from shared.service import ServiceSpec
from tests.shared.audit.trail import AT_ONCE, Trail
from tests.shared.messaging.shop import CLOCK, PRINCIPAL

Command = Callable[..., tuple[int, str]]
ROWS = 12


@pytest.fixture
def url(migrated_database: Callable[[ServiceSpec], str]) -> str:
    return migrated_database(SPEC)


@pytest.fixture
def command(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("NOTIFICATIONS_DATABASE_URL", url)
    # It would keep the stream that is captured here, for all tests that follow.
    monkeypatch.setattr("shared.cli.configure_logging", lambda *_: None)

    def call(*words: str) -> tuple[int, str]:
        """Exit code and what was printed."""
        with pytest.raises(SystemExit) as ended:
            main(SPEC, ["audit", *words])
        return int(str(ended.value.code)), capsys.readouterr().out

    return call


async def on(url: str, work: Callable[[Trail], object]) -> None:
    database = await Database.open(Settings(database_url=url))
    try:
        await work(Trail(database, SPEC.name))
    finally:
        await database.close()


async def publish(trail: Trail) -> None:
    publisher = HeadPublisher(
        audit_head(SPEC.name), trail.database, principal=PRINCIPAL, clock=CLOCK, settings=AT_ONCE
    )
    assert await publisher.step() is not None


async def grow(trail: Trail) -> None:
    await trail.write(ROWS)
    await trail.link()
    await publish(trail)


async def rewrite(trail: Trail) -> None:
    """Rows, chain and own heads, as who owns the database can: in itself everything fits."""
    async with trail.owner() as owner:
        await owner.execute("UPDATE audit SET object_id = gen_random_uuid() WHERE position = 5")
        await trail.relink(owner, 5)
        await owner.execute("DELETE FROM audit_head")
    await publish(trail)


@pytest.fixture
def kept(command: Command, url: str, tmp_path: Path) -> Path:
    """Heads somebody else has kept of this trail."""
    asyncio.run(on(url, grow))
    found = tmp_path / "heads"
    found.write_text(command("heads")[1])
    return found


def test_with_heads_from_outside_it_says_how_far_they_reach(command: Command, kept: Path) -> None:
    code, said = command("verify", "--heads", str(kept))
    assert code == 0
    assert f"heads from outside up to position {ROWS};" in said
    assert said.endswith("\nthe chain holds\n")


def test_without_them_it_does_not_pass_for_a_proof(command: Command, kept: Path, tmp_path: Path) -> None:
    of_others = tmp_path / "others"
    of_others.write_text(kept.read_text().replace('"notifications"', '"registry"'))
    for words in ((), ("--heads", str(of_others))):
        code, said = command("verify", *words)
        assert code == ALONE
        assert "NOT COMPARED WITH ANYONE OUTSIDE" in said
        assert said.endswith("\nthe chain holds in itself\n")
    code, said = command("verify", "--alone")
    assert (code, "NOT COMPARED WITH ANYONE OUTSIDE" in said) == (0, True)


def test_a_trail_written_anew_is_found_out_by_heads_from_outside_alone(
    command: Command, kept: Path, url: str
) -> None:
    asyncio.run(on(url, rewrite))
    code, said = command("verify")
    assert (code, said.endswith("\nthe chain holds in itself\n")) == (ALONE, True)
    code, said = command("verify", "--heads", str(kept))
    assert code == 1
    assert "the chain holds" not in said
    assert said.endswith("1 findings\n"), said
