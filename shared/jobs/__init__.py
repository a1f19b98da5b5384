"""Durable jobs and timers: one table, leases, progress, a process pool for CPU work. Knows no service."""
