"""Oversight: who reads findings beyond their own, and who is told when nobody answers them."""
