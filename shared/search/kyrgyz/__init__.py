"""Kyrgyz: sounds, suffixes, known roots and the stemmer made of them."""
