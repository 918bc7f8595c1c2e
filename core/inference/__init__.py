"""Trained models at work: gets them, and runs them over pictures, latents and tokens."""
