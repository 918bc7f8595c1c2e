from core.cli.commands import evaluation
from core.errors import UserError


def test_a_workspace_that_cannot_be_written_is_told_before_an_evaluation(call, run_id, monkeypatch):
    def refuse(folder):
        raise UserError("'{path}' cannot be written (full).", path=folder)

    monkeypatch.setattr(evaluation, "check_writable", refuse)
    status, _, stderr = call("evaluate", run_id)
    assert (status, "cannot be written" in stderr) == (1, True)
