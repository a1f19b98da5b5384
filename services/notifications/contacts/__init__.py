"""Where a person wants to be told: e-mail address and telephone, with their consent, sealed."""
