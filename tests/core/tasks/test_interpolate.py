"""Ways through the latents of a generator that was never trained: what it draws is no matter, but it must vary."""

import keras
import numpy as np
import pytest
from class_target import class_target

from core.context import Context
from core.data.decode import decode
from core.engine.engine import run_job
from core.events import Images, Log, Saved
from core.jobs import Job
from core.media.picture_files import grid, read_recipe
from core.models.shared.saved import ModelDescription, save_model
from core.runs.recipe import job_of
from core.runs.run import Workspace
from core.settings.generate import GenerateSettings
from core.tasks.generate_images import columns_of

BACKEND = keras.backend.backend()
CLASSES = ("a", "b", "c")


def made_run(workspace, **settings):
    """Returns a run whose generator has random weights, large enough that its pictures differ."""
    values = {"data": "digits", "size": "tiny", "filters": 4, "latent": 8, **settings}
    run, job = workspace.create_run(Job(task="train", model="dcgan", settings=values, backend=BACKEND, name="gan"))
    description = ModelDescription("dcgan", job.settings, class_target(CLASSES), (32, 32, 1), epochs=7)
    gan = description.build()
    source = np.random.default_rng(0)
    for layer in gan.generator.layers:
        for variable in layer.trainable_variables:
            if not isinstance(layer, keras.layers.BatchNormalization):
                variable.assign(source.standard_normal(variable.shape) * 0.3)
    save_model(run.model_folder, gan, description)
    run.update(status="done")
    return run


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return Workspace(tmp_path_factory.mktemp("workspace"))


@pytest.fixture(scope="module")
def run(workspace):
    return made_run(workspace)


@pytest.fixture(scope="module")
def cache():
    return {}


@pytest.fixture
def draw(workspace, run, cache):
    """Runs a job of a task in this process; returns its ending and its events."""

    def do(task="interpolate", seed=3, **settings):
        events = []
        job = Job(task=task, settings={"run": str(run.folder), **settings}, backend=BACKEND, seed=seed)
        return run_job(Context(job, workspace, None, events.append, cache)), events

    return do


def pictures_of(events):
    (event,) = [event for event in events if isinstance(event, Images)]
    return np.stack(event.pictures), event.details


@pytest.mark.parametrize("method", ["linear", "spherical"])
def test_a_way_begins_and_ends_with_what_a_sheet_shows(draw, method):
    _, events = draw(method=method, from_seed=5, from_number=1, to_seed=6, to_number=2, steps=6)
    way, details = pictures_of(events)
    assert way.shape == (6, 32, 32, 1)
    for place, seed, number in ((0, 5, 1), (-1, 6, 2)):
        _, drawn = draw("generate", seed=seed, count=3)
        np.testing.assert_allclose(way[place].astype(int), pictures_of(drawn)[0][number], atol=1)
    assert [row["label"] for row in details] == ["b", "b", "b", "c", "c", "c"]
    assert [row["place"] for row in details] == list(range(6))
    assert {row["epoch"] for row in details} == {7}


def test_a_walk_begins_with_its_picture_and_keeps_its_class(draw):
    way, details = pictures_of(draw(method="walk", from_seed=5, from_number=1, steps=8)[1])
    drawn, _ = pictures_of(draw("generate", seed=5, count=2)[1])
    np.testing.assert_allclose(way[0].astype(int), drawn[1], atol=1)
    assert {row["label"] for row in details} == {"b"}
    changing = pictures_of(draw(method="walk", from_number=1, to_label="c", steps=8)[1])[1]
    assert [changing[place]["label"] for place in (0, 1, 4, 7)] == ["b", "b", "c", "b"]


def test_adding_what_is_taken_away_is_told(draw):
    def warnings(**settings):
        return [event.message for event in draw(method="arithmetic", steps=3, **settings)[1] if isinstance(event, Log)]

    (said,) = warnings(to_seed=4, less_seed=4)
    assert said.startswith("What is added is also what is taken away")
    assert warnings(to_seed=4, less_seed=4, to_number=1) == warnings(to_seed=4, less_seed=5) == []


def test_a_way_changes_little_by_little(draw):
    way, _ = pictures_of(draw(steps=40)[1])
    steps = np.abs(np.diff(way.astype(int), axis=0)).mean(axis=(1, 2, 3))
    assert steps.max() < np.abs(way[0].astype(int) - way[-1]).mean()
    assert steps.min() > 0


def test_the_class_alone_can_change_on_the_way(draw):
    # The same latent at both ends: what differs is the class, and the generator draws its mixtures between.
    same = {"from_seed": 1, "to_seed": 1, "steps": 5}
    way, details = pictures_of(draw(label="a", to_label="c", **same)[1])
    assert [row["label"] for row in details] == ["a", "a", "c", "c", "c"]
    for place, label in ((0, "a"), (-1, "c")):
        alone, _ = pictures_of(draw(label=label, **same)[1])
        assert np.abs(np.diff(alone.astype(int), axis=0)).max() <= 1  # nothing moves
        np.testing.assert_allclose(way[place].astype(int), alone[0], atol=1)
    assert len({picture.tobytes() for picture in way}) == 5


@pytest.mark.parametrize("method", ["linear", "spherical", "arithmetic", "walk"])
def test_each_way_is_told_with_its_seeds(draw, method):
    ending, events = draw(method=method, steps=4, seed=10)
    assert ending.state == "finished", ending.trace
    assert ending.result["seeds"] == [10, 11, 12][: {"walk": 1, "arithmetic": 3}.get(method, 2)]
    assert (ending.result["count"], ending.result["epoch"], ending.result["files"]) == (4, 7, [])
    assert len(pictures_of(events)[0]) == 4


@pytest.mark.parametrize("suffix", [".png", ".gif", ".mp4"])
def test_equal_jobs_write_equal_files(draw, tmp_path, suffix):
    paths = [tmp_path / f"{place}{suffix}" for place in range(2)]
    for path in paths:
        ending, events = draw(steps=5, out=str(path))
        assert ending.result["files"] == [str(path)]
        assert [event.path for event in events if isinstance(event, Saved)] == [str(path)]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert len(paths[0].read_bytes()) > 500


def test_a_strip_shows_what_was_reported(draw, tmp_path):
    _, events = draw(steps=5, out=str(tmp_path / "a.png"), columns=5, gap_px=1, scale=1)
    pictures, _ = pictures_of(events)
    np.testing.assert_array_equal(decode(tmp_path / "a.png"), grid(list(pictures), columns=5, gap_px=1, scale=1))


@pytest.mark.parametrize(
    ("count", "settings", "columns"),
    [(9, {}, 3), (60, {}, 9), (2, {}, 2), (9, {"label": "b"}, 3), (10, {"columns": 0}, 4), (10, {}, 3)],
)
def test_each_class_has_its_columns_of_a_sheet(draw, tmp_path, count, settings, columns):
    _, events = draw("generate", count=count, out=str(tmp_path / "a.png"), gap_px=0, scale=1, **settings)
    pictures, _ = pictures_of(events)
    expected = grid(list(pictures), columns=columns, gap_px=0, scale=1)
    np.testing.assert_array_equal(decode(tmp_path / "a.png"), expected)


def test_many_classes_do_not_make_a_ribbon_of_a_sheet():
    def columns(count, classes):
        return columns_of(GenerateSettings(run="r", count=count), classes)

    assert [columns(count, 10) for count in (9, 10, 64, 300)] == [0, 10, 10, 20]
    assert [columns(64, classes) for classes in (0, 1, 25, 26)] == [0, 8, 25, 0]


@pytest.mark.parametrize("task", ["interpolate", "generate"])
def test_a_saved_picture_can_be_drawn_again_from_itself(draw, workspace, run, tmp_path, task):
    length = {"steps": 5} if task == "interpolate" else {"count": 5}
    draw(task, seed=21, out=str(tmp_path / "a.png"), truncation=0.8, label="b", **length)
    recipe = read_recipe(tmp_path / "a.png")
    assert (recipe.run, recipe.name, recipe.model, recipe.epoch) == (run.id, "gan", "dcgan", 7)
    assert str(tmp_path) not in recipe.text()
    job = job_of(recipe, workspace)
    assert (job.task, job.seed, job.settings["out"], job.settings["epoch"]) == (task, 21, "", 7)
    again = {**job.settings, "out": str(tmp_path / "b.png")}
    assert run_job(Context(job.model_copy(update={"settings": again}), workspace)).state == "finished"
    np.testing.assert_array_equal(decode(tmp_path / "a.png"), decode(tmp_path / "b.png"))


@pytest.mark.parametrize(("task", "length"), [("interpolate", {"steps": 40}), ("generate", {"count": 40})])
def test_a_sheet_that_is_too_large_is_refused_before_anything_is_drawn(draw, tmp_path, task, length):
    ending, events = draw(task, out=str(tmp_path / "a.png"), scale=64, **length)
    assert ending.state == "failed"
    assert "larger than the 64 megapixels" in ending.message.format(**ending.values)
    assert not [event for event in events if isinstance(event, Images)]


def test_what_can_not_be_drawn_is_told(draw, tmp_path):
    for settings, said in (
        ({"label": "z"}, "can't draw"),
        ({"label": "a", "to_label": "z"}, "can't draw"),
        ({"epoch": 5}, "has kept no snapshot"),
        ({"out": str(tmp_path / "a.jpg")}, "does not end in one of"),
    ):
        ending, events = draw(**settings)
        assert ending.state == "failed"
        assert said in ending.message
        assert not [event for event in events if isinstance(event, Images)]
    assert list(tmp_path.iterdir()) == []


def test_a_generator_without_classes_goes_its_way_too(workspace, cache):
    run = made_run(workspace, conditional=False)
    events = []
    job = Job(task="interpolate", settings={"run": str(run.folder), "steps": 3}, backend=BACKEND)
    ending = run_job(Context(job, workspace, None, events.append, cache))
    assert ending.state == "finished", ending.trace
    assert ending.result["classes"] == []
    assert [row["label"] for row in pictures_of(events)[1]] == ["", "", ""]
    named = job.model_copy(update={"settings": {**job.settings, "label": "a"}})
    assert "not trained by class" in run_job(Context(named, workspace, None, events.append, cache)).message
