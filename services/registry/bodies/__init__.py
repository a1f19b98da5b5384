"""Public bodies: a view of access' organisations with what the catalogue holds of them. No table of its own."""
