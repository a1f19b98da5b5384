"""Kyrgyz: sounds, suffixes, known roots and the stemmer made of them."""

from shared.search.kyrgyz.stemmer import KyrgyzStemmer, is_known_root, stem

__all__ = ["KyrgyzStemmer", "is_known_root", "stem"]
