"""Runs jobs, in this process or as an engine process; the backend is chosen here. Imports no Keras at the top."""
