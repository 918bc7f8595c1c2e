"""Scores trained models. Writes no pages."""
