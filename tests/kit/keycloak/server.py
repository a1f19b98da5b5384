"""A Keycloak that runs: one realm with one public client and a person, and a browser that signs in there."""

import base64
import hashlib
import html
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from deploy.local.processes import Child, spawn
from tests.kit.keycloak.programs import Distribution

REALM, CLIENT = "ashar", "ashar-portal"
REDIRECT = "https://portal.example/signed-in"
USER, PASSWORD = "aigul", "kiyin-syr-soz"
_ADMIN = "admin"
_READY_SECONDS = 120.0


def issuer_at(port: int) -> str:
    """The `iss` of its tokens when it listens there."""
    return f"http://127.0.0.1:{port}/realms/{REALM}"


class NotReady(RuntimeError):
    """Keycloak did not start."""


@dataclass(frozen=True)
class Keycloak:
    url: str
    child: Child

    @property
    def issuer(self) -> str:
        return f"{self.url}/realms/{REALM}"

    def rotate_keys(self) -> None:
        """A new RSA key of a higher priority signs from now on."""
        with self._administering() as admin:
            key = {
                "name": secrets.token_hex(4),
                "providerId": "rsa-generated",
                "providerType": "org.keycloak.keys.KeyProvider",
                "config": {"priority": [str(int(time.time()))], "algorithm": ["RS256"]},
            }
            admin.post(f"/admin/realms/{REALM}/components", json=key).raise_for_status()

    def prepare(self) -> None:
        """The realm: a public client that must use PKCE, and a person with a password."""
        client = {
            "clientId": CLIENT,
            "publicClient": True,
            "standardFlowEnabled": True,
            "directAccessGrantsEnabled": False,
            "redirectUris": [REDIRECT],
            "attributes": {"pkce.code.challenge.method": "S256"},
        }
        person = {
            "username": USER,
            "enabled": True,
            "emailVerified": True,
            "email": "aigul@example.kg",
            "firstName": "Айгүл",
            "lastName": "Осмонова",
            "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
        }
        realm = {
            "realm": REALM,
            "enabled": True,
            "sslRequired": "none",
            "clients": [client],
            "users": [person],
        }
        with self._administering() as admin:
            admin.post("/admin/realms", json=realm).raise_for_status()

    @contextmanager
    def _administering(self) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.url, trust_env=False, timeout=30) as http:
            form = {
                "grant_type": "password",
                "client_id": "admin-cli",
                "username": _ADMIN,
                "password": _ADMIN,
            }
            answer = http.post("/realms/master/protocol/openid-connect/token", data=form).raise_for_status()
            http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
            yield http


@contextmanager
def running_keycloak(distribution: Distribution, folder: Path, port: int) -> Iterator[Keycloak]:
    """On loopback; ended by its pid, and by the kernel should this process die. Raises NotReady."""
    command = distribution.command(
        "start", "--optimized", "--cache=local", "--http-enabled=true", "--http-host=127.0.0.1", f"--http-port={port}",
        f"--hostname=http://127.0.0.1:{port}",
    )  # fmt: skip
    log = folder / "keycloak.log"
    env = {**os.environ, "KC_BOOTSTRAP_ADMIN_USERNAME": _ADMIN, "KC_BOOTSTRAP_ADMIN_PASSWORD": _ADMIN}
    keycloak = Keycloak(f"http://127.0.0.1:{port}", spawn(command, log=log, cwd=folder, env=env))
    try:
        if not _ready(keycloak):
            raise NotReady(log.read_text(errors="replace")[-3000:])
        keycloak.prepare()
        yield keycloak
    finally:
        keycloak.child.stop()


def _ready(keycloak: Keycloak) -> bool:
    deadline = time.monotonic() + _READY_SECONDS
    with httpx.Client(base_url=keycloak.url, trust_env=False, timeout=5) as http:
        while time.monotonic() < deadline and keycloak.child.poll() is None:
            try:
                if http.get("/realms/master").status_code == 200:
                    return True
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
    return False


@dataclass(frozen=True)
class CodeFlow:
    """The client's side of the authorization code flow with PKCE (RFC 7636), with a nonce of its own."""

    keycloak: Keycloak
    nonce: str
    verifier: str

    @classmethod
    def begin(cls, keycloak: Keycloak) -> "CodeFlow":
        return cls(keycloak, secrets.token_urlsafe(24), secrets.token_urlsafe(48))

    def id_token(self) -> str:
        """What a person's browser and the portal do: authorize, the login form, the code, the token."""
        with httpx.Client(trust_env=False, timeout=30) as browser:
            code = self._code(browser)
        form = {
            "grant_type": "authorization_code",
            "client_id": CLIENT,
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": self.verifier,
        }
        address = f"{self.keycloak.issuer}/protocol/openid-connect/token"
        answer = httpx.post(address, data=form, trust_env=False, timeout=30).raise_for_status().json()
        found: str = answer["id_token"]
        return found

    def _code(self, browser: httpx.Client) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        state = secrets.token_urlsafe(16)
        query: dict[str, Any] = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": REDIRECT,
            "scope": "openid",
            "state": state,
            "nonce": self.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        page = browser.get(f"{self.keycloak.issuer}/protocol/openid-connect/auth", params=query)
        form = re.search(r'<form[^>]*action="([^"]+)"', page.raise_for_status().text)
        assert form is not None, page.text[:2000]
        for cookie in browser.cookies.jar:
            cookie.secure = False  # browsers send such to loopback without TLS
        credentials = {"username": USER, "password": PASSWORD, "credentialId": ""}
        sent = browser.post(html.unescape(form[1]), data=credentials)
        assert sent.status_code == 302, sent.text[:2000]
        returned = urlsplit(sent.headers["location"])
        assert f"{returned.scheme}://{returned.netloc}{returned.path}" == REDIRECT
        answer = parse_qs(returned.query)
        assert answer["state"] == [state]
        return answer["code"][0]
