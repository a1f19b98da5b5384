"""Services: what the registry calls them, a copy kept by its events."""
