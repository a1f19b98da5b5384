"""Published scores: copies of the runs and results of scoring, so that an idea can cite a weak indicator."""
