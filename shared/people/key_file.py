"""The file that holds a service's data keys: JSON, mode 0600, `{"current": id, "keys": {id: base64 of 32 bytes}}`."""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

KEY_BYTES = 32
_OTHERS = 0o077


class KeyFileError(RuntimeError):
    """The key file cannot be used. The message names the file, never what is in it."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """All keys open, the current one seals."""

    current: str
    keys: dict[str, bytes] = field(repr=False)


def read_key_file(path: Path) -> KeyFile:
    """Raises KeyFileError where it is missing, readable by others, or not what it should be."""
    try:
        if path.stat().st_mode & _OTHERS:
            raise KeyFileError(f"{path} must be readable by its owner alone (chmod 600)")
        found = json.loads(path.read_text(encoding="utf-8"))
        keys = {str(name): base64.b64decode(key, validate=True) for name, key in found["keys"].items()}
        current = str(found["current"])
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeyFileError(f"{path} is not a key file") from None  # the cause would quote what it holds
    if current not in keys or any(len(key) != KEY_BYTES for key in keys.values()) or "" in keys:
        raise KeyFileError(f"{path} is not a key file")
    return KeyFile(current, keys)


def ensure_key_file(path: Path) -> None:
    """Make a file with a first key where there is none. Safe to call from several processes at once."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    name, key = _new_key()
    draft = _draft(path, KeyFile(name, {name: key}))
    try:
        os.link(draft, path)  # unlike a rename it fails where another was quicker
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def add_key(path: Path) -> str:
    """Add a key that seals from now on; its id. Processes take it up within seconds."""
    with _alone(path):
        known = read_key_file(path)
        name, key = _new_key()
        _draft(path, KeyFile(name, {**known.keys, name: key})).replace(path)
    return name


def remove_key(path: Path, name: str) -> None:
    """Forget a key: what is still sealed with it can never be opened again, so `retiring.retire` looks first.

    Raises KeyFileError for the current."""
    with _alone(path):
        known = read_key_file(path)
        check_retirable(path, known, name)
        left = {key_id: key for key_id, key in known.keys.items() if key_id != name}
        _draft(path, KeyFile(known.current, left)).replace(path)


def check_retirable(path: Path, known: KeyFile, name: str) -> None:
    """Raises KeyFileError for the current key and for one that is not there."""
    if name == known.current or name not in known.keys:
        raise KeyFileError(f"{path} has no key of this id beside the current one")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """From reading to replacing nobody else changes the file: two that add a key at once would lose one of them.

    The lock is on the folder, because the file is another one after each change; what was replaced is on disk when
    the lock goes."""
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
        os.fsync(folder)
    finally:
        os.close(folder)


def _new_key() -> tuple[str, bytes]:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}", secrets.token_bytes(KEY_BYTES)


def _draft(path: Path, content: KeyFile) -> Path:
    """A complete file beside the real one, on disk before it takes its place."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    keys = {name: base64.b64encode(key).decode() for name, key in content.keys.items()}
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as output:
        json.dump({"current": content.current, "keys": keys}, output)
        output.flush()
        os.fsync(output.fileno())
    return draft
