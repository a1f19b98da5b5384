"""Keycloak for tests: a real OpenID Connect provider beside the small one of the fast tests."""
