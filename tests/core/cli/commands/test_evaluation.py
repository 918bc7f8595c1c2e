from core.cli.commands import evaluation
from core.errors import UserError


def test_a_workspace_that_cannot_be_written_is_told_before_an_evaluation(call, run_id, monkeypatch):
    def refuse(folder):
        raise UserError("'{path}' cannot be written (full).", path=folder)

    monkeypatch.setattr(evaluation, "check_writable", refuse)
    status, _, stderr = call("evaluate", run_id)
    assert (status, "cannot be written" in stderr) == (1, True)


def test_data_that_nobody_can_read_are_told_before_a_backend_is_loaded(call, run_id, tmp_path, make_pictures):
    folder = make_pictures(tmp_path / "new", "0/1.png", "1/1.png")
    for path in folder.rglob("*.png"):
        path.write_bytes(b"")
    status, _, stderr = call("evaluate", run_id, "--data", folder)
    assert (status, "None of the 2 pictures" in stderr) == (1, True), stderr
    (tmp_path / "empty").mkdir()
    status, _, stderr = call("evaluate", run_id, "--data", tmp_path / "empty")
    assert (status, "No pictures found" in stderr) == (1, True), stderr
