"""What scoring knows of people: nothing but who acted, in its audit trail."""
