"""Files that a user names for a result: new ones and our own are written, those of others never unasked."""

import sys
from pathlib import Path

import pytest
from PIL import Image

from core.errors import UserError
from core.files.predictions import check_predictions, write_csv
from core.files.results import replacing_result
from core.jobs import Job, check_job_file


def refused(action, path, *more):
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(UserError) as error:
        action(path, *more)
    assert (path.read_bytes() if path.is_file() else None) == before
    return str(error.value)


def test_a_picture_is_not_replaced_by_a_table(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "1.png")
    assert "does not end in .csv" in refused(check_predictions, tmp_path / "1.png", [str(tmp_path / "2.png")])


def test_what_is_read_is_not_replaced_by_what_is_made_of_it(tmp_path):
    Job(task="train", model="cnn").save(tmp_path / "a.json")
    assert "is read by this command" in refused(check_job_file, tmp_path / "a.json", [str(tmp_path / "a.json")])


@pytest.mark.parametrize("content", ['{"name": "x"}', "[1]", "[]", "{}", "no JSON"])
def test_other_json_is_replaced_by_no_job_file(tmp_path, content):
    path = tmp_path / "package.json"
    path.write_text(content)
    assert "move it away" in refused(check_job_file, path, [])
    assert "move it away" in refused(lambda path: Job(task="train", model="cnn").save(path), path)


def test_other_tables_are_replaced_by_no_predictions_unless_the_user_was_asked(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("month,sum\n1,2\n")
    assert "move it away" in refused(check_predictions, path, [])
    assert "move it away" in refused(write_csv, path, [])
    write_csv(path, [], overwrite=True)
    assert b"probability" in path.read_bytes()


def test_a_folder_is_never_replaced(tmp_path):
    (tmp_path / "data.json").mkdir()
    assert "is there already" in refused(check_job_file, tmp_path / "data.json", [])
    assert "is there already" in refused(lambda path: Job(task="train", model="cnn").save(path), tmp_path / "data.json")


def test_what_others_write_meanwhile_is_kept(tmp_path):
    path = tmp_path / "a.bin"

    def write():
        with replacing_result(path, lambda found: False, overwrite=False) as file:
            file.write(b"ours")
            path.write_bytes(b"theirs")

    with pytest.raises(UserError, match="is there already"):
        write()
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_missing_is_told_and_not_made(tmp_path):
    for check, name in ((check_predictions, "out.csv"), (check_job_file, "job.json")):
        assert "There is no folder" in refused(check, tmp_path / "missing" / name, [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="/proc takes no new file, whoever asks")
def test_a_place_that_cannot_be_written_is_told():
    assert "cannot be written" in refused(check_predictions, Path("/proc/out.csv"), [])


def test_new_files_and_our_own_may_be_written(tmp_path):
    table, job = tmp_path / "out.csv", tmp_path / "job.json"
    (tmp_path / "empty.json").touch()
    check_job_file(tmp_path / "empty.json", [])
    for _ in range(2):
        check_predictions(table, ["a.png"])
        check_job_file(job, ["digits"])
        write_csv(table, [{"path": "a.png", "label": "a", "probability": 1.0, "top": []}])
        Job(task="train", model="cnn").save(job)


def test_names_that_are_no_text_stay_two_in_a_table(tmp_path):
    rows = [{"path": f"{byte}.png", "label": "a", "probability": 1.0, "top": []} for byte in ("\udcfe", "\udcff")]
    write_csv(tmp_path / "a.csv", rows)
    assert len(set((tmp_path / "a.csv").read_text("utf-8-sig").splitlines())) == 3
