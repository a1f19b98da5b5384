"""Every way an ID token can be wrong: refused, with the reason in the log and nothing of the token there."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey
from structlog.testing import capture_logs

from shared.clock import FixedClock
from tests.kit.outside_issuer import CLIENT, DISCOVERY, KEYS
from tests.registry.conftest import NOON
from tests.registry.sign_in.conftest import Desk, Ticking, new_nonce

Make = Callable[[Desk, str], str]


def unsigned(desk: Desk, nonce: str) -> str:
    return ".".join(
        (encoded({"alg": "none", "kid": desk.provider.key.kid}), encoded(desk.provider.claims(nonce)), "")
    )


def encoded(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def hmac_with_the_public_key(desk: Desk, nonce: str, algorithm: str = "HS256") -> str:
    """What a careless verifier takes for a secret is published."""
    head = encoded({"alg": algorithm, "kid": desk.provider.key.kid})
    signed = f"{head}.{encoded(desk.provider.claims(nonce))}"
    secret = desk.provider.key.as_pem(private=False)
    signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def hmac_that_says_rs256(desk: Desk, nonce: str) -> str:
    return hmac_with_the_public_key(desk, nonce, "RS256")


def changed_after_signing(desk: Desk, nonce: str) -> str:
    head, _, signature = desk.provider.id_token(nonce).split(".")
    return ".".join((head, encoded(desk.provider.claims(nonce, sub="somebody else")), signature))


def at(desk: Desk, seconds: int) -> int:
    return int(desk.provider.clock.now().timestamp()) + seconds


def with_header(desk: Desk, nonce: str, **header: Any) -> str:
    """A good body and signature under another header."""
    _, body, signature = desk.provider.id_token(nonce).split(".")
    return ".".join((encoded({"alg": "RS256", **header}), body, signature))


RSA = RSAKey.generate_key(2048)
CASES: dict[str, tuple[str, Make]] = {
    "not a token": ("malformed", lambda _, __: "header.claims"),
    "no JSON": ("malformed", lambda _, __: "a.b.c"),
    "claims that are a list": ("malformed", lambda desk, nonce: f"{encoded({})}.W10.x"),
    "alg none": ("algorithm_not_allowed", unsigned),
    "alg None": ("algorithm_not_allowed", lambda d, n: unsigned(d, n).replace("none", "None")),
    "hmac with the public key": ("algorithm_not_allowed", hmac_with_the_public_key),
    "hmac that says RS256": ("bad_signature", hmac_that_says_rs256),
    "an algorithm not in the settings": (
        "algorithm_not_allowed",
        lambda desk, nonce: desk.provider.id_token(nonce, header={"alg": "RS512"}),
    ),
    "ES256 with the id of an RSA key": (
        "bad_signature",
        lambda desk, nonce: desk.provider.id_token(nonce, key=ECKey.generate_key("P-256")),
    ),
    "a swapped key": ("bad_signature", lambda desk, nonce: desk.provider.id_token(nonce, key=RSA)),
    "changed after it was signed": ("bad_signature", changed_after_signing),
    "an unknown kid": (
        "unknown_key",
        lambda desk, nonce: desk.provider.id_token(nonce, header={"kid": "other"}),
    ),
    "a kid that is no text": ("unknown_key", lambda d, n: with_header(d, n, kid=7)),
    "no kid": ("unknown_key", with_header),
    "an unknown issuer": (
        "unknown_issuer",
        lambda desk, nonce: desk.provider.id_token(nonce, iss="https://evil.example"),
    ),
    "an issuer that is no text": (
        "unknown_issuer",
        lambda d, n: d.provider.id_token(n, iss=[d.provider.url]),
    ),
    "no issuer": ("unknown_issuer", lambda desk, nonce: desk.provider.id_token(nonce, iss=None)),
    "another audience": ("wrong_audience", lambda d, n: d.provider.id_token(n, aud="another")),
    "a foreign audience beside ours": (
        "wrong_audience",
        lambda desk, nonce: desk.provider.id_token(nonce, aud=[CLIENT, "another"], azp=CLIENT),
    ),
    "no audience": ("wrong_audience", lambda desk, nonce: desk.provider.id_token(nonce, aud=[])),
    "made for another party": (
        "wrong_authorized_party",
        lambda desk, nonce: desk.provider.id_token(nonce, azp="another"),
    ),
    "two audiences and no party": (
        "wrong_authorized_party",
        lambda desk, nonce: desk.provider.id_token(nonce, aud=[CLIENT, "ashar-mobile"]),
    ),
    "expired": ("expired", lambda d, n: d.provider.id_token(n, iat=at(d, -400), exp=at(d, -60))),
    "issued in the future": (
        "issued_in_future",
        lambda d, n: d.provider.id_token(n, iat=at(d, 61), exp=at(d, 300)),
    ),
    "not valid yet": ("not_valid_yet", lambda d, n: d.provider.id_token(n, nbf=at(d, 61))),
    "issued long ago": ("too_old", lambda d, n: d.provider.id_token(n, iat=at(d, -660), exp=at(d, 9000))),
    "no expiry": ("times_missing", lambda desk, nonce: desk.provider.id_token(nonce, exp=None)),
    "no time of issue": ("times_missing", lambda desk, nonce: desk.provider.id_token(nonce, iat=None)),
    "an expiry that is a word": ("times_missing", lambda d, n: d.provider.id_token(n, exp="tomorrow")),
    "an expiry that is true": ("times_missing", lambda desk, nonce: desk.provider.id_token(nonce, exp=True)),
    "an expiry beyond all": ("times_missing", lambda desk, nonce: desk.provider.id_token(nonce, exp=10**30)),
    "no nonce": ("wrong_nonce", lambda desk, nonce: desk.provider.id_token(nonce, nonce=None)),
    "another nonce": ("wrong_nonce", lambda desk, _: desk.provider.id_token("nonce-of-another-one")),
    "no subject": ("subject_missing", lambda desk, nonce: desk.provider.id_token(nonce, sub=None)),
    "an empty subject": ("subject_missing", lambda desk, nonce: desk.provider.id_token(nonce, sub="")),
    "a subject with a NUL": ("subject_missing", lambda d, n: d.provider.id_token(n, sub="a\x00b")),
}


async def refused(desk: Desk, token: str, nonce: str) -> tuple[httpx.Response, list[Any]]:
    with capture_logs() as lines:
        answer = await desk.exchange(token, nonce)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_grant"), answer.text
    assert answer.json()["error"] == "invalid_grant", "RFC 6749 §5.2"
    return answer, lines


def reasons(lines: list[Any]) -> list[str]:
    return [line["reason"] for line in lines if line["event"] == "sign-in refused"]


@pytest.mark.parametrize("case", CASES)
async def test_a_wrong_token_is_refused_and_the_log_says_why(desk: Desk, case: str):
    reason, make = CASES[case]
    nonce = new_nonce()
    token = make(desk, nonce)
    answer, lines = await refused(desk, token, nonce)
    assert reasons(lines) == [reason]
    told = json.dumps(lines, default=str) + answer.text
    secret_parts = [
        part for part in (*token.split("."), nonce, "21504199600123", "Осмонова") if len(part) > 8
    ]
    assert not [part for part in secret_parts if part in told]
    pool = desk.registry.database.pool
    for table in ("person", "person_identity", "sign_in_session", "used_nonce", "refresh_token"):
        assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0, table


async def test_leeway_forgives_a_clock_that_is_a_little_off(desk: Desk):
    for changes in (
        {"iat": at(desk, 59), "exp": at(desk, 300)},
        {"iat": at(desk, -300), "exp": at(desk, -59)},
        {"nbf": at(desk, 59)},
        {"iat": at(desk, -659), "exp": at(desk, 9000)},
        {"aud": [CLIENT, "ashar-mobile"], "azp": "ashar-mobile"},
    ):
        nonce = new_nonce()
        answer = await desk.exchange(desk.provider.id_token(nonce, **changes), nonce)
        assert answer.status_code == 200, (changes, answer.text)


async def test_a_nonce_is_good_once(desk: Desk):
    nonce = new_nonce()
    token = desk.provider.id_token(nonce)
    assert (await desk.exchange(token, nonce)).status_code == 200
    _, lines = await refused(desk, token, nonce)
    assert reasons(lines) == ["nonce_replayed"]
    _, lines = await refused(desk, desk.provider.id_token(nonce, sub="another"), nonce)
    assert reasons(lines) == ["nonce_replayed"], "also in another token"
    kept = await desk.registry.database.pool.fetchrow("SELECT * FROM used_nonce")
    assert nonce.encode() not in kept["nonce_hash"]
    assert kept["forget_at"] == NOON + timedelta(seconds=360), "until the token would be refused for its age"


async def test_the_keys_of_the_provider_change(desk: Desk, ticking: Ticking):
    await desk.sign_in()
    desk.provider.rotate()
    nonce = new_nonce()
    fresh = desk.provider.id_token(nonce)
    await refused(desk, fresh, nonce)
    ticking.seconds += 5
    assert (await desk.exchange(fresh, nonce)).status_code == 200, "an unknown kid makes us ask again"
    desk.provider.rotate(elliptic=True, keep=False)
    ticking.seconds += 5
    await desk.sign_in()
    nonce = new_nonce()
    old = desk.provider.id_token(nonce, header={"kid": "key-1"})
    _, lines = await refused(desk, old, nonce)
    assert reasons(lines) == ["unknown_key"], "a key that is published no more opens nothing"


async def test_unknown_keys_do_not_make_us_ask_without_end(desk: Desk, ticking: Ticking):
    await desk.sign_in()
    asked = desk.provider.asked[KEYS]
    for number in range(20):
        nonce = new_nonce()
        await refused(desk, desk.provider.id_token(nonce, header={"kid": f"made-up-{number}"}), nonce)
    assert desk.provider.asked[KEYS] == asked
    ticking.seconds += 5
    for number in range(20):
        nonce = new_nonce()
        await refused(desk, desk.provider.id_token(nonce, header={"kid": f"made-up-{number}"}), nonce)
    assert desk.provider.asked[KEYS] == asked + 1
    assert desk.provider.asked[DISCOVERY] == 1


async def test_a_provider_that_is_away_before_its_keys_were_seen(desk: Desk, ticking: Ticking):
    nonce = new_nonce()
    token = desk.provider.id_token(nonce)
    await desk.provider.stop()
    away = await desk.exchange(token, nonce)
    assert (away.status_code, away.json()["code"]) == (503, "issuer_unreachable")
    assert int(away.headers["retry-after"]) > 0
    await desk.provider.start()
    ticking.seconds += int(away.headers["retry-after"])
    assert (await desk.exchange(token, nonce)).status_code == 200, "the nonce is still good"


async def test_a_provider_that_is_away_afterwards(desk: Desk, ticking: Ticking):
    """Keys that were seen hold for a day."""
    await desk.sign_in()
    await desk.provider.stop()
    ticking.seconds += 23 * 3600
    await desk.sign_in()
    ticking.seconds += 2 * 3600
    nonce = new_nonce()
    assert (await desk.exchange(desk.provider.id_token(nonce), nonce)).status_code == 503


@pytest.mark.parametrize(
    "lie",
    [
        {DISCOVERY: {"issuer": "https://evil.example", "jwks_uri": "https://evil.example/keys"}},
        {DISCOVERY: {}},
        {DISCOVERY: [1]},
        {DISCOVERY: b"<html>"},
        {DISCOVERY: 500},
        {KEYS: {"keys": []}},
        {KEYS: {"keys": [{"kty": "oct", "kid": "key-1", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}]}},
        {KEYS: {"keys": "none"}},
        {KEYS: b"\xff"},
        {KEYS: 404},
    ],
    ids=str,
)
async def test_a_provider_that_lies_of_itself_gives_no_keys(
    desk: Desk, ticking: Ticking, lie: dict[str, Any]
):
    desk.provider.answers = lie
    nonce = new_nonce()
    token = desk.provider.id_token(nonce)
    answer = await desk.exchange(token, nonce)
    assert answer.status_code in {503, 400}, answer.text
    desk.provider.answers = {}
    ticking.seconds += 5
    assert (await desk.exchange(token, nonce)).status_code == 200, "and is believed again afterwards"


async def test_a_clock_that_goes_on_ends_an_id_token(desk: Desk, clock: FixedClock):
    nonce = new_nonce()
    token = desk.provider.id_token(nonce)
    clock.moment = NOON + timedelta(seconds=360)
    _, lines = await refused(desk, token, nonce)
    assert reasons(lines) == ["expired"]
