"""Loads Keras on one backend for all tests of this process, before any of them imports it."""

import os
import sys
from pathlib import Path

from core.engine.backend import prepare
from core.jobs import default_backend

prepare(os.environ.get("KERAS_BACKEND") or default_backend(), "cpu", 0)
sys.path.insert(0, str(Path(__file__).parent))  # for what several tests here use
