"""What the registry told: organisations, territories, services, standards and working days, as far as known here."""
