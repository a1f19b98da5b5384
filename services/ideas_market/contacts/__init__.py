"""Whom to talk to about an idea: for its organisation, and for the donor who has taken it up."""
