"""Formats that do not exist yet: what a later version does with the files of this one."""

import json

import pytest

from core import jobs
from core.errors import UserError
from core.files.migrations import migrate, newest
from core.jobs import Job
from core.runs import recipe, run
from core.runs.recipe import Recipe
from core.runs.run import Workspace
from desktop_app import preferences
from desktop_app.preferences import Preferences


def double(values):
    return {**values, "number": 2 * values["number"]}


def add_one(values):
    return {**values, "number": values["number"] + 1}


def learning_rate_to_lr(values):
    """A setting of one model that was renamed, and one that was removed."""
    if values.get("model") != "cnn":
        return values
    settings = dict(values["settings"])
    settings["lr"] = settings.pop("learning_rate")
    settings.pop("momentum_of_old")
    return {**values, "settings": settings}


@pytest.mark.parametrize(("written", "number"), [(1, 7), (2, 4), (3, 3)])
def test_each_format_runs_through_those_after_it(written, number):
    values = {"format": written, "number": 3}
    assert migrate(values, (double, add_one), "a") == {"format": 3, "number": number}
    assert values == {"format": written, "number": 3}


def test_values_without_a_format_are_the_newest_or_what_their_reader_says():
    assert migrate({"number": 3}, (double,), "a") == {"format": 2, "number": 3}
    assert migrate({"number": 3}, (double,), "a", missing=1) == {"format": 2, "number": 6}


@pytest.mark.parametrize("values", [None, [1], 7, {"format": "1"}, {"format": True}, {"format": 0}, {"format": 1.5}])
def test_what_carries_no_whole_number_is_left_to_its_reader(values):
    assert migrate(values, (double,), "a") == values


def test_a_newer_format_asks_for_an_update():
    with pytest.raises(UserError, match=r"'a' was written by a newer version of Pixelwright\. Update"):
        migrate({"format": newest((double,)) + 1}, (double,), "a")


def test_what_a_migration_misses_is_damage():
    with pytest.raises(ValueError, match="what its format 1 should"):
        migrate({"format": 1}, (double,), "a")


@pytest.fixture
def later(monkeypatch):
    """A later version, in which settings of a CNN have other names."""
    monkeypatch.setattr(jobs, "MIGRATIONS", (learning_rate_to_lr,))
    monkeypatch.setattr(run, "JOB_MIGRATIONS", (learning_rate_to_lr,))


def old_job(**changes):
    settings = {"data": "digits", "learning_rate": 0.5, "momentum_of_old": 1}
    return {"format": 1, "task": "train", "model": "cnn", "settings": settings, **changes}


def test_a_job_files_settings_are_migrated(tmp_path, later):
    (tmp_path / "job.json").write_text(json.dumps(old_job()))
    (job,) = Job.load(tmp_path / "job.json")
    assert job.format == 2
    assert job.typed_settings().lr == 0.5


def test_the_job_of_a_run_is_migrated_and_the_file_left_as_it_was(tmp_path, later):
    workspace = Workspace(tmp_path)
    made, _ = workspace.create_run(Job(task="train", model="cnn", settings={"data": "digits"}))
    values = json.loads(made.record_path.read_text())
    made.record_path.write_text(json.dumps({**values, "job": old_job()}))
    before = made.record_path.read_bytes()
    assert made.record().job.typed_settings().lr == 0.5
    assert made.record_path.read_bytes() == before
    assert made.update(status="stopped").job.format == 2
    assert json.loads(made.record_path.read_text())["job"]["settings"]["lr"] == 0.5


def test_a_job_that_misses_what_it_should_hold_is_refused_in_a_sentence(later):
    with pytest.raises(
        UserError, match="'the job' is not a valid job: format: it doesn't hold what its format 1 should"
    ):
        Job.parse(old_job(settings={}))


def test_a_recipes_settings_are_migrated(monkeypatch):
    def rename(values):
        settings = {**values["job"]["settings"]}
        settings["label"] = settings.pop("class")
        return {**values, "job": {**values["job"], "settings": settings}}

    monkeypatch.setattr(recipe, "MIGRATIONS", (rename,))
    job = {"task": "generate", "settings": {"class": "7"}, "backend": "jax", "seed": 1}
    read = Recipe.parse(json.dumps({"format": 1, "job": job, "run": "r", "name": "n", "model": "dcgan"}), "a.png")
    assert read.job.settings == {"label": "7"}
    with pytest.raises(UserError, match="damaged"):
        Recipe.parse(json.dumps({"format": 1, "job": [], "run": "r", "name": "n", "model": "dcgan"}), "a.png")


def test_the_windows_choices_are_migrated(tmp_path, monkeypatch):
    (tmp_path / "window.json").write_text('{"colours": "dark"}')
    monkeypatch.setattr(preferences, "MIGRATIONS", (lambda values: {"theme": values["colours"]},))
    read = Preferences(tmp_path / "window.json")
    assert read.get("theme", "system") == "dark"
    read.save()
    assert json.loads((tmp_path / "window.json").read_text()) == {"theme": "dark", "format": 2}


def test_choices_of_a_newer_window_are_left_to_it(tmp_path):
    path = tmp_path / "window.json"
    path.write_text('{"format": 99, "theme": {"dark": true}}')
    read = Preferences(path)
    assert read.get("theme", "system") == "system"
    read.set("theme", "dark")
    read.save()
    assert json.loads(path.read_text()) == {"format": 99, "theme": {"dark": True}}
