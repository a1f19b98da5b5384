"""`worker people …`: what an operator does with the data keys, and what of them is shown."""

import base64
import json
from pathlib import Path
from uuid import uuid4

import pytest

from shared.people.key_file import ensure_key_file
from shared.people.keyring import Keyring, Place
from tests.shared.people.conftest import Command, put


def secrets_of(keys: Path) -> list[str]:
    return list(json.loads(keys.read_text())["keys"].values())


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


def test_a_rotation_names_what_does_not_open_and_goes_on(command: Command, keys: Path, url: str) -> None:
    ensure_key_file(keys)
    broken = sorted(str(uuid4()) for _ in range(3))
    put(url, (broken[0], "20200101T000000-abcdef", b"x" * 40), (broken[1], "", b"whsec_y"))
    put(url, (broken[2], Keyring("notifications", keys).current, b"x" * 40))
    command("new-key")
    code, shown = command("rotate")
    assert code == 1
    assert "1 rows sealed again, 2 left, 2 do not open\n" in shown
    assert f"does not open: receiver {broken[0]}: sealed with key 20200101T000000-abcdef" in shown
    assert f"does not open: receiver {broken[2]}: changed" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("word", ["keys", "rotate", "new-key"])
def test_an_open_file_is_refused(command: Command, keys: Path, word: str) -> None:
    ensure_key_file(keys)
    keys.chmod(0o644)
    code, shown = command(word)
    assert code == 1
    assert "owner alone" in shown
