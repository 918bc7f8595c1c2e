"""Tokens as rows of batches."""
