"""Khala: whole songs from words."""

__version__ = "0.1.0"
