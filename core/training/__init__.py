"""Fitting a model and never losing what it has learnt. It must not know the window."""
