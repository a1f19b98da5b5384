"""`worker people …`: what an operator does with the data keys, and what of them is shown."""

import asyncio
import base64
import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from services.notifications.spec import SPEC
from shared.cli import main
from shared.people.key_file import ensure_key_file
from shared.people.keyring import Keyring, Place
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


def secrets_of(keys: Path) -> list[str]:
    return list(json.loads(keys.read_text())["keys"].values())


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


def test_a_key_is_made_changed_and_retired(command: Command, keys: Path, url: str) -> None:
    code, first = command("ensure")
    assert code == 0
    assert command("ensure") == (0, first), "again it changes nothing"
    first = first.strip()
    ring = Keyring("notifications", keys)
    sealed, clear = uuid4(), uuid4()
    value = ring.seal(Place("receiver", sealed, "secret"), "whsec_x")
    put(url, (str(sealed), value.key_id, value.value), (str(clear), "", b"whsec_y"))
    code, shown = command("keys")
    assert code == 0
    assert f"{first}  1 rows  current" in shown
    assert "in clear  1 rows of receiver" in shown
    second = command("new-key")[1].strip()
    code, refused = command("retire", first)
    assert (code, "1 rows are still sealed" in refused) == (1, True)
    assert command("rotate") == (0, "2 rows sealed again, 0 left\n")
    assert command("rotate") == (0, "0 rows sealed again, 0 left\n")
    assert command("retire", first)[0] == 0
    assert command("retire", second)[0] == 1, "the current key stays"
    code, shown = command("keys")
    assert (code, shown) == (0, f"{second}  2 rows  current\n")


def test_no_command_shows_a_secret(command: Command, keys: Path, url: str) -> None:
    printed = "".join(command(word)[1] for word in ("ensure", "keys", "new-key", "keys", "rotate", "keys"))
    for secret in secrets_of(keys):
        assert secret not in printed
        assert base64.b64decode(secret).hex() not in printed


def test_a_key_that_is_missing_is_named(command: Command, keys: Path, url: str) -> None:
    ensure_key_file(keys)
    put(url, (str(uuid4()), "20200101T000000-abcdef", b"x" * 40))
    code, shown = command("keys")
    assert code == 1
    assert "20200101T000000-abcdef  1 rows of receiver  NOT IN THE KEY FILE" in shown


@pytest.mark.parametrize("word", ["keys", "rotate", "new-key"])
def test_an_open_file_is_refused(command: Command, keys: Path, word: str) -> None:
    ensure_key_file(keys)
    keys.chmod(0o644)
    code, shown = command(word)
    assert code == 1
    assert "owner alone" in shown
