"""Organisations and territories: copies of the registry's, kept by its events."""
