"""The loop itself, with a step of one number: what is told, kept, stopped and gone on with."""

import json
import math
import shutil
import threading
import time

import numpy as np
import pytest

from core.data.picture_batches import PictureBatches
from core.data.targets.classes import ClassTargets
from core.data.unloaded import UnloadedImages
from core.errors import CancelledError, UserError
from core.events import Metric, Progress, Saved
from core.settings.fit import FitSettings
from core.training.loop import loop as module
from core.training.loop.loop import Hooks, Loop

COUNT, SIZE = 12, 4
STEPS = COUNT // SIZE


class AddUp:
    """Adds the labels of all batches, each multiplied by the place's number, to one weight."""

    class Number:
        shape, dtype = (), "float64"

        def __init__(self):
            self.value = np.zeros(())

        def assign(self, value):
            self.value = np.asarray(value)

    def __init__(self):
        self.weight, self.sums, self.last = self.Number(), 0.0, 0.0
        self.places = []

    def __call__(self, batch, place):
        self.places.append((place.epoch, place.step))
        numbers = batch[1].sum() * (1 + place.step)
        self.weight.assign(self.weight.value + numbers)
        return np.float64(numbers)

    def take(self, numbers):
        self.sums, self.last = self.sums + float(numbers), float(numbers)

    def live(self):
        return {"loss": self.last}

    def means(self, steps):
        return {"loss": self.sums / steps}

    def begin_epoch(self):
        self.sums = 0.0

    def lr(self, steps):
        return 0.5

    def sync(self):
        pass

    def values(self):
        return {"model/weight": np.array(self.weight.value), "sums": np.array(self.sums)}

    def restore(self, values, *, within):
        self.weight.assign(values["model/weight"])
        self.sums = float(values["sums"]) if within else 0.0

    def model_variables(self):
        return {"model/weight": self.weight}

    def diverged(self, epoch):
        return UserError("diverged in epoch {epoch}", epoch=epoch)


class Listener:
    """A reporter that asks for a stop after some event."""

    def __init__(self, stop=lambda event: False):
        self.events, self.cancelled, self.paused, self._stop = [], False, False, stop

    def report(self, event):
        self.events.append(event)
        self.cancelled = self.cancelled or self._stop(event)

    def wait_while_paused(self):
        self.paused = False

    def check(self):
        if self.cancelled:
            raise CancelledError


@pytest.fixture(autouse=True)
def _every_step(monkeypatch):
    monkeypatch.setattr(module, "REPORT_INTERVAL_S", 0.0)


def batches(images=None):
    return PictureBatches(
        np.zeros((COUNT, 1, 1, 1), np.uint8) if images is None else images,
        ClassTargets(tuple(map(str, range(COUNT))), np.arange(COUNT)),
        np.arange(COUNT),
        SIZE,
        seed=3,
    )


def run(folder, hooks=None, listener=None, step=None, images=None, **settings):
    step, listener = step or AddUp(), listener or Listener()
    if folder is not None:
        folder.mkdir(exist_ok=True)
    values = FitSettings.parse({"epochs": 3, "keep": "last", **settings})
    fitted = Loop(step, batches(images), values, 3, listener, folder, hooks or Hooks()).run()
    return fitted, step, listener


def test_each_step_is_done_once_in_its_place(tmp_path):
    fitted, step, listener = run(tmp_path)
    assert step.places == [(epoch, place) for epoch in range(3) for place in range(STEPS)]
    assert (fitted.state.epoch, fitted.kept_epoch, fitted.stopped, fitted.error) == (3, 2, False, None)
    assert [event.step for event in listener.events if isinstance(event, Metric) and event.per == "epoch"] == [3, 6, 9]
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 4


@pytest.mark.parametrize("at", range(1, 3 * STEPS - 1))
def test_stopped_at_any_step_and_gone_on_it_ends_the_same(tmp_path, at):
    whole, straight, _ = run(tmp_path / "whole")
    stop = Listener(lambda event: isinstance(event, Metric) and event.step == at)
    cut, first, _ = run(tmp_path / "cut", listener=stop)
    assert cut.stopped
    assert cut.state.steps in (at, at + 1)
    ended, second, _ = run(tmp_path / "cut")
    assert first.places + second.places == straight.places
    assert second.weight.value == straight.weight.value
    assert ended.state.history == whole.state.history
    assert (tmp_path / "cut" / "history.csv").read_bytes() == (tmp_path / "whole" / "history.csv").read_bytes()


def test_without_a_folder_nothing_is_written_and_the_last_epoch_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fitted, step, _ = run(None)
    assert fitted.kept_epoch == 2
    assert step.weight.value == run(tmp_path / "kept")[1].weight.value
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    with pytest.raises(ValueError, match="keep='best'"):
        run(None, keep="best")


def test_callbacks_add_to_the_row_and_are_asked_again_where_one_was_stopped(tmp_path):
    asked = []

    def measure(epoch, *, last, reporter):
        asked.append((epoch, last))
        reporter.report(Progress("measure"))
        reporter.check()
        return {"fid": float(epoch)}

    def stop(event):
        return isinstance(event, Progress) and event.phase == "measure" and len(asked) == 2

    hooks = Hooks([measure])
    assert run(tmp_path, hooks, Listener(stop))[0].stopped
    fitted, _, _ = run(tmp_path, hooks)
    assert asked == [(0, False), (1, False), (1, False), (2, True)]
    assert [row["fid"] for row in fitted.state.history] == [0.0, 1.0, 2.0]
    straight, _, _ = run(tmp_path / "straight", Hooks([measure]))
    assert straight.state.history == fitted.state.history


@pytest.mark.parametrize("error", [UserError("no judge"), MemoryError(), OSError("a picture is gone")])
@pytest.mark.parametrize("epoch", [0, 1])
def test_an_error_at_an_epochs_end_costs_none_of_its_steps(tmp_path, error, epoch):
    def fail(at, **_):
        if at == epoch:
            raise error
        return {"fid": float(at)}

    with pytest.raises(type(error)) as told:
        run(tmp_path / "cut", Hooks([fail]), first := Listener(), step := AddUp())
    assert told.value is error
    assert [event.epoch for event in first.events if isinstance(event, Saved)][-1] == epoch
    hooks = Hooks([lambda at, **_: {"fid": float(at)}])
    ended, second, _ = run(tmp_path / "cut", hooks)
    whole, straight, _ = run(tmp_path / "whole", hooks)
    assert step.places + second.places == straight.places
    assert second.weight.value == straight.weight.value
    assert ended.state.history == whole.state.history


@pytest.mark.parametrize("error", [UserError("gone"), MemoryError(), OSError("a picture is gone")])
@pytest.mark.parametrize("place", [(0, 0), (0, 2), (1, 0), (1, 1)])
def test_a_batch_that_cannot_be_made_costs_none_of_the_steps_before_it(tmp_path, monkeypatch, error, place):
    make = PictureBatches.batch

    def fail(self, epoch, step, *arguments):
        if (epoch, step) == place:
            raise error
        return make(self, epoch, step, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(PictureBatches, "batch", fail)
        with pytest.raises(type(error)) as told:
            run(tmp_path / "cut", step=(step := AddUp()))
    assert told.value is error
    ended, second, _ = run(tmp_path / "cut")
    whole, straight, _ = run(tmp_path / "whole")
    assert step.places + second.places == straight.places
    assert second.weight.value == straight.weight.value
    assert ended.state.history == whole.state.history


@pytest.mark.parametrize("slow", [1, SIZE + 1, COUNT + 1])
def test_stop_is_heard_while_a_slow_batch_is_waited_for(tmp_path, slow):
    picture, read = np.zeros((1, 1, 1), np.uint8), []

    def read_slowly(place):
        read.append(place)
        if len(read) >= slow:
            time.sleep(1)
        return picture

    listener, timer = Listener(), threading.Timer(0.5, lambda: setattr(listener, "cancelled", True))
    timer.start()
    began = time.monotonic()
    images = UnloadedImages(read_slowly, (COUNT, 1, 1, 1))
    cut, step, _ = run(tmp_path / "cut", listener=listener, images=images)
    assert time.monotonic() - began < 1.5
    assert cut.stopped
    ended, second, _ = run(tmp_path / "cut")
    whole, straight, _ = run(tmp_path / "whole")
    assert step.places + second.places == straight.places
    assert second.weight.value == straight.weight.value
    assert ended.state.history == whole.state.history


def test_a_step_that_failed_is_written_down_nowhere(tmp_path):
    class Failing(AddUp):
        def __call__(self, batch, place):
            numbers = super().__call__(batch, place)
            if place.step == 1:
                raise MemoryError  # half of it may be done
            return numbers

    with pytest.raises(MemoryError):
        run(tmp_path, step=Failing())
    assert not (tmp_path / "checkpoints").exists()


@pytest.mark.parametrize(("best_when_stopped", "kept"), [(True, 0), (False, 1)])
def test_the_best_epoch_is_kept_and_after_a_stop_where_it_is_wanted(tmp_path, best_when_stopped, kept):
    hooks = Hooks(is_better=lambda row, best: best is None, best_when_stopped=best_when_stopped)
    fitted, step, _ = run(tmp_path, hooks, keep="best")
    assert fitted.kept_epoch == 0
    first = step.weight.value
    stop = Listener(lambda event: isinstance(event, Metric) and event.per == "epoch" and event.epoch == 2)
    fitted, step, _ = run(tmp_path / "cut", hooks, stop, keep="best")
    assert fitted.kept_epoch == kept
    assert (step.weight.value == first) == (kept == 0)


def test_it_ends_once_it_is_enough(tmp_path):
    fitted, _, _ = run(tmp_path, Hooks(is_enough=lambda state: state.epoch == 2))
    assert (fitted.state.epoch, fitted.stopped) == (2, False)


def test_what_diverged_keeps_the_best_epoch_and_tells_why(tmp_path):
    class Spoilt(AddUp):
        def __call__(self, batch, place):
            return super().__call__(batch, place) * (math.nan if place.epoch == 1 else 1.0)

    fitted, _, _ = run(tmp_path, step=Spoilt())
    assert str(fitted.error) == "diverged in epoch 2"
    assert (fitted.kept_epoch, fitted.stopped) == (0, False)
    with pytest.raises(UserError, match="diverged in epoch 2"):
        run(None, step=Spoilt())


def written(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b""), lambda path: path.unlink()])
@pytest.mark.parametrize("file", ["state.json", "manifest.json"])
def test_with_no_intact_checkpoint_nothing_is_begun_anew_nor_deleted(tmp_path, file, damage):
    run(tmp_path)
    for path in tmp_path.glob(f"checkpoints/*/{file}"):
        damage(path)
    before = written(tmp_path)
    for _ in range(2):
        with pytest.raises(UserError, match="No checkpoint of the run"):
            run(tmp_path)
    assert written(tmp_path) == before


def test_where_the_checkpoints_are_gone_the_history_is_not_begun_anew(tmp_path):
    run(tmp_path)
    shutil.rmtree(tmp_path / "checkpoints")
    before = written(tmp_path)
    with pytest.raises(UserError, match="no checkpoint is left"):
        run(tmp_path)
    assert written(tmp_path) == before


def test_a_full_disk_ends_it_with_its_sentence(tmp_path, monkeypatch):
    def full(*_):
        raise UserError("The disk is full.")

    monkeypatch.setattr("core.training.loop.checkpoints.seal", full)
    with pytest.raises(UserError, match="The disk is full"):
        run(tmp_path)


def test_a_pause_is_told_and_is_no_part_of_the_time(tmp_path):
    told = []

    class Pausing(Listener):
        def report(self, event):
            super().report(event)
            self.paused = self.paused or (isinstance(event, Metric) and event.step == 4)

        def wait_while_paused(self):
            time.sleep(0.3 if self.paused else 0)
            super().wait_while_paused()

    began = time.perf_counter()
    fitted, _, _ = run(tmp_path, Hooks(on_status=told.append), Pausing())
    assert fitted.state.train_s < time.perf_counter() - began - 0.25
    assert told == ["paused", "running"]
    assert all(json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines())
