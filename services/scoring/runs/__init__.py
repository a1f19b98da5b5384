"""Runs: a method applied to a period. One live, provisional run follows the data; published ones are frozen."""
