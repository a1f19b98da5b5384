"""Territorial units: the SOATE tree, and the units inside Osh city that SOATE does not know."""
