"""A service's data keys in a file of their own, and the commands an operator gives."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from services.notifications.spec import SPEC
from shared.cli import main
from shared.service import ServiceSpec

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "people.json"


@pytest.fixture
def url(migrated_database: Callable[[ServiceSpec], str]) -> str:
    return migrated_database(SPEC)


@pytest.fixture
def command(
    url: str, keys: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.setenv("NOTIFICATIONS_DATABASE_URL", url)
    monkeypatch.setenv("NOTIFICATIONS_PEOPLE_KEYS", str(keys))
    # It would keep the stream that is captured here, for all tests that follow.
    monkeypatch.setattr("shared.cli.configure_logging", lambda *_: None)

    def call(*words: str) -> tuple[int, str]:
        """Exit code and everything that was printed."""
        with pytest.raises(SystemExit) as ended:
            main(SPEC, ["people", *words])
        captured = capsys.readouterr()
        return int(str(ended.value.code)), captured.out + captured.err

    return call


def put(url: str, *rows: tuple[str, str, bytes]) -> None:
    """Rows of receivers: id, key id, sealed secret."""

    async def add() -> None:
        connection = await asyncpg.connect(url)
        for identifier, key_id, value in rows:
            await connection.execute(
                """INSERT INTO receiver (id, organisation_id, url, secret, secret_key_id)
                   VALUES ($1::uuid, $1::uuid, 'https://x', $2, $3)""",
                identifier,
                value,
                key_id,
            )
        await connection.close()

    asyncio.run(add())
