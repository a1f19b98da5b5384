"""Visits: what monitors saw, how it was checked and reviewed, and what became of it when the facts changed."""
