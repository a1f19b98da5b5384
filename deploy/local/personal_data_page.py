"""Writes docs/personal-data.md out of the services' tables: `python -m deploy.local.personal_data_page write|check`."""

import sys
from datetime import timedelta
from pathlib import Path

from deploy.local.services import SPECS
from shared.people.erasing import AUDIT_KEPT, CONSENTS_KEPT
from shared.people.kinds import Ground, Holding, Kind, People
from shared.people.retention import ANSWERS_KEPT, EVERY, PROOF_KEPT

PAGE = Path(__file__).parents[2] / "docs" / "personal-data.md"

_HEAD = """# Personal data

What each service knows of people, why, for how long, and what erasure does to it. Made of the services' tables
(`services/*/people/kinds.py`) by `python -m deploy.local.personal_data_page write`; what is not listed here is not taken in.
Why it is built so: [ADR 0013](adr/0013-personal-data.md).

Text of people and their contacts stand in one table a service, `personal_data`, sealed field by field (AES-256-GCM, bound
to service, table, row, kind and organisation). They are in no event, log, address or error, and in no answer to another
organisation. What stands elsewhere is named below; persons are ids there.
"""
_GROUNDS = {
    Ground.CONSENT: "consent of the person, recorded with the version of the text agreed to; taken back, the data go at once",
    Ground.PUBLIC_TASK: "a task given by law: monitoring of public services, or acting for a public body",
    Ground.CONTRACT: "dealings between two parties, asked for by the person",
    Ground.LEGAL_OBLIGATION: "the platform has to be able to show who did what",
}
_LAW = """
Law of the Kyrgyz Republic No. 58 of 14 April 2008 on personal data, Government Regulation No. 759 of 21 November 2017 (how
consent is obtained), and the Digital Code No. 178 of 31 July 2025, chapter on the processing of personal data. Whoever runs
the platform is the holder of the data and has to have this table looked at by a lawyer before it takes in real people.
"""


def page() -> str:
    """The whole text."""
    parts = [_HEAD, "## Legal grounds\n"]
    parts += [f"- **{ground}**: {text}." for ground, text in _GROUNDS.items()]
    parts += [_LAW, _every_service()]
    parts += [_of_service(spec.name, spec.title, spec.people) for spec in SPECS if spec.people is not None]
    return "\n".join(parts)


def _every_service() -> str:
    rows = [
        ("kept_answers", "Answers kept for repeated requests, without what people said.", f"{_span(ANSWERS_KEPT + EVERY)} at most", "erased"),
        ("consents", "Who agreed to which text, when, taken down by whom.", f"{_span(PROOF_KEPT)} after it is taken back", f"kept: {CONSENTS_KEPT}"),
        ("audit", "Who did what, for whom (ids).", "not limited", f"kept: {AUDIT_KEPT}"),
        ("erased_person", "Ids of erased persons.", "not limited", "is what keeps them from coming back"),
    ]  # fmt: skip
    return "\n".join(
        ["## Every service\n", "| kind | what | kept for | on erasure |", "|---|---|---|---|"]
        + [f"| {' | '.join(row)} |" for row in rows]
        + [""]
    )


def _of_service(name: str, title: str, people: People) -> str:
    kinds: tuple[Kind, ...] = (*people.kinds, *people.holdings)
    lines = [f"## {title}\n"]
    if kinds:
        lines += [
            "| kind | where | what | why | ground | kept for | on erasure |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [f"| {' | '.join(_row(kind))} |" for kind in kinds]
    else:
        lines.append("Takes in nothing of people but who acted (audit).")
    texts = [f"`{text.purpose}` {text.version}" for text in people.texts]
    if texts:
        lines.append(f"\nConsents (`GET /api/{name}/v1/consents/texts`): {', '.join(texts)}.")
    sealed = [f"`{column.table}.{column.value}`" for column in people.sealed]
    if sealed:
        lines.append(f"\nSealed with the same keys, though no personal data: {', '.join(sealed)}.")
    return "\n".join([*lines, ""])


def _row(kind: Kind) -> tuple[str, ...]:
    stays = f"{kind.on_erasure}: {kind.kept_on}" if kind.kept_on else str(kind.on_erasure)
    where = f"`{kind.table}`" if isinstance(kind, Holding) else "store, sealed"
    kept = _span(kind.retention) if kind.retention else "as long as what it belongs to"
    if kind.ground is Ground.CONSENT:
        kept = f"until consent is taken back, {kept} at most"
    return kind.name, where, kind.what, kind.purpose, str(kind.ground), kept, stays


def _span(span: timedelta) -> str:
    if span < timedelta(days=2):
        return f"{span.total_seconds() / 3600:.0f} hours"
    return f"{span.days // 365} years" if span.days % 365 == 0 else f"{span.days} days"


def main() -> None:
    """`write` it, or exit with 1 where it is not current."""
    if sys.argv[1:] == ["write"]:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        sys.stderr.write(f"{PAGE.name} is not current: python -m deploy.local.personal_data_page write\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
