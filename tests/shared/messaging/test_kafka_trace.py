"""From an HTTP request over Kafka to what a consumer causes: one trace."""

import asyncio
from collections.abc import Sequence

from shared.db.unit_of_work import UnitOfWork
from shared.messaging.contract import Audience, EventType
from shared.messaging.envelope import decode
from shared.messaging.subscription import Consumer, Received, handles
from shared.messaging.worker import Worker
from shared.worker import service_principal
from tests.kit.kafka import NamedApart
from tests.kit.sample.spec import NOTE_CHANGED, SPEC, NoteState
from tests.kit.service import StartService
from tests.shared.messaging.reading import all_records
from tests.shared.messaging.shop import until

ANSWERED = EventType("sample.answer.given.v1", NoteState, Audience.PUBLIC, "A consumer's answer to a note")
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


async def test_a_request_its_event_and_what_that_causes_are_one_trace(
    start_service: StartService, kafka_broker: NamedApart
) -> None:
    service = await start_service(SPEC)
    seen: list[str | None] = []

    async def answer(uow: UnitOfWork, events: Sequence[Received[NoteState]]) -> None:
        for event in events:
            seen.append(event.envelope.traceparent)
            uow.trace = event.trace
            uow.emit(ANSWERED, event.payload)

    async def hear(uow: UnitOfWork, events: Sequence[Received[NoteState]]) -> None:
        seen.extend(event.envelope.traceparent for event in events)

    worker = Worker(
        "sample",
        database=service.database,
        broker=kafka_broker,
        consumers=[
            Consumer("answer", (handles(NOTE_CHANGED, answer),)),
            Consumer("hear", (handles(ANSWERED, hear),)),
        ],
        topics={NOTE_CHANGED.topic: 1, ANSWERED.topic: 1},
        principal=service_principal(SPEC),
    )
    running = asyncio.create_task(worker.run())
    written = await service.client.post(
        "/v1/notes",
        json={"title": "Короткая очередь"},
        headers={**service.headers("sample:notes:write"), "traceparent": f"00-{TRACE_ID}-{SPAN}-01"},
    )
    assert written.status_code == 201

    async def heard() -> bool:
        return len(seen) == 2

    await until(heard, 60)
    await worker.stop()
    await running

    records = await all_records(kafka_broker, NOTE_CHANGED.topic, ANSWERED.topic)
    sent = {(e := decode(r.headers, r.value)).type: e.traceparent for r in records}
    assert seen == [sent[NOTE_CHANGED.name], sent[ANSWERED.name]]
    spans = []
    for traceparent in seen:
        assert traceparent is not None
        version, trace_id, span, flags = traceparent.split("-")
        assert (version, trace_id, flags) == ("00", TRACE_ID, "01")
        spans.append(span)
    assert len(set(spans)) == 2, "what an event causes is a span of its own"
