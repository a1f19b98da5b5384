"""Ideas: what a community wants done, what it costs, and where the idea stands in its life."""
