"""Models that come from elsewhere: what is opened of them, and how."""
