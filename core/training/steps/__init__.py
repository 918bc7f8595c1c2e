"""Gradients and compiled steps: with `core.engine.backend` the only code that differs by backend."""
