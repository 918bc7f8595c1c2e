"""What comes from elsewhere gives the terminal no orders."""

import json

import pytest

from core.cli import main as cli
from core.cli.console import ConsoleListener
from core.cli.visible import visible
from core.events import Log, Metric, Progress
from core.jobs import Job
from core.runs.run import Workspace

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe [red]x[/red]"
SEEN = r"\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe [red]x[/red]"


def test_controls_become_visible_and_all_else_stays():
    assert visible(EVIL) == SEEN
    assert visible("a\tb\r\nc 猫 é \udcff") == "a\tb\nc 猫 é \udcff"


@pytest.fixture
def foreign_run(tmp_path):
    """A run as anybody may send one."""
    job = Job(task="train", model="cnn", settings={"data": f"/tmp/{EVIL}/d"})
    run, _ = Workspace(tmp_path).create_run(job.model_copy(update={"name": EVIL}))
    run.update(status="failed", message=EVIL)
    record = json.loads(run.record_path.read_text())
    run.record_path.write_text(json.dumps({**record, "created": EVIL}))
    run.folder.rename(run.folder.with_name(run.id + EVIL.replace("/", "")))
    broken = run.folder.with_name(f"x{EVIL}".replace("/", ""))
    broken.mkdir()
    return tmp_path


@pytest.mark.parametrize("words", [["runs"], ["resume", EVIL], ["evaluate", "2"], ["resume", "nobody" + EVIL]])
def test_no_command_passes_on_what_a_foreign_run_holds(foreign_run, capsys, monkeypatch, words):
    monkeypatch.setattr("core.cli.commands.training.run_here", lambda *_: {"run": EVIL, "metrics": {EVIL: 0.5}})
    cli.main([*words, "--workspace", str(foreign_run)])
    said = capsys.readouterr()
    assert "owned" in said.out + said.err
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(said.out + said.err)


def test_no_event_passes_it_on(capsys):
    with ConsoleListener() as listener:
        listener(Log("{name}", "warning", {"name": EVIL}))
        listener(Progress(EVIL, detail=EVIL))
        listener(Metric(1, 1.0, {EVIL: 0.5}, "epoch"))
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(capsys.readouterr().err)
