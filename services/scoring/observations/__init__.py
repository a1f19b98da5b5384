"""Observations: reported values of indicators, a row per municipality, indicator and period."""
