"""Findings: breaches of approved visits, put before the body that answers for the service."""
