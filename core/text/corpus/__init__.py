"""Texts as files: found, decoded, cut and divided."""
