"""no figures of what is not shown"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_HIDDEN = """(it ->> 'numerator' IS NOT NULL OR it ->> 'denominator' IS NOT NULL)
    AND it -> 'source' ->> 0 = 'observation' AND (
        it ->> 'missing_reason' IN ('suppressed', 'not_applicable') OR it ->> 'missing_reason' LIKE 'fewer_than_%'
        OR EXISTS (SELECT FROM observation AS o
                   WHERE o.id = (it -> 'source' ->> 1)::uuid AND o.state <> 'reported'))"""
"""An indicator `it` of a result that shows the figures of an observation which is not shown itself."""


def upgrade() -> None:
    op.execute(
        f"""UPDATE result SET indicators = (
                SELECT jsonb_agg(CASE WHEN {_HIDDEN} THEN it || '{{"numerator": null, "denominator": null}}' ELSE it END
                                 ORDER BY place)
                FROM jsonb_array_elements(indicators) WITH ORDINALITY AS listed (it, place))
            WHERE EXISTS (SELECT FROM jsonb_array_elements(indicators) AS listed (it) WHERE {_HIDDEN})"""
    )
    op.execute(
        """UPDATE observation SET numerator = NULL, denominator = NULL
           WHERE state <> 'reported' AND (numerator IS NOT NULL OR denominator IS NOT NULL)"""
    )
    op.create_check_constraint(
        op.f("ck_observation_figures"),
        "observation",
        "state = 'reported' OR (numerator IS NULL AND denominator IS NULL)",
    )


def downgrade() -> None:
    # What was hidden stays hidden.
    op.drop_constraint(op.f("ck_observation_figures"), "observation", type_="check")
