"""Public bodies: access' organisations with their hierarchy, mandates, identifiers and history."""
