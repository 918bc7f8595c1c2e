"""Scores, one file a family: plain arrays in, plain numbers out."""
