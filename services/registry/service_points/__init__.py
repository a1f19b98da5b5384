"""Where services are given: place, hours, telephones, what is offered there; what is nearest. Shelters by area only."""
