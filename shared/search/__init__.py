"""Search text."""
