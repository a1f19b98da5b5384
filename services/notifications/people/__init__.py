"""What notifications knows of people, and the secrets it keeps sealed."""
