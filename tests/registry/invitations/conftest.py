from tests.registry.sign_in.conftest import desk, provider, ticking

__all__ = ["desk", "provider", "ticking"]
