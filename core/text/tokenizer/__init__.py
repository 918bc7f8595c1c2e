"""Texts as tokens and back."""
