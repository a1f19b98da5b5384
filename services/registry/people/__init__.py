"""Persons and their erasure: ids minted for people at a desk, the request to forget one, and what all services report."""
