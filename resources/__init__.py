"""Icons, translations and example jobs, read by `importlib.resources`. It must hold no code."""
