"""Which records a broker refuses before it sends any, so that nothing of a key passes a refused record."""

from collections.abc import Container, Sequence

from shared.messaging.broker import MAX_RECORD_BYTES, Outgoing


class UnknownTopic(Exception):
    """The topic does not exist; topics are made by `ensure_topics`, never by publishing."""


class RecordTooLarge(Exception):
    """The record is larger than the broker takes."""


class KeyHeldBack(Exception):
    """An earlier record of the same key was refused."""


def refusals(records: Sequence[Outgoing], topics: Container[str]) -> list[Exception | None]:
    """Per record why it is refused, None where it is not. `topics` are those that exist."""
    held: set[tuple[str, bytes]] = set()
    results: list[Exception | None] = []
    for record in records:
        refusal: Exception | None = None
        if record.topic not in topics:
            refusal = UnknownTopic(record.topic)
        elif len(record.value) > MAX_RECORD_BYTES:
            refusal = RecordTooLarge(f"{len(record.value)} bytes")
        elif (record.topic, record.key) in held:
            refusal = KeyHeldBack(record.topic)
        if refusal is not None:
            held.add((record.topic, record.key))
        results.append(refusal)
    return results
