"""documents in words stand with the personal data, and a visit of a desk names its consent"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# The names of listed documents, as checks/documents.py compares them.
_LISTED = r"""
CREATE TEMPORARY TABLE listed ON COMMIT DROP AS
SELECT DISTINCT k.service_id, d ->> 'code' AS code,
    lower(regexp_replace(btrim(part.name), '\s+', ' ', 'g')) AS name
FROM known_standard AS k
CROSS JOIN LATERAL jsonb_array_elements(coalesce(k.state -> 'documents', '[]')) AS d
CROSS JOIN LATERAL jsonb_each_text(d -> 'name') AS named
CROSS JOIN LATERAL (SELECT named.value AS name
    UNION SELECT regexp_split_to_table(named.value, '\s*(,|;|/|\s(или|же|or)\s)\s*')) AS part
"""
_SAID = """
CREATE TEMPORARY TABLE asked_before ON COMMIT DROP AS
SELECT gen_random_uuid() AS id, found.submission_id, s.service_id, s.organisation_id, s.consent_id, s.created_at,
    found.asked, NULL::jsonb AS told
FROM (
    SELECT id AS submission_id, documents_asked AS asked FROM submission
    UNION SELECT submission_id, inputs -> 'documents_asked' FROM submission_check
    UNION SELECT submission_id, content -> 'documents_asked' FROM submission_version
) AS found JOIN submission AS s ON s.id = found.submission_id
WHERE jsonb_typeof(found.asked) = 'array' AND EXISTS (
    SELECT FROM jsonb_array_elements_text(found.asked) AS word WHERE NOT EXISTS (
        SELECT FROM listed WHERE listed.service_id = s.service_id AND listed.code = word))
"""
# A code where the words are on the list, else what the check has found of them.
_TOLD = r"""
UPDATE asked_before AS b SET told = (
    SELECT jsonb_agg(CASE
        WHEN word IN ('—', '?') THEN word
        WHEN EXISTS (SELECT FROM listed WHERE listed.service_id = b.service_id AND listed.code = word) THEN word
        ELSE coalesce(
            (SELECT min(listed.code) FROM listed WHERE listed.service_id = b.service_id
                AND listed.name = lower(regexp_replace(btrim(word), '\s+', ' ', 'g'))),
            (SELECT '—' FROM submission_check AS k, jsonb_array_elements(k.checks) AS c
                WHERE k.submission_id = b.submission_id AND k.inputs -> 'documents_asked' = b.asked
                AND c ->> 'criterion' = 'documents' AND c -> 'facts' -> 'unlisted_at' @> to_jsonb(at - 1) LIMIT 1),
            '?')
        END ORDER BY at)
    FROM jsonb_array_elements_text(b.asked) WITH ORDINALITY AS said (word, at))
"""
# Migrations have no keys: the worker seals what stands under the key id "" within minutes, `worker people rotate` at once.
_KEPT = """
INSERT INTO personal_data (id, person_id, organisation_id, kind, object_id, key_id, value, consent_id, ground, created_at)
SELECT b.id, coalesce(c.person_id, m.monitor_id), b.organisation_id,
    CASE WHEN c.id IS NULL THEN 'asked_documents' ELSE 'desk_asked_documents' END, b.submission_id, '',
    convert_to(b.asked::text, 'UTF8'), c.id, CASE WHEN c.id IS NULL THEN 'public_task' ELSE 'consent' END, b.created_at
FROM asked_before AS b LEFT JOIN consent AS c ON c.id = b.consent_id
LEFT JOIN submission_monitor AS m ON m.submission_id = b.submission_id
WHERE b.told <> b.asked AND c.withdrawn_at IS NULL
"""


def _words_apart() -> None:
    for statement in (_LISTED, _SAID, _TOLD, _KEPT):
        op.execute(statement)
    op.execute(
        """UPDATE submission AS s SET documents_asked = b.told, words_id = d.id
           FROM asked_before AS b LEFT JOIN personal_data AS d ON d.id = b.id
           WHERE b.submission_id = s.id AND b.asked = s.documents_asked"""
    )
    for table, column in (("submission_check", "inputs"), ("submission_version", "content")):
        op.execute(
            f"""UPDATE {table} AS t SET {column} = {column} || jsonb_build_object(
                    'documents_asked', b.told, 'words_id', d.id)
                FROM asked_before AS b LEFT JOIN personal_data AS d ON d.id = b.id
                WHERE b.submission_id = t.submission_id AND b.asked = t.{column} -> 'documents_asked'"""
        )
    # Answers kept for repeated requests hold the same words; from now on they are kept without.
    op.execute("""DELETE FROM idempotency WHERE position('"documents_asked":'::bytea IN body) > 0""")


def _desk_notes() -> None:
    """Corrections at a desk were kept as the clerk's own words. Their kind stays, to which they are sealed."""
    op.execute(
        """DELETE FROM personal_data AS d USING consent AS c WHERE d.object_id = c.object_id
           AND c.channel = 'desk' AND d.kind = 'visit_note' AND c.withdrawn_at IS NOT NULL"""
    )
    op.execute(
        """UPDATE personal_data AS d SET person_id = c.person_id, consent_id = c.id, ground = 'consent'
           FROM consent AS c WHERE d.object_id = c.object_id AND c.channel = 'desk' AND d.kind = 'visit_note'"""
    )


def upgrade() -> None:
    op.add_column("submission", sa.Column("words_id", sa.Uuid(), nullable=True))
    op.add_column("submission", sa.Column("consent_id", sa.Uuid(), nullable=True))
    op.execute(
        """UPDATE submission SET consent_id = consent.id FROM consent
           WHERE consent.object_id = submission.id AND consent.channel = 'desk'"""
    )
    _desk_notes()
    _words_apart()


def downgrade() -> None:
    """Only what was never sealed can be read without a key; of the rest the codes and marks stay."""
    words = """convert_from(d.value, 'UTF8')::jsonb FROM personal_data AS d WHERE d.key_id = ''"""
    op.execute(f"UPDATE submission SET documents_asked = {words} AND d.id = words_id")
    for table, column in (("submission_check", "inputs"), ("submission_version", "content")):
        op.execute(
            f"""UPDATE {table} SET {column} = jsonb_set({column}, '{{documents_asked}}',
                    convert_from(d.value, 'UTF8')::jsonb)
                FROM personal_data AS d WHERE d.key_id = '' AND d.id::text = {column} ->> 'words_id'"""
        )
        op.execute(f"UPDATE {table} SET {column} = {column} - 'words_id' WHERE {column} ? 'words_id'")
    op.execute("DELETE FROM personal_data WHERE kind IN ('asked_documents', 'desk_asked_documents')")
    op.drop_column("submission", "consent_id")
    op.drop_column("submission", "words_id")
