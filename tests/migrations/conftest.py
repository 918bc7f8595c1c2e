"""Keras is loaded before any test of this folder imports it."""

import keras_backend  # noqa: F401
