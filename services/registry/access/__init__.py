"""Organisations of every kind, memberships, API keys and the token endpoint. Mints all organisation and person ids."""
