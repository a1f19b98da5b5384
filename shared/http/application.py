"""The kit's ASGI layer: one per service. Sees each request first: ids, trace, token, limits, hot reads,
then hands it to the FastAPI app of the feature its first path segment names."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import asyncpg
import structlog

from shared.auth.tokens import TokenVerifier
from shared.db.database import NO_CONNECTION
from shared.http.bodies import Message, Receive, checked
from shared.http.context import RequestContext, read_request_id
from shared.http.errors import BadRequest, InvalidToken, NotFound, Problem, TooLarge, Unavailable
from shared.http.hot import HotReads
from shared.http.metrics import RequestMetrics
from shared.http.problems import render

Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

log = structlog.get_logger("http")


_DATABASE_GONE: tuple[type[Exception], ...] = (*NO_CONNECTION, asyncpg.InterfaceError)


class Dispatcher:
    """Pure ASGI: no framework middleware, so context variables and streams behave."""

    def __init__(
        self,
        *,
        apps: dict[str, App],
        fallback: App,
        hot: HotReads,
        verifier: TokenVerifier,
        metrics: RequestMetrics,
        max_body_bytes: int,
    ) -> None:
        self._apps = apps
        self._fallback = fallback
        self._hot = hot
        self._verifier = verifier
        self._metrics = metrics
        self._max_body = max_body_bytes
        self.runtime: Any = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        headers = _first_headers(scope["headers"])
        context = RequestContext(read_request_id(headers.get(b"x-request-id")), headers.get(b"traceparent"))
        exchange = _Exchange(send, context, bodiless=scope["method"] == "HEAD")
        if exchange.bodiless:
            scope = {**scope, "method": "GET"}  # not in place: the server counts bytes by its own
        try:
            await self._answer(scope, receive, exchange, headers, context)
        except Exception:
            log.exception("request failed", route=context.route, trace_id=context.trace_id)
            if not exchange.started:
                await self._send_problem(Problem(), scope, exchange, headers, context)
        finally:
            if context.reading:
                await context.give_back()
            seconds = time.perf_counter() - started
            route = _template(scope) or context.route
            self._metrics.observe(scope["method"], route, exchange.status, seconds)
            if context.route != "hot" and route not in _QUIET:
                log.info(
                    "request",
                    method=scope["method"],
                    route=route,
                    status=exchange.status,
                    ms=round(seconds * 1000, 1),
                    trace_id=context.trace_id,
                    request_id=context.request_id,
                )

    async def _answer(
        self,
        scope: MutableMapping[str, Any],
        receive: Receive,
        exchange: "_Exchange",
        headers: dict[bytes, bytes],
        context: RequestContext,
    ) -> None:
        try:
            await self._identify(headers.get(b"authorization"), context)
            self._check_length(headers)
        except Problem as problem:
            await self._send_problem(problem, scope, exchange, headers, context)
            return
        if await self._answer_hot(scope, exchange, headers, context):
            return
        state = scope.setdefault("state", {})
        state["context"] = context
        app = self._app(scope["path"])
        if app is None:
            await self._send_problem(NotFound(), scope, exchange, headers, context)
            return
        body = checked(receive, scope, headers, media_types=self.runtime.media_types, limit=self._max_body)
        await app(scope, body, exchange.send)

    def _app(self, path: str) -> App | None:
        """`/v1/<segment>/…` belongs to a feature; everything outside `/v1` to the service itself."""
        if not path.startswith("/v1/"):
            return self._fallback
        end = path.find("/", 4)
        return self._apps.get(path[4:] if end < 0 else path[4:end])

    async def _identify(self, authorization: bytes | None, context: RequestContext) -> None:
        if authorization is None:
            return
        scheme, _, token = authorization.decode("latin-1").partition(" ")
        if scheme.lower() == "basic":
            return  # client credentials of the token endpoint; nobody else takes them
        if scheme.lower() != "bearer" or not token:
            raise InvalidToken(detail="Only bearer tokens are taken.")
        context.principal = await self._verifier.principal(token.strip())

    def _check_length(self, headers: dict[bytes, bytes]) -> None:
        length = headers.get(b"content-length")
        if length is None:
            return
        if not length.isdigit():
            raise BadRequest(detail="Content-Length is not a number.")
        if int(length) > self._max_body:
            raise TooLarge(max_bytes=self._max_body)

    async def _answer_hot(
        self,
        scope: MutableMapping[str, Any],
        exchange: "_Exchange",
        headers: dict[bytes, bytes],
        context: RequestContext,
    ) -> bool:
        match = self._hot.match(scope)
        if match is None:
            return False
        read, identifier = match
        try:
            found = await self._hot.answer(
                read, identifier, headers.get(b"if-none-match"), self.runtime.database
            )
        except _DATABASE_GONE as error:
            raise_from = Unavailable(headers={"Retry-After": "2"})
            raise_from.__cause__ = error
            await self._send_problem(raise_from, scope, exchange, headers, context)
            return True
        if found is None:
            return False
        context.route = "hot"
        status, answer_headers, body = found
        await exchange.send({"type": "http.response.start", "status": status, "headers": answer_headers})
        await exchange.send({"type": "http.response.body", "body": body})
        return True

    async def _send_problem(
        self,
        problem: Problem,
        scope: MutableMapping[str, Any],
        exchange: "_Exchange",
        headers: dict[bytes, bytes],
        context: RequestContext,
    ) -> None:
        status, found, body = render(
            problem,
            self.runtime.catalogue,
            accept_language=headers.get(b"accept-language", b"").decode("latin-1"),
            instance=f"/api/{self.runtime.spec.name}{scope['path']}",
            trace_id=context.trace_id,
        )
        found["content-length"] = str(len(body))
        raw = [(name.encode(), value.encode()) for name, value in found.items()]
        await exchange.send({"type": "http.response.start", "status": status, "headers": raw})
        await exchange.send({"type": "http.response.body", "body": body})


class _Exchange:
    """The answer on its way out: adds the request id, remembers the status."""

    __slots__ = ("_context", "_send", "bodiless", "started", "status")

    def __init__(self, send: Send, context: RequestContext, *, bodiless: bool) -> None:
        self.bodiless = bodiless
        self._send = send
        self._context = context
        self.status = 500
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if self._context.reading:
                await self._context.give_back()  # a slow client must not keep it
            self.started = True
            self.status = message["status"]
            message["headers"] = [
                *message.get("headers", ()),
                (b"x-request-id", self._context.request_id.encode()),
            ]
        elif self.bodiless:
            message = {**message, "body": b""}
        await self._send(message)


def _first_headers(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        found.setdefault(name, value)
    return found


def _template(scope: MutableMapping[str, Any]) -> str | None:
    route = scope.get("route")
    return getattr(route, "path", None)


_QUIET = {"/healthz", "/readyz", "/metrics"}
