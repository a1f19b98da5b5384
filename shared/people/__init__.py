"""Personal data: one store a service, encrypted field by field; consents, retention, erasure. Knows no service."""
