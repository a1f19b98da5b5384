"""What an organisation was told: one entry per event, however many reasons there were."""
