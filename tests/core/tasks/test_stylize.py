"""Style transfer as a job: from files to a file, seen on the way, and stopped."""

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from core.context import Context
from core.engine.engine import run_job
from core.events import Images, Metric, Progress
from core.jobs import Job
from core.media.picture_files import read_recipe
from core.runs.run import Workspace

BACKEND = keras.backend.backend()


@pytest.fixture
def files(tmp_path):
    """A content of 40 x 24 px, a style, and a backbone file that says nothing of its pixels."""
    y, x = np.mgrid[:24, :40]
    content = np.where(((y - 12) ** 2 + (x - 20) ** 2 < 64)[..., None], 230, 60).repeat(3, -1).astype(np.uint8)
    Image.fromarray(content).save(tmp_path / "content.png")
    style = np.where(((y + x) % 8 < 4)[..., None], (230, 20, 20), (20, 20, 230)).astype(np.uint8)
    Image.fromarray(style).save(tmp_path / "style.jpg", quality=95)
    random = keras.initializers.HeNormal(seed=3)
    inputs = keras.Input((16, 16, 3))
    colours = layers.Conv2D(6, 1, activation="relu")
    x = colours(inputs)
    colours.set_weights([np.hstack([np.eye(3), -np.eye(3)])[None, None], np.zeros(6)])
    x = layers.Conv2D(8, 3, 2, padding="same", activation="relu", kernel_initializer=random)(x)
    keras.Model(inputs, x).save(tmp_path / "net.keras")
    return tmp_path


def do(files, *, workspace=None, act=lambda event, context: None, **settings):
    values = {
        "content": str(files / "content.png"),
        "style": str(files / "style.jpg"),
        "backbone": str(files / "net.keras"),
        "out": str(files / "out.png"),
        "value_range": "-1..1",
        "size_px": 32,
        "steps": 40,
        "lr": 0.05,
        **settings,
    }
    events = []

    def listener(event):
        events.append(event)
        act(event, context)

    job = Job(task="stylize", settings=values, backend=BACKEND)
    context = Context(job, workspace or Workspace(files / "workspace"), None, listener)
    return run_job(context), events


def test_a_picture_is_painted_and_written(files):
    ending, events = do(files)
    assert ending.state == "finished", ending.trace
    result = ending.result
    assert result["files"] == [str(files / "out.png")]
    assert result["loss_last"] < result["loss_first"] / 2
    assert result["size"] == [32, 19]
    assert read_recipe(files / "out.png").job.settings["steps"] == result["steps"]
    painted = np.asarray(Image.open(files / "out.png").convert("RGB"))
    assert painted.shape == (19, 32, 3)
    assert painted[..., 1].mean() < 60 < painted[..., 0].mean()
    metrics = [event for event in events if isinstance(event, Metric)]
    assert [event.step for event in metrics] == list(range(1, 41))
    assert set(metrics[0].values) == {"loss", "content_loss", "style_loss"}
    shown = [event for event in events if isinstance(event, Images)]
    assert (shown[0].title, shown[0].details[0]["step"], shown[-1].details[0]["step"]) == ("stylize", 1, 40)
    np.testing.assert_array_equal(shown[-1].pictures[0], painted)
    last = [event for event in events if isinstance(event, Progress) and event.phase == "stylize"][-1]
    assert (last.done, last.total, last.eta_s) == (40, 40, 0)


def test_stop_is_heard_at_any_step_and_writes_nothing(files):
    def act(event, context):
        if isinstance(event, Metric) and event.step == 3:
            context.cancel()

    ending, events = do(files, act=act)
    assert ending.state == "cancelled"
    assert max(event.step for event in events if isinstance(event, Metric)) == 3
    assert not (files / "out.png").exists()


def test_a_run_of_a_grey_cnn_can_be_the_backbone(files):
    workspace = Workspace(files / "workspace")
    job = Job(task="train", model="cnn", settings={"size": "tiny", "epochs": 1, "count": 40}, backend=BACKEND)
    run, job = workspace.create_run(job)
    assert run_job(Context(job, workspace, run)).state == "finished"
    ending, _ = do(files, workspace=workspace, backbone=run.id, value_range="auto", out="")
    assert ending.state == "finished", ending.trace
    assert ending.result["files"] == []
    assert ending.result["value_range"] == "0..255"
    assert ending.result["loss_last"] < ending.result["loss_first"] / 2


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"value_range": "auto"}, "The backbone does not show"),
        ({"backbone": "nowhere"}, "nowhere"),
        ({"content": "nowhere.png"}, "cannot be read"),
        ({"style_layers": ["nothing"]}, "has no layer"),
    ],
)
def test_mistakes_are_told_in_a_sentence(files, settings, said):
    ending, _ = do(files, **settings)
    assert ending.state == "failed"
    assert said in ending.message.format(**ending.values)
    assert ending.hint
    assert not (files / "out.png").exists()


def test_a_file_that_is_not_written_is_refused_before_the_painting(files):
    ending, events = do(files, out=str(files / "out.jpg"))
    assert ending.state == "failed"
    assert "does not end in one of .png" in ending.message.format(**ending.values)
    assert not [event for event in events if isinstance(event, Metric | Images)]


def test_stop_is_heard_while_the_pictures_are_prepared(files, monkeypatch):
    from core.inference import style

    seen = style.gram

    def gram(features):
        contexts[0].cancel()
        return seen(features)

    contexts = []
    monkeypatch.setattr(style, "gram", gram)
    ending, events = do(files, act=lambda event, context: contexts.append(context))
    assert ending.state == "cancelled"
    assert not [event for event in events if isinstance(event, Metric)]


def test_a_file_whose_pictures_may_be_of_any_size_is_held_to_memory(files, monkeypatch):
    inputs = keras.Input((None, None, 3))
    keras.Model(inputs, layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)).save(files / "open.keras")
    ending, _ = do(files, backbone=str(files / "open.keras"), steps=2)
    assert ending.state == "finished", ending.trace
    monkeypatch.setattr("core.models.shared.picture_memory.memory_bytes", lambda: 10_000)
    for value_range in ("auto", "-1..1"):
        ending, _ = do(files, backbone=str(files / "open.keras"), value_range=value_range)
        assert ending.state == "failed"
        assert "GB of memory" in ending.message
