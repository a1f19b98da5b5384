"""Legal acts the register rests on: number, date, kind, issuer, and what is known of their status."""
