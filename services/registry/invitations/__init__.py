"""Invitations: a role offered to somebody who never signed in, taken with a code that is shown once."""
