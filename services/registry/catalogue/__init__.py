"""The register's catalogue: services with their permanent ids, what was collected of them, and what was not."""
