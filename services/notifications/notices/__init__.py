"""From an event to a notice: what to say in three languages, and whom it concerns. Owns no table."""
