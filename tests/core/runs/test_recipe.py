import json
import re

import pytest

from core.errors import UserError
from core.files.atomic import write_json
from core.jobs import Job
from core.runs.recipe import FORMAT, Recipe, job_of
from core.runs.run import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def run(workspace):
    job = Job(task="train", model="cnn", settings={"data": "digits"}, name="My digits", seed=3)
    return workspace.create_run(job)[0]


def classification(run, **settings):
    values = {"run": str(run.folder), "paths": ["/home/ann/secret.png"], "top": 3, **settings}
    return Job(task="classify", settings=values, backend="tensorflow", seed=12)


def test_a_recipe_survives_its_text(run):
    recipe = Recipe.of(classification(run), run, epoch=7)
    assert Recipe.parse(recipe.text(), "a.png") == recipe
    assert (recipe.run, recipe.name, recipe.model, recipe.epoch) == (run.id, "My digits", "cnn", 7)
    assert (recipe.job.task, recipe.job.seed, recipe.format) == ("classify", 12, FORMAT)
    assert recipe.text().isascii()


def test_a_recipe_tells_no_path_of_the_computer_it_was_made_on(run):
    text = Recipe.of(classification(run), run, epoch=0).text()
    assert "secret" not in text
    assert str(run.folder.parent) not in text
    assert json.loads(text)["job"]["settings"] == {"top": 3, "thumbnails": False}


def test_the_job_of_a_recipe_finds_the_run_by_id_then_by_name(run, workspace):
    recipe = Recipe.of(classification(run), run, epoch=0)
    job = job_of(recipe, workspace)
    assert job.settings == {"run": str(run.folder), "paths": [], "top": 3, "thumbnails": False}
    assert (job.task, job.seed, job.backend) == ("classify", 12, "tensorflow")
    job.typed_settings()

    moved = run.folder.rename(run.folder.with_name("copied-from-elsewhere"))
    assert job_of(recipe, workspace).settings["run"] == str(moved)
    other = recipe.model_copy(update={"model": "vit"})
    with pytest.raises(UserError, match="'My digits'"):
        job_of(other, workspace)


def test_a_backend_that_is_not_installed_gives_way(run, workspace, monkeypatch):
    recipe = Recipe.of(classification(run), run, epoch=0)
    monkeypatch.setattr("core.runs.recipe.installed_backends", lambda: ["jax"])
    monkeypatch.setattr("core.runs.recipe.default_backend", lambda: "jax")
    assert job_of(recipe, workspace).backend == "jax"


def test_a_run_that_is_not_there_is_named(run, workspace, tmp_path):
    recipe = Recipe.of(classification(run), run, epoch=0)
    with pytest.raises(UserError, match=f"'My digits' \\({run.id}\\)") as error:
        job_of(recipe, Workspace(tmp_path / "other"))
    assert "other" in str(error.value)


def test_a_recipe_chooses_no_folder(run, workspace, tmp_path):
    write_json(tmp_path / "elsewhere" / "run.json", json.loads(run.record_path.read_text()))
    recipe = Recipe.of(classification(run), run, epoch=0).model_copy(update={"name": "none"})
    for place in (str(tmp_path / "elsewhere"), "../../elsewhere", run.id[:10], "", "//host/share"):
        with pytest.raises(UserError, match="is not in this workspace"):
            job_of(recipe.model_copy(update={"run": place}), workspace)
    sly = {"run": str(tmp_path / "elsewhere"), "paths": ["/etc"], "top": 1}
    job = recipe.job.model_copy(update={"settings": sly})
    found = job_of(recipe.model_copy(update={"run": run.id, "job": job}), workspace)
    assert found.settings["run"] == str(run.folder)
    assert found.settings["paths"] == []


@pytest.mark.parametrize("settings", [{"top": 0}, {"top": "many"}, {"unheard_of": 1}])
def test_settings_of_a_recipe_are_checked(run, workspace, settings):
    recipe = Recipe.of(classification(run), run, epoch=0)
    job = recipe.job.model_copy(update={"settings": settings})
    with pytest.raises(UserError, match="setting"):
        job_of(recipe.model_copy(update={"job": job}), workspace)


def test_a_painted_picture_needs_no_run_and_tells_no_path(workspace):
    settings = {"content": "/home/ann/a.png", "style": "b.png", "backbone": "/models/c.keras", "strength": 3.0}
    made = Job(task="stylize", settings=settings, backend="tensorflow", seed=4)
    text = Recipe.of(made).text()
    assert not any(word in text for word in ("ann", "b.png", "c.keras"))
    job = job_of(Recipe.parse(text, "painted.png"), workspace)
    assert (job.task, job.seed, job.settings["strength"]) == ("stylize", 4, 3.0)
    assert not {"content", "style", "backbone", "run"} & job.settings.keys()


@pytest.mark.parametrize("task_name", ["generate", "interpolate"])
def test_a_truncation_that_would_never_end_is_refused_in_a_sentence(run, workspace, task_name):
    made = Recipe.of(Job(task=task_name, settings={"run": str(run.folder), "truncation": 0.05}), run)
    assert job_of(made, workspace).settings["truncation"] == 0.05
    changed_job = made.job.model_copy(update={"settings": {**made.job.settings, "truncation": 1e-9}})
    said = "'truncation' does not fit: it takes 0, which leaves chance free, or at least 0.05. Received: 1e-09."
    with pytest.raises(UserError, match=re.escape(said)):
        job_of(made.model_copy(update={"job": changed_job}), workspace)


@pytest.mark.parametrize("task", ["train", "check", "unheard-of", ""])
def test_a_task_that_makes_nothing_with_a_run_is_refused(run, workspace, task):
    recipe = Recipe.of(classification(run), run, epoch=0)
    with pytest.raises(UserError, match="can't do again"):
        job_of(recipe.model_copy(update={"job": recipe.job.model_copy(update={"task": task})}), workspace)


def changed(made_by, **changes):
    values = json.loads(Recipe.of(classification(made_by), made_by, epoch=0).text())
    return json.dumps({**values, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"job": None},
        {"job": {"task": "classify"}},
        {"job": {"task": "classify", "settings": [], "backend": "torch", "seed": 0}},
        {"job": {"task": "classify", "settings": {}, "backend": "os", "seed": 0}},
        {"job": {"task": "classify", "settings": {}, "backend": "torch", "seed": -1}},
        {"job": {"task": "classify", "settings": {}, "backend": "torch", "seed": "1"}},
        {"run": 5},
        {"run": "r" * 201},
        {"epoch": -1},
        {"epoch": True},
        {"format": None},
    ],
)
def test_wrong_types_and_values_are_refused(run, changes):
    with pytest.raises(UserError, match=r"The record in 'a\.png'"):
        Recipe.parse(changed(run, **changes), "a.png")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "7", '{"format": 1}', "[" * 60_000, '{"a":' * 9_000, "1" * 5000, "{}", "NaN"]
)
def test_broken_json_is_refused(text):
    with pytest.raises(UserError, match=r"The record in 'a\.png'"):
        Recipe.parse(text, "a.png")


def test_deep_settings_and_numbers_that_are_none_are_refused(run):
    for value in ("[" * 900 + "]" * 900, '{"a": 1}', "NaN", "1e999", "[-1e999]"):
        text = changed(run).replace('"top": 3', f'"top": {value}')
        assert value in text
        with pytest.raises(UserError):
            Recipe.parse(text, "a.png")


def test_a_newer_recipe_asks_for_an_update(run):
    with pytest.raises(UserError, match="newer version"):
        Recipe.parse(changed(run, format=FORMAT + 1, job="of another kind"), "a.png")


def test_what_a_later_version_adds_is_passed_over(run):
    assert Recipe.parse(changed(run, mood="blue"), "a.png") == Recipe.of(classification(run), run, epoch=0)
