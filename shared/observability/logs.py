"""Structured logs: one JSON object a line, with trace id and service, never with personal data."""

import logging
import sys
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal

import orjson
import structlog

_SECRET_NAMES = ("authorization", "token", "secret", "password", "key", "phone", "email")


def configure_logging(level: str, style: Literal["json", "console"]) -> None:
    """Route structlog and the standard library to one stream. Called once, by a process's entry point."""
    structlog.configure(
        **(_json_lines() if style == "json" else _console_lines()),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    renderer: Any = structlog.processors.JSONRenderer(serializer=_dumps) if style == "json" else _console()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_chain(),
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("uvicorn.access").disabled = True  # the kit writes one line a request itself
    for noisy in ("httpx", "httpcore", "asyncio", "aiokafka"):
        logging.getLogger(noisy).setLevel("WARNING")


def _json_lines() -> dict[str, Any]:
    return {"processors": _JSON, "logger_factory": structlog.BytesLoggerFactory(sys.stderr.buffer)}


def _console_lines() -> dict[str, Any]:
    return {
        "processors": [*_chain(), _console()],
        "logger_factory": structlog.WriteLoggerFactory(sys.stderr),
    }


def _chain() -> list[Any]:
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]


def _console() -> Any:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


def _json_line(logger: Any, method: str, event: dict[str, Any]) -> bytes:
    if "exc_info" in event:
        structlog.processors.format_exc_info(logger, method, event)
    event["level"] = method
    event["timestamp"] = datetime.now(UTC)
    return orjson.dumps(hide_secrets(logger, method, event), default=str, option=orjson.OPT_UTC_Z)


# One step from the event to bytes: each request writes a line, and a chain of processors costs twice as much. One list
# for the life of the process: a logger that was used keeps it, also when logging is configured again.
_JSON: list[Any] = [_json_line]


def hide_secrets(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Values under names that hold secrets or contacts never reach the stream."""
    for name in event:
        if name != "event" and _names_a_secret(name):
            event[name] = "[hidden]"
    return event


@lru_cache(maxsize=1000)  # names stand in the code, so there are few
def _names_a_secret(name: str) -> bool:
    return any(part in name.lower() for part in _SECRET_NAMES)


def _dumps(value: Any, **_: Any) -> str:
    return orjson.dumps(value, default=str).decode()
