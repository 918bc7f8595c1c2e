"""One file for each thing a user can ask for: plain functions `task(settings, context)`."""
