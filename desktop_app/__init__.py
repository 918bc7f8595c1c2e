"""The window of Pixelwright. It must not know machine learning: it names tasks and models by string."""
