"""The audit trail: who did what, for whom; rows that only grow, chained by hash, their head told to others."""
