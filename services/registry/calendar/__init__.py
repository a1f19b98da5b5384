"""Working days: the holidays of the law, what decrees change of them, and which years are not decreed yet."""
