"""Expert review of drafts: rounds with appointed reviewers, remarks by row, answers, verdicts."""
