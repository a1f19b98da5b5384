"""Interest of donors: a reservation holds an idea for one donor, with what it pledges, for a limited time."""
