"""Inpainting as a job: from a picture, a mask and a run to a file, seen on the way, and stopped."""

import keras
import numpy as np
import pytest
from class_target import class_target
from PIL import Image

from core import catalog
from core.context import Context
from core.engine.engine import run_job
from core.events import Images, Log, Metric, Progress
from core.inference.latents import latents
from core.inference.paint import one_hot, paint
from core.jobs import Job
from core.media.picture_files import read_recipe
from core.models.dcgan import build
from core.models.shared.saved import ModelDescription, save_model
from core.runs.run import Workspace

BACKEND = keras.backend.backend()
SIDE = 28


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a run that draws two classes (untrained, of large weights), one of its pictures, and a mask."""
    folder = tmp_path_factory.mktemp("inpaint")
    workspace = Workspace(folder / "workspace")
    settings = {"size": "tiny", "latent": 4, "filters": 4, "image_px": SIDE, "epochs": 1}
    run, job = workspace.create_run(Job(task="train", model="dcgan", settings=settings, backend=BACKEND))
    values = catalog.load(catalog.MODELS["dcgan"].settings).parse(job.settings)
    keras.utils.set_random_seed(1)
    gan = build(values, (SIDE, SIDE, 1), class_target(2))
    gan.generator.set_weights([weight * 8 if weight.ndim > 1 else weight for weight in gan.generator.get_weights()])
    target = class_target(("cat", "dog"))
    description = ModelDescription("dcgan", values.model_dump(mode="json"), target, (SIDE, SIDE, 1), 1)
    save_model(run.model_folder, gan, description)
    run.update(status="done")
    drawn = paint(gan, latents(77, 1, 4), one_hot(np.array([1]), gan))[0, ..., 0]
    Image.fromarray(drawn).save(folder / "whole.png")
    hole = np.zeros((SIDE, SIDE), bool)
    hole[8:20, 8:20] = True
    Image.fromarray(np.where(hole, 0, drawn).astype(np.uint8)).save(folder / "picture.png")
    Image.fromarray(hole).resize((2 * SIDE, 2 * SIDE)).save(folder / "mask.png")
    return folder, workspace, run, drawn, hole


def do(place, act=lambda event, context: None, **settings):
    folder, workspace, run, *_ = place
    values = {
        "run": run.id,
        "picture": str(folder / "picture.png"),
        "mask": str(folder / "mask.png"),
        "out": str(folder / "out.png"),
        "steps": 60,
        "attempts": 6,
        "lr": 0.1,
        "prior": 0.0,
        **settings,
    }
    (folder / "out.png").unlink(missing_ok=True)
    events = []

    def listener(event):
        events.append(event)
        act(event, context)

    context = Context(Job(task="inpaint", settings=values, backend=BACKEND), workspace, None, listener)
    return run_job(context), events


def test_a_hole_is_filled_with_what_was_there(place):
    folder, _, run, drawn, hole = place
    ending, events = do(place)
    assert ending.state == "finished", ending.trace
    result = ending.result
    assert (result["run"], result["label"], result["files"]) == (run.id, "dog", [str(folder / "out.png")])
    assert result["hole"] == pytest.approx(144 / 784, abs=1e-4)
    assert [row["label"] for row in result["tried"]] == ["dog", "cat"]
    assert result["tried"][0]["context_loss"] == result["context_loss"]
    filled = np.asarray(Image.open(folder / "out.png"))
    np.testing.assert_array_equal(filled[~hole], drawn[~hole])
    off = np.abs(filled[hole].astype(float) - drawn[hole]).mean()
    assert off < np.abs(drawn[hole] - drawn[hole].mean()).mean() / 2
    metrics = [event for event in events if isinstance(event, Metric)]
    assert [event.step for event in metrics] == list(range(1, 61))
    assert metrics[-1].values["context_loss"] < metrics[0].values["context_loss"] / 2
    assert metrics[-1].values["loss"] == pytest.approx(result["tried"][0]["loss"])
    shown = [event for event in events if isinstance(event, Images)]
    assert (shown[-1].title, shown[-1].details[0]["label"], shown[-1].details[0]["step"]) == ("inpaint", "dog", 60)
    np.testing.assert_array_equal(shown[-1].pictures[0][..., 0], filled)
    last = [event for event in events if isinstance(event, Progress) and event.phase == "inpaint"][-1]
    assert (last.done, last.total, last.eta_s) == (60, 60, 0)


def test_the_file_tells_what_made_it_and_no_path(place):
    folder, *_ = place
    ending, _ = do(place, steps=2, label="cat")
    assert ending.result["label"] == "cat"
    recipe = read_recipe(folder / "out.png")
    assert recipe.job.task == "inpaint"
    assert recipe.job.settings["label"] == "cat"
    assert not {"picture", "mask", "out", "run"} & recipe.job.settings.keys()


def test_a_pasted_patch_is_not_bent(place):
    folder, *_, drawn, hole = place
    ending, _ = do(place, steps=2, label="cat", blend="paste", attempts=1)
    assert ending.state == "finished", ending.trace
    filled = np.asarray(Image.open(folder / "out.png"))
    np.testing.assert_array_equal(filled[~hole], drawn[~hole])
    assert (filled[hole] != drawn[hole]).any()


def test_stop_is_heard_at_any_step_and_writes_nothing(place):
    def act(event, context):
        if isinstance(event, Metric) and event.step == 3:
            context.cancel()

    ending, events = do(place, act)
    assert ending.state == "cancelled"
    assert max(event.step for event in events if isinstance(event, Metric)) == 3
    assert not (place[0] / "out.png").exists()


def test_mistakes_are_told_in_a_sentence(place):
    folder, *_ = place
    for name, value in (("black", 0), ("white", 255)):
        Image.new("L", (9, 9), value).save(folder / f"{name}.png")
    for settings, said in (
        ({"mask": str(folder / "black.png")}, "marks nothing to fill"),
        ({"mask": str(folder / "white.png")}, "leaves nothing of the picture"),
        ({"mask": str(folder / "nowhere.png")}, "cannot be read"),
        ({"label": "cow"}, "can't draw 'cow'"),
        ({"run": "nowhere"}, "nowhere"),
    ):
        ending, _ = do(place, **settings)
        assert ending.state == "failed"
        assert said in ending.message.format(**ending.values)
        assert ending.hint


@pytest.mark.parametrize(("size", "warned"), [((2 * SIDE, 2 * SIDE), False), ((SIDE, 2 * SIDE), True)])
def test_a_mask_of_other_proportions_and_a_picture_of_another_size_are_told(place, size, warned):
    folder, *_, drawn, hole = place
    Image.fromarray(hole).resize(size).save(folder / "other.png")
    Image.fromarray(drawn).resize((40, 40)).save(folder / "large.png")
    settings = {"picture": str(folder / "large.png"), "mask": str(folder / "other.png"), "steps": 1}
    ending, events = do(place, **settings)
    assert ending.state == "finished", ending.trace
    logs = [event for event in events if isinstance(event, Log)]
    assert "filled as the run draws" in logs[0].message
    assert logs[0].values == {"width": 40, "height": 40, "side": SIDE}
    assert any("stretched" in event.message for event in logs) == warned


def test_a_file_that_is_not_written_is_refused_before_the_search(place):
    ending, events = do(place, out=str(place[0] / "out.jpg"))
    assert ending.state == "failed"
    assert "does not end in one of .png" in ending.message.format(**ending.values)
    assert not [event for event in events if isinstance(event, Metric | Images)]
