"""Two networks against each other."""
