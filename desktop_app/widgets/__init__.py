"""Widgets that the panels are put together from. They must not know an engine or a panel."""
