"""How the embedded broker stores a record's headers: one value, any bytes, readable in psql."""

import orjson

from shared.messaging.envelope import Headers


def encode_headers(headers: Headers) -> bytes:
    """JSON `[[name, value], …]`; Latin-1 maps every byte to one character and back."""
    return orjson.dumps([(name, value.decode("latin-1")) for name, value in headers])


def decode_headers(stored: bytes) -> Headers:
    return [(name, value.encode("latin-1")) for name, value in orjson.loads(stored)]
