"""Stand-ins of the five services: one real HTTP server on five ports, in a thread of the test process."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from deploy.gateway.settings import SERVICES, Service, Upstream
from tests.deploy.gateway.tokens import Issuer

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
PROBLEM = (
    b'{"type":"https://ashar.kg/problems/idea_closed","title":"Closed","status":409,"code":"idea_closed"}'
)


@dataclass
class Stub:
    """Where the services listen, and what the registry says its keys are."""

    upstreams: dict[Service, Upstream]
    issuer: Issuer = field(default_factory=Issuer)
    jwks_status: int = 200
    jwks_fetches: int = 0

    def service_at(self, port: int) -> str:
        return next(name for name, upstream in self.upstreams.items() if upstream.port == port)


def app(stub: Stub) -> Starlette:
    async def jwks(_: Request) -> Response:
        stub.jwks_fetches += 1
        return JSONResponse(stub.issuer.jwks(), stub.jwks_status)

    async def problem(_: Request) -> Response:
        return Response(PROBLEM, 409, media_type="application/problem+json")

    async def large(request: Request) -> Response:
        return JSONResponse({"text": "ашар " * 1000}, headers=dict(request.query_params))

    async def silence(_: Request) -> Response:
        await asyncio.sleep(3600)
        return Response()

    async def events(request: Request) -> Response:
        async def lines() -> AsyncIterator[bytes]:
            for number in range(int(request.query_params["events"])):
                await asyncio.sleep(float(request.query_params["every"]))
                yield f"data: {number}\n\n".encode()

        return StreamingResponse(lines(), media_type="text/event-stream")

    async def echo(request: Request) -> Response:
        try:
            return JSONResponse(await _seen(stub, request))
        except ClientDisconnect:
            return Response()

    return Starlette(
        routes=[
            Route("/v1/.well-known/jwks.json", jwks),
            Route("/v1/problem", problem),
            Route("/v1/large", large),
            Route("/docs/large.json", large),
            Route("/v1/silence", silence),
            Route("/v1/events", events),
            Route("/{path:path}", echo, methods=METHODS),
        ]
    )


async def _seen(stub: Stub, request: Request) -> dict[str, Any]:
    return {
        "service": stub.service_at(request.scope["server"][1]),
        "method": request.method,
        "target": request.scope["raw_path"].decode() + "?" * bool(request.url.query) + request.url.query,
        "headers": dict(request.headers),
        "body_bytes": sum([len(chunk) async for chunk in request.stream()]),
    }


class _Server(uvicorn.Server):
    """Ends without waiting for the requests that never get an answer."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.force_exit = True
        await super().shutdown(sockets)


@contextmanager
def run_stub(registry_port: int = 0) -> Iterator[Stub]:
    ports = (registry_port if service == "registry" else 0 for service in SERVICES)
    sockets = [socket.create_server(("127.0.0.1", port)) for port in ports]
    places = (Upstream("127.0.0.1", listening.getsockname()[1]) for listening in sockets)
    stub = Stub(dict(zip(SERVICES, places, strict=True)))
    server = _Server(uvicorn.Config(app(stub), log_level="critical", lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets)))
    thread.start()
    try:
        yield stub
    finally:
        server.should_exit = True
        thread.join()
        for listening in sockets:
            listening.close()
