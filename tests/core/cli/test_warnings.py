"""What libraries warn of is no message to the user."""

import subprocess
import sys

from picture_bytes import encode
from PIL import Image

RUN = "import sys; from core.cli.main import main; sys.exit(main(sys.argv[1:]))"


def test_a_damaged_exif_block_says_nothing_on_stderr(tmp_path):
    for label in "ab":
        (tmp_path / label).mkdir()
        for number in range(2):
            picture = Image.new("RGB", (8, 8), (9 * number, 0, 0))
            content = encode(picture, "JPEG", exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xff")
            (tmp_path / label / f"{number}.jpg").write_bytes(content)
    command = [sys.executable, "-W", "always::UserWarning", "-c", RUN, "check", str(tmp_path), "--workspace", "work"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "4 readable pictures" in done.stdout
    assert "Warning" not in done.stderr
    assert "EXIF" not in done.stderr
