"""`make demo`: one chain from a standard to a measured visit to a score to a reserved idea, over HTTP only."""
