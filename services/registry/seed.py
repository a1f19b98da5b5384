"""Loads the seeds through the use cases, so they emit events like anything else. Run again it changes nothing."""

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog

from services.registry.access import service as access
from services.registry.access.domain import OrganisationKind
from services.registry.access.schemas import OrganisationDraft
from services.registry.adoption_rules import service as adoption_rules
from services.registry.adoption_rules.domain import Adopter
from services.registry.adoption_rules.schemas import AdoptionRuleDraft
from services.registry.calendar import service as calendar
from services.registry.calendar.schemas import Decree
from services.registry.catalogue import repository as services
from services.registry.catalogue import service as catalogue
from services.registry.catalogue.domain import Regime
from services.registry.catalogue.schemas import CollectedGap, CollectedService, Facts, RegisterNumber
from services.registry.legal import effects
from services.registry.legal import service as legal
from services.registry.legal.domain import ActKind
from services.registry.legal.schemas import ActRecord, EffectDraft
from services.registry.reviews import service as reviews
from services.registry.reviews.schemas import RoundDraft
from services.registry.service_points import service as service_points
from services.registry.service_points.collected import collected_fact, collected_point
from services.registry.standards import adoption
from services.registry.standards.content import StandardContent
from services.registry.templates import service as templates
from services.registry.templates.domain import RowKind
from services.registry.templates.schemas import RowDraft
from services.registry.territories import boundaries
from services.registry.territories import service as territories
from services.registry.territories.domain import TerritoryKind, is_municipality
from services.registry.territories.schemas import (
    BoundarySource,
    Coordinates,
    EditionDraft,
    Heading,
    TerritoryDraft,
)
from shared.auth.principal import system_principal
from shared.clock import Clock
from shared.contracts.registry import ServiceLevel
from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition
from shared.ids import seed_id
from shared.values import Origin

SEEDS = Path(__file__).parent / "seeds"
SOATE_EDITION = "2010s, as copied on 2021-04-12"
SOATE = EditionDraft(
    date=date(2021, 4, 12),
    title="SOATE of the 2010s, as copied on 2021-04-12; when the copied edition was issued is not known",
    origin=Origin.OFFICIAL,
    source="National Statistical Committee's classifier, copy in runejo/nscreg, commit 2abab9d6",
)
BOUNDARIES = {
    level: BoundarySource(
        level=level,
        tolerance_metres=metres,
        edition=date(2018, 11, 19),
        licence="CC BY-IGO",
        licence_url="https://creativecommons.org/licenses/by/3.0/igo/",
        origin=Origin.OFFICIAL,
        source="OCHA COD-AB, Ministry of Emergency Situations, 2018-11-19, copy in WFP-VAM/prism-app, commit d60adbde; "
        "Bishkek and Osh from optgeo/ky1, commit 25b668f8 (2025-08-05); simplified, lakes left out",
    )
    for level, metres in ((1, 400), (2, 300))
}
BATCH = 500
"""Rows a transaction: the event rows of one stay small enough for the sequencer to follow at once."""

Row = dict[str, str]
T = TypeVar("T")


class _Sourced(Protocol):
    @property
    def origin(self) -> Origin: ...


D = TypeVar("D", bound=_Sourced)
log = structlog.get_logger("seed")


async def seed(database: Database, clock: Clock) -> None:
    """Territories, organisations, acts, calendar, services, standards, points, in the order they refer to each other."""
    loader = Loader(database, clock)
    units = loader.admitted(_territories())
    for batch in _batches(units):
        async with loader.unit_of_work() as uow:
            await territories.record_territories(uow, batch)
    async with loader.unit_of_work() as uow:
        await _record_classifier(uow)
    for drafts in _batches(loader.admitted([*_organisations(), *_municipalities(units)])):
        async with loader.unit_of_work() as uow:
            await access.register_organisations(uow, drafts)
    async with loader.unit_of_work() as uow:
        await _record_acts(uow)
        await _record_calendar(uow, loader)
    async with loader.unit_of_work() as uow:
        await catalogue.collect(uow, loader.admitted([_service(row) for row in _rows("services.csv")]))
        for row in _rows("service_gaps.csv"):
            await catalogue.list_gap(uow, CollectedGap.model_validate(_present(row)))
    async with loader.unit_of_work() as uow:
        await _record_template(uow)
        await _record_adoption_rules(uow)
        await _record_standards(uow, loader)
        await _open_reviews(uow)
    async with loader.unit_of_work() as uow:
        points = [collected_point(row) for row in _rows("service_points.csv")]
        await service_points.collect(uow, loader.admitted(points))
        for fact in loader.admitted([collected_fact(row) for row in _rows("service_point_facts.csv")]):
            await service_points.collect_fact(uow, fact)


class Loader:
    """Acts as the registry itself."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._principal = system_principal("service", seed_id("system", "registry"))

    def unit_of_work(self) -> UnitOfWork:
        return UnitOfWork(self._database, self._principal, self._clock)

    def admitted(self, drafts: Sequence[D]) -> list[D]:
        """Without what is demonstration, where the database holds real data."""
        if not self._database.production:
            return list(drafts)
        kept = [draft for draft in drafts if draft.origin is not Origin.DEMONSTRATION]
        if len(kept) < len(drafts):
            log.warning("demonstration data left out", rows=len(drafts) - len(kept))
        return kept


async def _record_classifier(uow: UnitOfWork) -> None:
    """What stands around the units: the edition they are of, its headings, boundaries."""
    await territories.ensure_edition(uow, SOATE)
    headings = [
        Heading.model_validate(
            {
                **_present({name: row[name] for name in ("code", "parent_code", "origin", "source")}),
                "name": _name(row),
            }
        )
        for row in _rows("territory_headings.csv")
    ]
    await territories.record_headings(uow, headings)
    for level, source in BOUNDARIES.items():
        document = (SEEDS / f"boundaries_{level}.geojson").read_text(encoding="utf-8")
        await boundaries.record_boundaries(uow, source, boundaries.geometries_of(document))


def _territories() -> list[TerritoryDraft]:
    """Parents before children, as the file has them; Osh's own units last."""
    classifier = [_territory(row, SOATE_EDITION) for row in _rows("territories.csv")]
    osh = [_territory(row, "2025") for row in _rows("osh_territorial_units.csv")]
    return [*classifier, *osh]


def _territory(row: Row, edition: str) -> TerritoryDraft:
    place = None
    if row["latitude"]:
        place = Coordinates(
            latitude=float(row["latitude"]),
            longitude=float(row["longitude"]),
            source=row["coordinates_source"],
        )
    return TerritoryDraft(
        code=row["code"],
        kind=TerritoryKind(row["kind"]),
        name=_name(row),
        parent_code=row["parent_code"] or None,
        p_code=row["p_code"] or None,
        coordinates=place,
        edition=edition,
        origin=Origin(row["origin"]),
        source=row["source"],
    )


def _organisations() -> list[OrganisationDraft]:
    found = []
    for row in _rows("organisations.csv"):
        known = _present({name: row[name] for name in ("code", "kind", "territory_code", "origin", "source")})
        found.append(
            OrganisationDraft.model_validate(
                {**known, "id": seed_id("organisation", row["code"]), "name": _name(row)}
            )
        )
    return found


def _municipalities(units: Sequence[TerritoryDraft]) -> Iterator[OrganisationDraft]:
    """The body of each municipality and of each territorial unit of Osh, under the unit's code."""
    for unit in units:
        if is_municipality(unit.kind):
            kind, parent = OrganisationKind.MUNICIPALITY, None
        elif unit.kind in {TerritoryKind.CITY_TERRITORIAL_UNIT, TerritoryKind.RURAL_TERRITORIAL_UNIT}:
            kind, parent = OrganisationKind.TERRITORIAL_UNIT, seed_id("organisation", unit.parent_code or "")
        else:
            continue
        yield OrganisationDraft(
            id=seed_id("organisation", unit.code),
            code=unit.code,
            kind=kind,
            name=unit.name,
            territory_code=unit.code,
            parent_id=parent,
            origin=unit.origin,
            source=unit.source,
        )


async def _record_acts(uow: UnitOfWork) -> None:
    for row in _rows("legal_acts.csv"):
        known = _present(
            {name: text for name, text in row.items() if not name.startswith(("issuer", "title"))}
        )
        record = ActRecord.model_validate(
            {**known, "issuer": _name(row, "issuer"), "title": _name(row, "title") or None}
        )
        identifier = seed_id("legal_act", f"{row['kind']}/{row['number']}/{row['date']}")
        await legal.ensure_act(uow, record, identifier)
    for row in _rows("legal_act_effects.csv"):
        known = _present({name: row[name] for name in ("kind", "since", "provision", "origin", "source")})
        draft = EffectDraft.model_validate({**known, "target_id": seed_id("legal_act", row["target"])})
        identifier = seed_id("legal_act_effect", f"{row['act']} {row['kind']} {row['target']}")
        await effects.ensure_effect(uow, seed_id("legal_act", row["act"]), draft, identifier)


async def _record_calendar(uow: UnitOfWork, loader: Loader) -> None:
    content = json.loads((SEEDS / "calendar.json").read_text(encoding="utf-8"))
    for year in content["years"]:
        await calendar.record_year(uow, calendar.YearRecord(**year, corrections=()))
    for entry in content["decrees"]:
        known = (await calendar.year_row(uow.sql, entry["year"]))["version"]
        for decree in loader.admitted([Decree.model_validate(entry["decree"])]):
            if known == 0:
                await calendar.record_decree(uow, entry["year"], decree, Precondition.at(0))


def _service(row: Row) -> CollectedService:
    facts = _present({name: row[name] for name in Facts.model_fields})
    numbers = []
    if row["register_item"]:
        number = {
            name: row[f"register_{name}"]
            for name in ("section", "item", "edition")
            if row[f"register_{name}"]
        }
        numbers.append(RegisterNumber.model_validate(number))
    plain = ("code", "level", "body_code", "status", "merged_into", "regime", "sector", "origin", "source")
    return CollectedService.model_validate(
        {
            **_present({name: row[name] for name in plain}),
            "name": _name(row),
            "name_states": dict(pair.split(":") for pair in row["name_states"].split()),
            "register_numbers": numbers,
            "facts": Facts.model_validate(facts),
        }
    )


async def _record_template(uow: UnitOfWork) -> None:
    """The passport of the typical standard; what is not known of a row is not in its line."""
    entry = json.loads((SEEDS / "template.json").read_text(encoding="utf-8"))
    rows = [
        RowDraft.model_validate(
            {
                **_present({name: row[name] for name in ("code", "number", "source")}),
                "kind": RowKind(row["kind"]),
                "title": _name(row, "title"),
                "required": bool(row["required"]),
                "unverified": bool(row["unverified"]),
            }
        )
        for row in _rows("template_rows.csv")
    ]
    collected = templates.Collected(
        code=entry["code"],
        title=entry["title"],
        rows=tuple(rows),
        review_months=None,
        act_id=seed_id("legal_act", entry["act"]),
        valid_from=date.fromisoformat(entry["valid_from"]),
        origin=Origin(entry["origin"]),
        source=entry["source"],
    )
    await templates.record_collected(uow, collected)


async def _record_adoption_rules(uow: UnitOfWork) -> None:
    for row in _rows("adoption_rules.csv"):
        draft = AdoptionRuleDraft(
            level=ServiceLevel(row["level"]),
            regime=Regime(row["regime"]) if row["regime"] else None,
            powers=dict(_power(pair) for pair in row["powers"].split()),
            valid_from=date.fromisoformat(row["valid_from"]),
            act_id=seed_id("legal_act", row["act"]),
            origin=Origin(row["origin"]),
            source=row["source"],
        )
        name = f"{row['level']}/{row['regime']}/{row['valid_from']}"
        await adoption_rules.ensure(uow, seed_id("adoption_rule", name), draft)


def _power(pair: str) -> tuple[ActKind, Adopter]:
    kind, _, adopter = pair.partition(":")
    return ActKind(kind), Adopter(adopter)


async def _open_reviews(uow: UnitOfWork) -> None:
    for row in _rows("review_rounds.csv"):
        draft = RoundDraft(
            code=row["code"],
            title=_name(row, "title"),
            reviewers_needed=int(row["reviewers_needed"]),
            bodies=[seed_id("organisation", code) for code in row["bodies"].split()],
            opens_on=date.fromisoformat(row["opens_on"]),
            origin=Origin(row["origin"]),
            source=row["source"],
        )
        await reviews.ensure_round(uow, seed_id("review_round", row["code"]), draft)


async def _record_standards(uow: UnitOfWork, loader: Loader) -> None:
    for entry in json.loads((SEEDS / "standards.json").read_text(encoding="utf-8")):
        service_id = (await services.ids_of_codes(uow.sql, [entry["service"]]))[entry["service"]]
        collected = adoption.Collected(
            service_id=service_id,
            content=StandardContent.model_validate(entry["content"]),
            missing=tuple(entry["missing"]),
            valid_from=date.fromisoformat(entry["valid_from"]),
            origin=Origin(entry["origin"]),
            source=entry["source"],
        )
        for admitted in loader.admitted([collected]):
            await adoption.record_collected(uow, admitted)


def _rows(name: str) -> list[Row]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _name(row: Row, column: str = "name") -> dict[str, str]:
    """The languages a text is known in: an empty cell is a missing name, not an empty one."""
    found = {language: row.get(f"{column}_{language}", "") for language in ("ky", "ru", "en")}
    return {language: text for language, text in found.items() if text}


def _present(row: Row) -> dict[str, Any]:
    return {name: text for name, text in row.items() if text}


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
