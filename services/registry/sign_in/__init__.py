"""Sign-in with an outside OpenID Connect provider: whom an ID token names, and what the person may act as."""
