"""An OpenID Connect provider for tests: real HTTP on loopback, real signatures. It rotates its keys, goes away and
comes back, and lies when it is told to."""

import asyncio
import functools
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from shared.clock import Clock

CLIENT = "ashar-portal"
AnyKey = RSAKey | ECKey


class OutsideIssuer:
    """`url` is its `iss`. Every path that was asked for is counted in `asked`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.url = ""
        self.asked: Counter[str] = Counter()
        self.answers: dict[str, Any] = {}
        """What it answers instead of the truth, by path: a document, bytes, or a status."""
        self._server: asyncio.Server | None = None
        self._rotations = 0
        self.keys: list[RSAKey | ECKey] = []
        self.rotate()

    @property
    def key(self) -> RSAKey | ECKey:
        return self.keys[-1]

    def rotate(self, *, elliptic: bool = False, keep: bool = True) -> None:
        """Sign with a new key from now on; `keep` publishes the old ones still."""
        self._rotations += 1
        made = _key(f"key-{self._rotations}", elliptic=elliptic)
        self.keys = [*(self.keys if keep else ()), made]

    def claims(self, nonce: str, /, **changes: Any) -> dict[str, Any]:
        """What an ID token of it says; a claim of None is left out."""
        now = int(self.clock.now().timestamp())
        whole = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "21504199600123",
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
            "name": "Айгүл Осмонова",
            **changes,
        }
        return {name: value for name, value in whole.items() if value is not None}

    def id_token(
        self,
        nonce: str,
        /,
        *,
        header: dict[str, Any] | None = None,
        key: AnyKey | None = None,
        **changes: Any,
    ) -> str:
        """Signed with its present key, or with another one."""
        signing = key or self.key
        algorithm = {RSAKey: "RS256", ECKey: "ES256"}[type(signing)]
        full = {"alg": algorithm, "kid": self.key.kid, **(header or {})}
        return jwt.encode(full, self.claims(nonce, **changes), signing, algorithms=[full["alg"]])

    async def start(self) -> None:
        """Listen, at the same address as before if there was one."""
        parts = urlsplit(self.url)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", parts.port or 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        path = head.split(" ", 2)[1]
        self.asked[path] += 1
        status, body = self._answer(path)
        writer.write(
            f"HTTP/1.1 {status} .\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
            + body
        )
        await writer.drain()
        writer.close()

    def _answer(self, path: str) -> tuple[int, bytes]:
        found = self.answers.get(path, self._truth(path))
        if isinstance(found, int):
            return found, b"{}"
        return 200, found if isinstance(found, bytes) else json.dumps(found).encode()

    def _truth(self, path: str) -> Any:
        if path == DISCOVERY:
            return {"issuer": self.url, "jwks_uri": self.url + KEYS}
        return KeySet(list(self.keys)).as_dict(private=False) if path == KEYS else 404


@functools.cache
def _key(kid: str, *, elliptic: bool) -> RSAKey | ECKey:
    """Made once a process: an RSA key takes a quarter of a second."""
    header: Any = {"kid": kid, "use": "sig"}
    return ECKey.generate_key("P-256", header) if elliptic else RSAKey.generate_key(2048, header)


DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys"


@asynccontextmanager
async def outside_issuer(clock: Clock) -> AsyncIterator[OutsideIssuer]:
    """One that runs, for the length of the block."""
    made = OutsideIssuer(clock)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
