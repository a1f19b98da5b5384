"""Standards of services: drafted, adopted by an act, in force from and to, never lost (bitemporal)."""
