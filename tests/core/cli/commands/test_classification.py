import json

from core.cli.commands import classification
from core.errors import UserError


def test_where_a_result_goes_is_looked_at_before_the_work(call, run_id, tmp_path, make_pictures):
    pictures = make_pictures(tmp_path / "new", "1.png", "2.png")
    before = (pictures / "1.png").read_bytes()
    assert call("classify", run_id, "--csv", pictures / "1.png", pictures / "2.png")[0] == 1
    assert (pictures / "1.png").read_bytes() == before
    status, _, stderr = call("classify", run_id, pictures, "--csv", tmp_path / "missing" / "out.csv")
    assert (status, "There is no folder" in stderr) == (1, True)
    assert not (tmp_path / "missing").exists()


def test_a_result_that_cannot_be_written_is_printed(call, run_id, tmp_path, monkeypatch):
    def refuse(*_):
        raise UserError("The disk is full.")

    row = {"path": "1.png", "label": "cat", "probability": 1.0, "top": []}
    monkeypatch.setattr(classification, "write_csv", refuse)
    monkeypatch.setattr(classification, "run_here", lambda *_: {"results": [dict(row)], "skipped": []})
    words = ("classify", run_id, "1.png", "--csv", tmp_path / "out.csv")
    status, stdout, stderr = call(*words)
    assert (status, "cat" in stdout, stderr) == (1, True, "The disk is full.\n")
    said = json.loads(call(*words, "--json")[1])
    assert (said["results"], said["error"]) == ([row], "The disk is full.")
