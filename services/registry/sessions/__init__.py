"""Sessions of persons who signed in: refresh tokens that change with each use, and their end."""
