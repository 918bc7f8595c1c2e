"""Loads Keras on one backend for all tests of this process: imported by each conftest.py whose tests need it."""

import os

from core.engine.backend import prepare
from core.jobs import default_backend

prepare(os.environ.get("KERAS_BACKEND") or default_backend(), os.environ.get("PIXELWRIGHT_TEST_DEVICE", "cpu"), 0)
