"""Totals beside the cells of markets' days, and the log by market and by when things happened."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Null in the rows that are there: roll-ups fill them from their cells, also where the log of their days is gone.
BESIDE = "ALTER TABLE market_days ADD COLUMN totals bytea, ADD COLUMN places bytea"

HAPPENED = """
CREATE INDEX availability_events_happened ON availability_events (market, coalesce(closed_at, opened_at, first_seen_at))
"""

# What it was made for is read by the index above.
CLOSED = "CREATE INDEX availability_events_closed ON availability_events (event_type, closed_at) WHERE closed_at IS NOT NULL"


def upgrade() -> None:
    op.execute(BESIDE)
    op.execute(HAPPENED)
    op.execute("DROP INDEX availability_events_closed")


def downgrade() -> None:
    op.execute(CLOSED)
    op.execute("DROP INDEX availability_events_happened")
    op.execute("ALTER TABLE market_days DROP COLUMN totals, DROP COLUMN places")
