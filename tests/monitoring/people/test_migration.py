"""Notes of before there was a store: they move there with the migration, and the worker's job seals them."""

import json
from collections.abc import Callable
from uuid import uuid4

import asyncpg

from deploy.local.blocking import run_blocking
from services.monitoring.spec import SPEC
from shared.db import migrations
from shared.people.keyring import Keyring
from shared.people.rotation import rotate
from tests.kit.postgres import TemplateDatabases
from tests.kit.service import running_service
from tests.monitoring.registry import OWNER

VISIT, CAMPAIGN, CHECK, MONITOR, COORDINATOR = (uuid4() for _ in range(5))


async def _fill(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            f"""
            INSERT INTO campaign (id, owner_id, code, name, starts_on, ends_on, municipality_codes, service_ids, state,
                answer_days, origin, version, created_at, updated_at)
            VALUES ('{CAMPAIGN}', '{OWNER}', 'c', '{{}}', '2026-01-01', '2026-12-31', '{{41721000000000}}', '{{}}',
                'open', 14, 'demonstration', 1, now(), now());
            INSERT INTO submission (id, campaign_id, organisation_id, municipality_code, service_id, state, version,
                applied_on, note, comment, reason, check_id, created_at, updated_at)
            VALUES ('{VISIT}', '{CAMPAIGN}', '{OWNER}', '41721000000000', '{uuid4()}', 'rejected', 3, '2026-03-01',
                'second note', 'a comment', 'other', '{CHECK}', now(), now());
            INSERT INTO submission_check (id, submission_id, submission_version, cause, state, provisional, checks,
                calendar, inputs, checked_at)
            VALUES ('{CHECK}', '{VISIT}', 1, 'submitted', 'pending', false, '[]', '{{}}', '{{}}', now());
            INSERT INTO submission_monitor VALUES ('{VISIT}', '{MONITOR}');
            INSERT INTO submission_version (submission_id, version, change, content, recorded_at) VALUES
                ('{VISIT}', 1, 'submitted', '{{"note": "first note", "tier": null}}', now()),
                ('{VISIT}', 2, 'amended', '{{"note": "second note", "tier": null}}', now()),
                ('{VISIT}', 3, 'rejected', '{{"note": "second note", "tier": null}}', now());
            INSERT INTO audit (at, actor, actor_kind, action, object_type, object_id)
            VALUES (now(), '{COORDINATOR}', 'person', 'submission.reject', 'submission', '{VISIT}');
            INSERT INTO idempotency (subject, key, request_hash, status, headers, body) VALUES
                ('x', 'k1', '', 201, '{{}}', convert_to('{{"note":"first note"}}', 'UTF8')),
                ('x', 'k2', '', 201, '{{}}', convert_to('{{"id":1}}', 'UTF8'));
            """
        )
    finally:
        await connection.close()


async def test_notes_move_and_are_sealed(
    template_databases: TemplateDatabases, fresh_database: Callable[[str], str]
) -> None:
    def before(url: str) -> None:
        migrations.upgrade(SPEC.migrations, url, "0003")
        run_blocking(_fill(url))
        migrations.upgrade(SPEC.migrations, url)

    template_databases.ensure("monitoring_with_notes", before)
    async with running_service(SPEC, fresh_database("monitoring_with_notes")) as service:
        pool = service.database.pool
        people = await pool.fetch("SELECT person_id, kind, key_id FROM personal_data ORDER BY kind, value")
        assert [tuple(row) for row in people] == [
            (COORDINATOR, "review_comment", ""),
            (MONITOR, "visit_note", ""),
            (MONITOR, "visit_note", ""),
        ]
        assert await pool.fetchval("SELECT array_agg(key) FROM idempotency") == ["k2"]
        headers = service.headers("monitoring:submissions:read", org=OWNER)
        keyring: Keyring = service.database.keyring
        assert SPEC.people is not None
        for _ in range(2):
            shown = (await service.client.get(f"/v1/submissions/{VISIT}", headers=headers)).json()
            assert (shown["note"], shown["comment"]) == ("second note", "a comment")
            versions = await service.client.get(f"/v1/submissions/{VISIT}/versions", headers=headers)
            notes = [version["content"]["note"] for version in versions.json()["items"]]
            assert notes == ["first note", "second note", "second note"]
            await rotate(keyring, SPEC.people, service.database.transaction)
        assert await pool.fetchval("SELECT count(*) FROM personal_data WHERE key_id = ''") == 0


DESK_VISIT, WITHDRAWN_VISIT, PERSON, CLERK = (uuid4() for _ in range(4))
CONSENT, WITHDRAWN_CONSENT, SERVICE = (uuid4() for _ in range(3))
ASKED = '["passport", "ПАСПОРТ", "ID-карта", "справка Айзады", "паспорт Айзады"]'
CHECKS = '[{"criterion": "documents", "verdict": "breached", "reason": "unlisted_document", "facts": {"unlisted_at": [3]}}]'
LIST = '{"documents": [{"code": "passport", "name": {"ru": "Паспорт или ID-карта", "ky": "Паспорт"}}]}'


async def _ask(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            f"""
            INSERT INTO campaign (id, owner_id, code, name, starts_on, ends_on, municipality_codes, service_ids, state,
                answer_days, origin, version, created_at, updated_at)
            VALUES ('{CAMPAIGN}', '{OWNER}', 'c', '{{}}', '2026-01-01', '2026-12-31', '{{41721000000000}}', '{{}}',
                'open', 14, 'demonstration', 1, now(), now());
            INSERT INTO consent (id, person_id, organisation_id, purpose, text_version, channel, recorded_by, object_id,
                given_at, withdrawn_at) VALUES
                ('{CONSENT}', '{PERSON}', '{OWNER}', 'visit_by_desk', '2026-11', 'desk', '{CLERK}', '{DESK_VISIT}',
                    now(), NULL),
                ('{WITHDRAWN_CONSENT}', '{PERSON}', '{OWNER}', 'visit_by_desk', '2026-11', 'desk', '{CLERK}',
                    '{WITHDRAWN_VISIT}', now(), now());
            INSERT INTO personal_data (id, person_id, organisation_id, kind, object_id, key_id, value, ground)
            SELECT gen_random_uuid(), '{CLERK}', '{OWNER}', 'visit_note', object_id, '', 'a correction', 'public_task'
            FROM consent;
            INSERT INTO idempotency (subject, key, request_hash, status, headers, body) VALUES
                ('x', 'k1', '', 201, '{{}}', convert_to('{{"documents_asked":["x"]}}', 'UTF8')),
                ('x', 'k2', '', 201, '{{}}', convert_to('{{"id":1}}', 'UTF8'));
            """
        )
        await connection.execute(
            f"""INSERT INTO known_standard (version_id, version, standard_id, service_id, valid_from, recorded_at, state)
                VALUES (gen_random_uuid(), 1, gen_random_uuid(), '{SERVICE}', '2026-01-01', now(), '{LIST}')"""
        )
        for visit, maker in ((VISIT, MONITOR), (DESK_VISIT, CLERK), (WITHDRAWN_VISIT, CLERK)):
            check = uuid4()
            await connection.execute(
                f"""
                INSERT INTO submission (id, campaign_id, organisation_id, municipality_code, service_id, state, version,
                    applied_on, documents_asked, check_id, created_at, updated_at)
                VALUES ('{visit}', '{CAMPAIGN}', '{OWNER}', '41721000000000', '{SERVICE}', 'received', 2, '2026-03-01',
                    '{ASKED}', '{check}', now(), now());
                INSERT INTO submission_check (id, submission_id, submission_version, cause, state, provisional, checks,
                    calendar, inputs, checked_at)
                VALUES ('{check}', '{visit}', 1, 'submitted', 'pending', false, '{CHECKS}', '{{}}',
                    '{{"documents_asked": {ASKED}, "place": []}}', now());
                INSERT INTO submission_monitor VALUES ('{visit}', '{maker}');
                INSERT INTO submission_version (submission_id, version, change, content, recorded_at) VALUES
                    ('{visit}', 1, 'submitted', '{{"documents_asked": ["passport"], "note_id": null}}', now()),
                    ('{visit}', 2, 'amended', '{{"documents_asked": {ASKED}, "note_id": null}}', now());
                """
            )
    finally:
        await connection.close()


async def test_documents_in_words_move_and_desks_notes_come_to_their_persons(
    template_databases: TemplateDatabases, fresh_database: Callable[[str], str]
) -> None:
    def before(url: str) -> None:
        migrations.upgrade(SPEC.migrations, url, "0005")
        run_blocking(_ask(url))
        migrations.upgrade(SPEC.migrations, url)

    template_databases.ensure("monitoring_with_words", before)
    async with running_service(SPEC, fresh_database("monitoring_with_words")) as service:
        pool = service.database.pool
        people = await pool.fetch(
            "SELECT object_id, kind, person_id, consent_id, ground FROM personal_data ORDER BY kind"
        )
        assert [tuple(row) for row in people] == [
            (VISIT, "asked_documents", MONITOR, None, "public_task"),
            (DESK_VISIT, "desk_asked_documents", PERSON, CONSENT, "consent"),
            (DESK_VISIT, "visit_note", PERSON, CONSENT, "consent"),
        ], "what rested on a consent that was taken back is gone"
        told = ["passport", "passport", "passport", "—", "?"]
        for table, column in (
            ("submission", "documents_asked"),
            ("submission_check", "inputs -> 'documents_asked'"),
            ("submission_version", "content -> 'documents_asked'"),
        ):
            found = {tuple(row[0]) for row in await pool.fetch(f"SELECT {column} FROM {table}")}
            assert found - {("passport",)} == {tuple(told)}, table
        assert await pool.fetchval("SELECT array_agg(key) FROM idempotency") == ["k2"]
        assert await pool.fetchval("SELECT consent_id FROM submission WHERE id = $1", DESK_VISIT) == CONSENT
        headers = service.headers("monitoring:submissions:read", org=OWNER)
        assert SPEC.people is not None
        for _ in range(2):
            for visit, shown in ((VISIT, ASKED), (DESK_VISIT, ASKED), (WITHDRAWN_VISIT, told)):
                path = f"/v1/submissions/{visit}"
                wanted = json.loads(shown) if isinstance(shown, str) else shown
                answer = (await service.client.get(path, headers=headers)).json()
                assert answer["documents_asked"] == wanted
                versions = (await service.client.get(f"{path}/versions", headers=headers)).json()["items"]
                assert [one["content"]["documents_asked"] for one in versions] == [["passport"], wanted]
                [check] = (await service.client.get(f"{path}/checks", headers=headers)).json()["items"]
                assert check["inputs"]["documents_asked"] == wanted
            await rotate(service.database.keyring, SPEC.people, service.database.transaction)
        assert await pool.fetchval("SELECT count(*) FROM personal_data WHERE key_id = ''") == 0
