"""Architectures, one file each. They must not know tasks, runs or the window."""
