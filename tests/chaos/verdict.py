"""What must be true of a history, whatever happened to the platform. Pure: data in, findings out."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.contracts.monitoring import FINDING_OPENED, SUBMISSION_APPROVED
from tests.chaos.history import Told, Visit

SUBMISSIONS, FINDINGS = SUBMISSION_APPROVED.topic, FINDING_OPENED.topic


@dataclass(frozen=True)
class Event:
    """One event, as a feed or a topic told it."""

    id: str
    topic: str
    key: str
    version: int
    """`aggregate_version`."""
    type: str = ""
    visit: str = ""
    """Of a finding: the submission it comes from."""


@dataclass(frozen=True)
class Finding:
    """A finding as it is stored."""

    id: str
    visit: str
    version: int
    recipients: frozenset[str]
    """Organisations that are told of whatever becomes of it."""


@dataclass
class Seen:
    """Everything that was read back after the load."""

    submissions: Mapping[str, Mapping[str, Any]]
    """By id: `state`, `version`, `fee` as stored."""
    feeds: Mapping[str, Sequence[Event]]
    """By service, in the order of positions, as read before the topics: all of these must be in them."""
    told_since: frozenset[str]
    """Ids in the feeds as read after the topics: a platform at rest still publishes the heads of its audit trails."""
    topics: Mapping[str, Sequence[Sequence[Event]]]
    """By topic, for each partition in the order of offsets."""
    applied: Mapping[str, Sequence[Event]]
    """By topic, what a consumer that only counts has applied, in its order; read between the topics and the feeds'
    second reading."""
    copies: Sequence[tuple[str, int, str]]
    """(visit, version, verdict) of each visit that scoring holds."""
    findings: Sequence[Finding]
    """As monitoring's table has them, whatever its feed told."""
    told: Sequence[tuple[str, str]]
    """(organisation, event) of each inbox entry about a finding."""
    dead_letters: Mapping[str, int]
    projections: Mapping[str, tuple[str, str]]
    """By name: digest of its tables before and after a rebuild."""


@dataclass
class Verdict:
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    reordered: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not (self.lost or self.doubled or self.reordered or self.different)

    def counts(self) -> dict[str, int]:
        return {name: len(found) for name, found in vars(self).items()}


def judge(visits: Sequence[Visit], seen: Seen) -> Verdict:
    """Every acknowledged write is stored, told once in order, and had its effects once."""
    found = Verdict()
    _writes(visits, seen, found)
    for service, feed in seen.feeds.items():
        _feed(service, feed, found)
    _events(visits, seen, found)
    _topics(seen, found)
    _applied(seen, found)
    _copies(visits, seen, found)
    _inboxes(visits, seen, found)
    found.different += [
        f"{service}: {count} dead letters" for service, count in seen.dead_letters.items() if count
    ]
    found.different += [name for name, (live, rebuilt) in seen.projections.items() if live != rebuilt]
    return found


def _writes(visits: Sequence[Visit], seen: Seen, found: Verdict) -> None:
    for visit in visits:
        if not visit.acknowledged:
            continue
        stored = seen.submissions.get(str(visit.id))
        if stored is None:
            found.lost.append(f"visit {visit.number}")
        elif (stored["version"], stored["fee"]) != (visit.version, visit.fee):
            found.lost.append(
                f"visit {visit.number}: {stored} instead of version {visit.version}, {visit.fee}"
            )
        elif visit.approved != (stored["state"] == "approved"):
            found.lost.append(f"visit {visit.number}: {stored['state']}")
    known = {visit.id for visit in visits}
    found.doubled += [f"submission {one} that nobody sent" for one in seen.submissions if one not in known]
    twice = [one for one, count in Counter(visit.id for visit in visits if visit.id).items() if count > 1]
    found.doubled += [f"submission {one} for two visits" for one in twice]


def _feed(service: str, feed: Sequence[Event], found: Verdict) -> None:
    twice = [one for one, count in Counter(event.id for event in feed).items() if count > 1]
    found.doubled += [f"{service} told {one} twice" for one in twice]
    found.reordered += [f"{service}: {one}" for one in disordered(feed)]


def _events(visits: Sequence[Visit], seen: Seen, found: Verdict) -> None:
    """Each acknowledged write has the events it causes, with exactly these versions, and nothing else has any."""
    wanted: Counter[tuple[str, str, Told]] = Counter()
    for visit in visits:
        wanted.update((SUBMISSIONS, str(visit.id), told) for told in visit.events())
        wanted.update((FINDINGS, str(visit.id), told) for told in visit.finding_events())
    told = Counter(
        (event.topic, event.visit or event.key, Told(event.type, event.version))
        for event in seen.feeds.get("monitoring", ())
        if event.topic in {SUBMISSIONS, FINDINGS}
    )
    found.lost += [f"no event {one.type} {one.version} of visit {visit}" for _, visit, one in wanted - told]
    found.doubled += [
        f"event {one.type} {one.version} of visit {visit}, which no write caused"
        for _, visit, one in told - wanted
    ]


def _topics(seen: Seen, found: Verdict) -> None:
    """Deliveries may be repeated. What comes first of each event comes in the order of its key."""
    sent = {event.id for partitions in seen.topics.values() for records in partitions for event in records}
    for service, feed in seen.feeds.items():
        found.lost += [
            f"{service}: {event.id} never reached the broker" for event in feed if event.id not in sent
        ]
    told = {event.id for feed in seen.feeds.values() for event in feed} | seen.told_since
    found.doubled += [f"the broker has {one}, which no feed tells" for one in sent - told]
    for topic, partitions in seen.topics.items():
        homes: dict[str, int] = {}
        for number, records in enumerate(partitions):
            found.reordered += [f"{topic}/{number}: {one}" for one in disordered(firsts(records))]
            for event in records:
                if homes.setdefault(event.key, number) != number:
                    found.reordered.append(f"{topic}: {event.key} is in two partitions")


def firsts(records: Iterable[Event]) -> list[Event]:
    seen: dict[str, Event] = {}
    for event in records:
        seen.setdefault(event.id, event)
    return list(seen.values())


def disordered(events: Iterable[Event]) -> list[str]:
    """Keys whose versions do not grow."""
    last: dict[tuple[str, str], int] = defaultdict(int)
    found = []
    for event in events:
        if event.version <= last[event.topic, event.key]:
            found.append(f"{event.topic} {event.key} version {event.version}")
        last[event.topic, event.key] = event.version
    return found


def _applied(seen: Seen, found: Verdict) -> None:
    """Each event once: the counting consumer has no key that would hide a second time."""
    told = {event.id for feed in seen.feeds.values() for event in feed} | seen.told_since
    for topic, events in seen.applied.items():
        times = Counter(event.id for event in events)
        found.doubled += [
            f"{topic}: {one} applied {count} times" for one, count in times.items() if count > 1
        ]
        found.doubled += [f"{topic}: {one} applied, which no feed tells" for one in times.keys() - told]
        found.lost += [
            f"{topic}: {event.id} never applied"
            for feed in seen.feeds.values()
            for event in feed
            if event.topic == topic and event.id not in times
        ]
        found.reordered += [f"applied: {one}" for one in disordered(firsts(events))]


def _copies(visits: Sequence[Visit], seen: Seen, found: Verdict) -> None:
    approved = {
        str(visit.id): (visit.version, "breached" if visit.breached else "met")
        for visit in visits
        if visit.approved
    }
    copies = Counter(visit for visit, _, _ in seen.copies)
    found.lost += [f"scoring never heard of {one}" for one in approved if not copies[one]]
    found.doubled += [f"scoring counts {one} {count} times" for one, count in copies.items() if count > 1]
    found.different += [
        f"scoring holds {visit} as {held}"
        for visit, *held in seen.copies
        if approved.get(visit) != tuple(held)
    ]


def _inboxes(visits: Sequence[Visit], seen: Seen, found: Verdict) -> None:
    """One finding for each visit that was ever breached, and everybody concerned told of each event of it."""
    wanted = Counter((str(visit.id), len(events)) for visit in visits if (events := visit.finding_events()))
    stored = Counter((finding.visit, finding.version) for finding in seen.findings)
    found.lost += [f"no finding of visit {visit} in version {version}" for visit, version in wanted - stored]
    found.doubled += [
        f"a finding of visit {visit} in version {version}, which no write caused"
        for visit, version in stored - wanted
    ]
    recipients = {finding.id: finding.recipients for finding in seen.findings}
    entries = Counter(
        (organisation, event.id)
        for event in seen.feeds.get("monitoring", ())
        if event.topic == FINDINGS
        for organisation in recipients.get(event.key, ())
    )
    told = Counter(seen.told)
    found.lost += [f"{organisation} was not told of {event}" for organisation, event in entries - told]
    found.doubled += [
        f"{organisation} was told of {event} more than once, or for nothing"
        for organisation, event in told - entries
    ]
