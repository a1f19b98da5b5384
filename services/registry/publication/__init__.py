"""One page per public service and period, rendered to bytes in the transaction of each change. No routes."""
