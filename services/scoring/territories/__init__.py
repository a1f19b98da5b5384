"""Territories and organisations: copies of the registry's, kept by its events."""
