"""The engine of Pixelwright: everything that works without a window. It must not know Qt."""

__version__ = "0.1.0"
