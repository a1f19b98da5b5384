"""Visits: a copy of monitoring's checked visits, kept by its events. The raw material of computed indicators."""
