"""Executed pages as chapters of the book."""
