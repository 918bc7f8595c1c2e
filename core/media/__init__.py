"""Pictures and films as files. Imports no Keras."""
