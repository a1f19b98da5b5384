"""Signed webhooks (Standard Webhooks): receivers, deliveries, retries. At least once, same `webhook-id`."""
