"""One function per event type that people are told of. Everything a text needs stands in the event."""

from collections.abc import Callable
from typing import Any

from services.notifications.notices.domain import Notice
from services.notifications.notices.texts import sentence
from shared.contracts import ideas_market, monitoring, registry, scoring
from shared.messaging.contract import Audience, EventType
from shared.messaging.subscription import Received
from shared.values import Money

Values = dict[str, str | dict[str, str]]


def _notice(received: Received[Any], key: str, values: Values, link: str, **more: Any) -> Notice:
    envelope = received.envelope
    return Notice(
        event_id=envelope.event_id,
        event_type=envelope.type,
        subject_id=received.payload.id,
        title=sentence(f"{key}.title", values),
        body=sentence(f"{key}.body", values),
        link=link,
        public=envelope.audience is Audience.PUBLIC,
        recipients=envelope.recipients,
        **more,
    )


def _standard(received: Received[registry.StandardVersion]) -> Notice:
    standard = received.payload
    values: Values = {
        "service": standard.service.name,
        "version": str(standard.version),
        "date": standard.valid_from.isoformat(),
    }
    link = f"/api/registry/v1/standards/{standard.id}"
    return _notice(received, "standard.adopted", values, link, places=standard.applies_to)


def _finding(received: Received[monitoring.FindingState]) -> Notice:
    finding = received.payload
    values: Values = {
        "code": finding.code,
        "service": finding.service.name,
        "municipality": finding.municipality.name,
        "criterion": sentence(f"criterion.{finding.criterion}", {}),
        "answer": _answer(finding),
        "addressee": finding.addressee.name or finding.addressee.code or "—",
        "due": finding.answer_due_on.isoformat() if finding.answer_due_on else "—",
    }
    link = f"/api/monitoring/v1/findings/{finding.id}"
    key = _KEYS.get(received.envelope.type, f"finding.{finding.state}")
    return _notice(received, key, values, link, places=finding.municipality.path)


_KEYS = {
    monitoring.FINDING_OPENED.name: "finding.opened",
    monitoring.FINDING_ESCALATED.name: "finding.escalated",
}


def _answer(finding: monitoring.FindingState) -> dict[str, str]:
    """Who is asked to answer, by when, and where: monitoring takes no answers yet."""
    day = finding.answer_due_on.isoformat() if finding.answer_due_on else "—"
    provisional = finding.answer_due_provisional
    values: Values = {
        "addressee": finding.addressee.name or finding.addressee.code or "—",
        "campaign": finding.campaign.name or finding.campaign.code or "—",
        "code": finding.code,
        "due": sentence("finding.due.provisional", {"due": day}) if provisional else day,
    }
    return sentence("finding.answer", values)


def _run(received: Received[scoring.RunPublished]) -> Notice:
    run = received.payload
    values: Values = {
        "method": run.method_code,
        "date": run.period_end.isoformat(),
        "ranked": str(run.ranked),
        "municipalities": str(run.municipalities),
    }
    return _notice(received, "run.published", values, f"/api/scoring/v1/runs/{run.id}")


def _idea(received: Received[ideas_market.IdeaState]) -> Notice:
    idea = received.payload
    values: Values = {
        "title": idea.title,
        "organisation": idea.organisation.name,
        "municipality": idea.municipality.name,
        "requested": _amount(idea.requested),
    }
    link = f"/api/ideas_market/v1/ideas/{idea.id}"
    return _notice(
        received, "idea.published", values, link, places=idea.municipality.path, sector=idea.sector
    )


def _reservation(received: Received[ideas_market.ReservationState]) -> Notice:
    reservation = received.payload
    ended = received.envelope.type == ideas_market.RESERVATION_ENDED.name
    values: Values = {
        "idea": reservation.idea.name,
        "donor": reservation.donor.name,
        "pledge": _amount(reservation.pledge),
        "date": reservation.expires_at.date().isoformat(),
    }
    key = "reservation.ended" if ended else "reservation.made"
    return _notice(received, key, values, f"/api/ideas_market/v1/reservations/{reservation.id}")


def _amount(money: Money) -> dict[str, str]:
    """As each language writes it: a comma before the decimals in Kyrgyz and Russian, a point in English."""
    spaced = f"{money.amount:,.2f} {money.currency}".replace(",", "\u00a0")
    return {"ky": spaced.replace(".", ","), "ru": spaced.replace(".", ","), "en": spaced}


NOTICES: dict[EventType[Any], Callable[[Received[Any]], Notice]] = {
    registry.STANDARD_ADOPTED: _standard,
    monitoring.FINDING_OPENED: _finding,
    monitoring.FINDING_CHANGED: _finding,
    monitoring.FINDING_ESCALATED: _finding,
    scoring.RUN_PUBLISHED: _run,
    ideas_market.IDEA_PUBLISHED: _idea,
    ideas_market.RESERVATION_MADE: _reservation,
    ideas_market.RESERVATION_ENDED: _reservation,
}
"""What people can be told of; a subscription names these types."""

WITH_PLACES = frozenset(
    event.name
    for event in (
        registry.STANDARD_ADOPTED,
        monitoring.FINDING_OPENED,
        monitoring.FINDING_CHANGED,
        ideas_market.IDEA_PUBLISHED,
    )
)
"""Types whose notices say where something is."""
WITH_SECTOR = frozenset({ideas_market.IDEA_PUBLISHED.name})
