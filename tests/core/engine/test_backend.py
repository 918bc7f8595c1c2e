import json
import os
import subprocess
import sys

from core.jobs import default_backend

SCRIPT = """
import sys
from core.engine.backend import prepare
prepare(sys.argv[1], "cpu", 0)
import keras
print(keras.config.floatx(), keras.config.image_data_format())
"""


def test_a_foreign_keras_json_is_not_read_and_none_is_left(tmp_path):
    home, shared = tmp_path / "home", tmp_path / "tmp"
    for folder in (home / ".keras", shared / "pixelwright-keras", tmp_path / "named"):
        folder.mkdir(parents=True)
        (folder / "keras.json").write_text(json.dumps({"floatx": "float16", "image_data_format": "channels_first"}))
    before = sorted(shared.rglob("*"))
    places = {"HOME": str(home), "USERPROFILE": str(home), "TMPDIR": str(shared), "TEMP": str(shared)}
    environment = {**os.environ, **places, "KERAS_HOME": str(tmp_path / "named")}
    command = [sys.executable, "-c", SCRIPT, default_backend()]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["float32", "channels_last"], done.stderr[-2000:]
    assert sorted(shared.rglob("*")) == before
