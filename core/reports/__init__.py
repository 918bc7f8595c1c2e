"""HTML pages with the results of an evaluation."""
