"""Pages that tell what an evaluation found."""
