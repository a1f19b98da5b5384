"""Campaigns: which body checks which services, where and when."""
