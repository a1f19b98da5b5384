"""The chain, one module a service. Each step acts, reads back, and says what it saw."""
