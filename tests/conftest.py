"""Fixtures every test may use; they cost nothing until a test asks for one."""

from tests.kit.postgres import fresh_database, postgres_server, template_databases

__all__ = ["fresh_database", "postgres_server", "template_databases"]
