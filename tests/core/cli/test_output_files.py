import sys
from pathlib import Path

import pytest
from PIL import Image

from core.cli.output_files import check_job_file, check_table
from core.errors import UserError
from core.files.predictions import write_csv
from core.jobs import Job


def refused(check, path, inputs=()):
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(UserError) as error:
        check(path, [str(given) for given in inputs])
    assert (path.read_bytes() if path.is_file() else None) == before
    return str(error.value)


def test_a_picture_is_not_replaced_by_a_table(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "1.png")
    assert "does not end in .csv" in refused(check_table, tmp_path / "1.png", [tmp_path / "2.png"])
    assert "is read by this command" in refused(check_table, tmp_path / "1.png", [tmp_path / "1.png"])


def test_other_files_are_not_replaced(tmp_path):
    (tmp_path / "sales.csv").write_text("month,sum\n1,2\n")
    assert "move it away" in refused(check_table, tmp_path / "sales.csv")
    for content in ('{"name": "x"}', "[1]", "no JSON"):
        (tmp_path / "package.json").write_text(content)
        assert "move it away" in refused(check_job_file, tmp_path / "package.json")
    (tmp_path / "data.json").mkdir()
    assert "is there already" in refused(check_job_file, tmp_path / "data.json")


def test_a_folder_that_is_missing_is_told_and_not_made(tmp_path):
    for check, name in ((check_table, "out.csv"), (check_job_file, "job.json")):
        assert "There is no folder" in refused(check, tmp_path / "missing" / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="/proc takes no new file, whoever asks")
def test_a_place_that_cannot_be_written_is_told(tmp_path):
    assert "cannot be written" in refused(check_table, Path("/proc/out.csv"))


def test_new_files_and_our_own_may_be_written(tmp_path):
    table, job = tmp_path / "out.csv", tmp_path / "job.json"
    for _ in range(2):
        check_table(table, ["a.png"])
        check_job_file(job, ["digits"])
        write_csv(table, [{"path": "a.png", "label": "a", "probability": 1.0, "top": []}])
        Job(task="train", model="cnn").save(job)
