"""Seals and opens single fields with AES-256-GCM. A field is bound to its place, so it opens nowhere else."""

import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.people.key_file import KeyFile, KeyFileError, ensure_key_file, read_key_file

NONCE_BYTES = 12
"""Random: one key is good for 2^32 fields (NIST SP 800-38D §8.3)."""
UNSEALED = ""
"""Key id of a field that was moved here in clear by a migration, which has no keys; `people rotate` seals it."""
LOOK_SECONDS = 2.0
"""How long a new key in the file may go unnoticed."""


class CannotOpen(RuntimeError):
    """A sealed field does not open: its key is unknown, or it was changed or moved. Says where, not what."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed field stands. All of it is authenticated with the field."""

    table: str
    row: UUID
    field: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """`value` is the nonce and the ciphertext with its tag."""

    key_id: str
    value: bytes


class Keyring:
    """The data keys of one service, read from its key file and again when that changes.

    `make`: make the file where there is none (not in production)."""

    def __init__(
        self,
        service: str,
        path: Path | None,
        *,
        make: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.service = service
        self._path = path
        self._make = make
        self._monotonic = monotonic
        self._file: KeyFile | None = None
        self._ciphers: dict[str, AESGCM] = {}
        self._stamp: tuple[int, int, int] | None = None
        self._looked_at = float("-inf")

    @property
    def path(self) -> Path:
        """Raises KeyFileError when the settings name none."""
        if self._path is None:
            raise KeyFileError(f"{self.service} has no key file: set {self.service.upper()}_PEOPLE_KEYS")
        return self._path

    def check(self) -> None:
        """Read the file now. Raises KeyFileError."""
        self._known(again=True)

    @property
    def current(self) -> str:
        """Id of the key that seals."""
        return self._known().current

    @property
    def ids(self) -> Collection[str]:
        return self._known().keys.keys()

    def seal(self, place: Place, text: str) -> Sealed:
        key_id = self._known().current
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(
            key_id, nonce + self._ciphers[key_id].encrypt(nonce, text.encode(), self._bound_to(place))
        )

    def open(self, place: Place, sealed: Sealed) -> str:
        """Raises CannotOpen."""
        if sealed.key_id == UNSEALED:
            return sealed.value.decode()
        if sealed.key_id not in self._known().keys and sealed.key_id not in self._known(again=True).keys:
            raise CannotOpen(f"{place.table} {place.row}: sealed with key {sealed.key_id}, which is not here")
        nonce, ciphertext = sealed.value[:NONCE_BYTES], sealed.value[NONCE_BYTES:]
        try:
            return self._ciphers[sealed.key_id].decrypt(nonce, ciphertext, self._bound_to(place)).decode()
        except (InvalidTag, ValueError):
            raise CannotOpen(f"{place.table} {place.row}: changed, or not of this place") from None

    def _bound_to(self, place: Place) -> bytes:
        return "\0".join((self.service, place.table, str(place.row), place.field)).encode()

    def _known(self, *, again: bool = False) -> KeyFile:
        now = self._monotonic()
        if self._file is not None and not again and now - self._looked_at < LOOK_SECONDS:
            return self._file
        self._looked_at = now
        if self._make:
            ensure_key_file(self.path)
        stamp = _stamp(self.path)
        if self._file is None or stamp != self._stamp:
            self._file = read_key_file(self.path)
            self._ciphers = {key_id: AESGCM(key) for key_id, key in self._file.keys.items()}
            self._stamp = stamp
        return self._file


def _stamp(path: Path) -> tuple[int, int, int]:
    """Tells one content of the file from another: it is only ever replaced, never written in place."""
    try:
        found = path.stat()
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}") from error
    return found.st_ino, found.st_mtime_ns, found.st_size
