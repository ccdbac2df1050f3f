"""Floor 2: PostgreSQL; the only room that speaks SQL."""
