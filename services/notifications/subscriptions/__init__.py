"""What an organisation wants to hear of."""
