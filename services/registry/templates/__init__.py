"""Versioned templates of standards: which rows a passport has is data of an act, not code."""
