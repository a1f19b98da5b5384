from tests.registry.standards.conftest import desk

__all__ = ["desk"]
