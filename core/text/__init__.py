"""Text as tokens: reading it, writing it, choosing the next one. Imports no Keras."""
