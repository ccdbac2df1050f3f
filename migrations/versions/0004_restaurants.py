"""Which venues are one restaurant, by evidence and by hand, and where venues are."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

VENUE_LINKS = """
CREATE TABLE venue_links (
    provider text COLLATE "C" NOT NULL,
    venue_id text COLLATE "C" NOT NULL,
    other_provider text COLLATE "C" NOT NULL,
    other_venue_id text COLLATE "C" NOT NULL,
    verdict text COLLATE "C" NOT NULL,
    confidence double precision NOT NULL,
    evidence text[] NOT NULL,
    CONSTRAINT venue_links_pkey PRIMARY KEY (provider, venue_id, other_provider, other_venue_id)
)
"""

VENUE_DECISIONS = """
CREATE TABLE venue_decisions (
    provider text COLLATE "C" NOT NULL,
    venue_id text COLLATE "C" NOT NULL,
    other_provider text COLLATE "C" NOT NULL,
    other_venue_id text COLLATE "C" NOT NULL,
    verdict text COLLATE "C" NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL,
    why text,
    CONSTRAINT venue_decisions_pkey PRIMARY KEY (provider, venue_id, other_provider, other_venue_id)
)
"""

# Only venues that share a restaurant have a row: all others are each a restaurant of its own.
VENUE_RESTAURANTS = """
CREATE TABLE venue_restaurants (
    provider text COLLATE "C" NOT NULL,
    venue_id text COLLATE "C" NOT NULL,
    restaurant text COLLATE "C" NOT NULL,
    CONSTRAINT venue_restaurants_pkey PRIMARY KEY (provider, venue_id)
)
"""


def upgrade() -> None:
    op.execute("ALTER TABLE venues ADD COLUMN address text, ADD COLUMN phone text")
    op.execute(VENUE_LINKS)
    op.execute("CREATE INDEX venue_links_other ON venue_links (other_provider, other_venue_id)")
    op.execute(VENUE_DECISIONS)
    op.execute(VENUE_RESTAURANTS)
    op.execute("CREATE INDEX venue_restaurants_by_restaurant ON venue_restaurants (restaurant)")


def downgrade() -> None:
    op.execute("DROP TABLE venue_restaurants")
    op.execute("DROP TABLE venue_decisions")
    op.execute("DROP TABLE venue_links")
    op.execute("ALTER TABLE venues DROP COLUMN phone, DROP COLUMN address")
