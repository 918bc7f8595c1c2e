"""Every write, fsync and rename fails once, and the process dies at each: old or new is there, and it is said."""

import functools
import json
import os
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import keras_backend  # noqa: F401 (a checkpoint's formats are looked up beside the models)
import numpy as np
import pytest
from class_target import class_target
from failing_disk import FailingDisk, KilledError, broken, full, held

from core.context import Context
from core.data.cache import Entry, PictureCache
from core.data.digests import digest_of
from core.errors import UserError
from core.events import Metric
from core.files.atomic import publish_folder, write_atomic, writing_to
from core.files.predictions import write_csv
from core.files.sealed import clear_leftovers, seal, unseal, unseal_versioned
from core.jobs import Job
from core.media.picture_files import write_pictures
from core.models.shared.saved import ModelDescription, save_model
from core.runs.run import Workspace
from core.text.tokenizer.tokenizer import BYTE_OF, END, Tokenizer
from core.training.gan.snapshots import Snapshots
from core.training.loop.checkpoints import Checkpoints, TrainingState
from core.training.loop.history import History, MetricsLog
from desktop_app.preferences import Preferences

WAYS = {
    "full disk": {"error": full()},
    "full disk from then on": {"error": full(), "lasting": True},
    "broken disk": {"error": broken()},
    "file held by another": {"error": held()},
    "file held from then on": {"error": held(), "lasting": True},
    "killed before": {},
    "killed after": {"after": True},
}


@dataclass
class Written:
    """Something that is written twice.

    Args:
        write: (folder, 1 or 2).
        read: (folder) -> 1 or 2.
        silent: whether a failure is no reason to say anything.
    """

    write: Any
    read: Any
    silent: bool = False


def read_number(name):
    return lambda folder: int((folder / name).read_bytes()[-1:])


def write_checkpoint(folder, number):
    checkpoints = Checkpoints(folder / "checkpoints", lambda event: None)
    for epoch in range(1, 4) if number == 1 else (3, 4):  # one is written anew, and one is more than are kept
        values = {"model/a": np.full(2000, epoch, np.float32)}
        checkpoints.save(TrainingState(epoch=epoch, best_epoch=1), values)


def read_checkpoint(folder):
    state, values = Checkpoints(folder / "checkpoints", lambda event: None).load_latest()
    assert values["model/a"].tolist() == [state.epoch] * 2000
    assert Checkpoints(folder / "checkpoints", lambda event: None).load_epoch(1) is not None  # the best one
    return 1 if state.epoch == 3 else 2


@functools.cache
def small_model():
    """A model whose copy for other programs, which Keras writes, is one file like any other."""
    settings = {"data": "digits", "size": "tiny", "filters": 4, "image_px": 8}
    description = ModelDescription("cnn", settings, class_target("ab"), (8, 8, 1))
    model = description.build()
    model.portable = SimpleNamespace(save=lambda path, include_optimizer: path.write_bytes(b"for others"))
    return model, description


def write_model(folder, number):
    model, description = small_model()
    save_model(folder / "model", model, replace(description, epochs=number))


def read_model(folder):
    return json.loads(unseal_versioned(folder / "model")[1]["model.json"])["epochs"]


def write_snapshot(folder, number):
    settings = SimpleNamespace(snapshots=2, epochs=2)
    reporter = SimpleNamespace(report=lambda event: None)
    snapshots = Snapshots(SimpleNamespace(generator=small_model()[0]), settings, folder / "snapshots")
    snapshots(number - 1, last=False, reporter=reporter)


def read_snapshot(folder):
    epochs = [json.loads(unseal(path)["stage.json"])["epoch"] for path in (folder / "snapshots").glob("[0-9]*")]
    assert 1 in epochs
    return max(epochs)


def write_tokenizer(folder, number):
    merges = [("a", "b"), ("ab", "b")][:number]
    tokens = [END, *sorted(BYTE_OF), *(left + right for left, right in merges)]
    tokenizer = Tokenizer({token: place for place, token in enumerate(tokens)}, merges)
    seal(folder / "tokenizer", tokenizer.files())


def read_tokenizer(folder):
    assert unseal(folder / "tokenizer")
    return {2: 1, 1: 2}[len(Tokenizer.load(folder / "tokenizer").encode("abb"))]


def write_run(folder, number):
    workspace = Workspace(folder)
    if number == 1:
        workspace.create_run(Job(task="train", model="cnn", settings={"data": "digits"}))
    with workspace.runs()[0].locked():
        workspace.runs()[0].update(message=str(number))


def read_run(folder):
    workspace = Workspace(folder)
    workspace.mark_interrupted()
    assert workspace.damaged_runs() == []
    return int(workspace.runs()[0].record().message)


def write_preferences(folder, number):
    preferences = Preferences(folder / "window.json")
    preferences.set("number", number)
    preferences.save()


def write_cache(folder, number):
    cache = PictureCache(folder)
    with cache.locked("a", Context(Job(task="check"), Workspace(folder))):
        with writing_to(folder):
            partial = cache.partial("a")
            (partial / "pixels.u8").write_bytes(bytes([number] * 12))
        pictures = np.full((1, 2, 2, 3), number, np.uint8)
        digests = np.array([digest_of(pictures[0])], np.uint64)
        cache.publish("a", partial, Entry(None, pictures.shape, np.array([0]), digests, ()))


def read_cache(folder):
    cache = PictureCache(folder)
    cache.make_room(0)
    entry = cache.open("a")
    return 1 if entry is None else int(entry.images.max())  # what is no longer there is decoded again


def write_published(folder, number):
    made = folder / f".tmp-{number}"
    with writing_to(folder):
        made.mkdir()
        (made / "inside").write_bytes(b"%d" % number)
    publish_folder(made, folder / "final")


def history(folder):
    return History(folder / "history.csv"), MetricsLog(folder / "metrics.jsonl")


def write_history(folder, number):
    rows, metrics = history(folder)
    rows.mend([{"epoch": epoch, "loss": (epoch + 1) / 3} for epoch in range(number - 1)])  # as a resumed training does
    metrics.mend(number - 1)
    metrics.append(Metric(number, float(number), {"loss": number / 3}))
    rows.append({"epoch": number - 1, "loss": number / 3})


def read_history(folder):
    lines = (folder / "history.csv").read_text().splitlines()
    numbers = (folder / "metrics.jsonl").read_text().splitlines()
    assert lines[:2] == ["epoch,loss", f"0,{1 / 3}"]
    assert lines[2:] in ([], [f"1,{2 / 3}"])
    assert [number[-1] for number in numbers] == ["}"] * len(numbers)
    return len(lines) - 1


THINGS = {
    "run.json": Written(write_run, read_run),
    "checkpoints": Written(write_checkpoint, read_checkpoint),
    "the model": Written(write_model, read_model),
    "snapshots": Written(write_snapshot, read_snapshot),
    "the tokenizer": Written(write_tokenizer, read_tokenizer),
    "a sealed folder": Written(
        lambda folder, number: seal(folder / "a", {"x": b"%d" % number * 100_000, "y": b"%d" % number}),
        lambda folder: int(unseal(folder / "a")["y"]),
    ),
    "a published folder": Written(write_published, read_number("final/inside")),
    "history.csv, metrics.jsonl": Written(write_history, read_history),
    "preferences": Written(
        write_preferences, lambda folder: Preferences(folder / "window.json").get("number", 0), silent=True
    ),
    "the cache": Written(write_cache, read_cache),
    "a job file": Written(
        lambda folder, number: Job(task="check", seed=number).save(folder / "a.json"),
        lambda folder: Job.load(folder / "a.json")[0].seed,
    ),
    "a table": Written(
        lambda folder, number: write_csv(
            folder / "a.csv", [{"path": "a", "label": "b", "probability": 1, "top": []}] * number
        ),
        lambda folder: len((folder / "a.csv").read_bytes().splitlines()) - 1,
    ),
    "a report": Written(
        lambda folder, number: write_atomic(folder / "report.html", b"x" * 50_000 + b"%d" % number),
        read_number("report.html"),
    ),
    **{
        f"a {suffix} file": Written(
            lambda folder, number, suffix=suffix: write_pictures(
                folder / f"a{suffix}", [np.full((4, 4, 1), shade, np.uint8) for shade in range(number)]
            ),
            lambda folder, suffix=suffix: 1 if (folder / f"a{suffix}").stat().st_size == SIZES[suffix] else 2,
        )
        for suffix in (".png", ".gif")
    },
}
SIZES = {}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("thing", THINGS)
def test_the_old_or_the_new_is_there_whatever_step_fails(tmp_path, monkeypatch, thing, way):
    written = THINGS[thing]
    monkeypatch.setattr(os, "fsync", lambda file: None)  # nobody pulls a plug here, and it takes its time
    step, happened = 0, True
    while happened:
        step += 1
        folder = tmp_path / str(step)
        folder.mkdir()
        written.write(folder, 1)
        SIZES.update((path.suffix, path.stat().st_size) for path in folder.glob("a.*"))
        said = dead = False
        disk = FailingDisk(step, **WAYS[way])
        with disk.installed(monkeypatch):
            try:
                written.write(folder, 2)
            except UserError as error:
                said = error.hint and str(folder) in str(error)
            except KilledError:
                dead = True
        happened = disk.happened
        clear_leftovers(folder)
        found = written.read(folder)
        assert found in ((1, 2) if said or dead or written.silent else (2,)), f"step {step}"
        if not dead:
            written.write(folder, 2)  # and all goes on
            assert written.read(folder) == 2
    assert step > 4
