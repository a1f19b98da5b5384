"""Who may adopt standards by which acts: a dated table, by level and regime, not code."""
