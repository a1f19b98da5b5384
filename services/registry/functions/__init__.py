"""The Register of Functions: what bodies have to do, on which legal basis, paid from where, by which services."""
