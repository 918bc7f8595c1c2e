"""Checkpoints survive kills, full disks and damaged files."""

import errno
import os
import shutil

import numpy as np
import pytest

from core.errors import UserError
from core.events import Log
from core.files.sealed import MANIFEST, seal
from core.training.loop.checkpoints import STATE, VARIABLES, Checkpoints, TrainingState


@pytest.fixture
def events():
    return []


@pytest.fixture
def checkpoints(tmp_path, events):
    return Checkpoints(tmp_path / "checkpoints", events.append)


def values(number):
    return {"model/a": np.full((3, 2), number, np.float32), "optimizer/iteration": np.array(number, np.int64)}


def save(checkpoints, epoch, step=0, best=-1):
    checkpoints.save(TrainingState(epoch=epoch, step=step, best_epoch=best), values(epoch))


def names(checkpoints):
    return sorted(path.name for path in checkpoints.folder.iterdir())


def test_state_and_variables_come_back(checkpoints):
    state = TrainingState(3, 7, [{"epoch": 0, "loss": 0.1 + 0.2}], 0, {"loss": 1.5}, 9, 32, 20, 1.25, 640, 0.5)
    checkpoints.save(state, values(3))
    read, variables = checkpoints.load_latest()
    assert read == state
    for name, value in values(3).items():
        np.testing.assert_array_equal(variables[name], value, strict=True)


def test_there_may_be_none(checkpoints):
    assert checkpoints.load_latest() is None


def test_the_last_three_and_the_best_are_kept(checkpoints):
    for epoch in range(1, 8):
        save(checkpoints, epoch, best=1 if epoch > 1 else 0)
    assert names(checkpoints) == [f"{epoch:06d}-00000000" for epoch in (2, 5, 6, 7)]
    assert checkpoints.load_epoch(1)["optimizer/iteration"] == 2


def test_steps_within_an_epoch_come_after_its_beginning(checkpoints):
    save(checkpoints, 1)
    save(checkpoints, 1, step=5)
    assert checkpoints.load_latest()[0].step == 5
    save(checkpoints, 2)
    assert checkpoints.load_latest()[0].epoch == 2


def damage_flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "flipped": damage_flip,
    "truncated": lambda path: os.truncate(path, path.stat().st_size // 2),
    "emptied": lambda path: os.truncate(path, 0),
    "missing": lambda path: path.unlink(),
}


@pytest.mark.parametrize("file", [VARIABLES, STATE, MANIFEST])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_one_falls_back_to_the_one_before_and_says_so(checkpoints, events, file, damage):
    save(checkpoints, 1)
    save(checkpoints, 2)
    DAMAGES[damage](checkpoints.folder / "000002-00000000" / file)
    assert checkpoints.load_latest()[0].epoch == 1
    warnings = [event for event in events if isinstance(event, Log) and event.level == "warning"]
    assert [warning.values["name"] for warning in warnings] == ["000002-00000000"]
    assert warnings[0].values["other"] == "000001-00000000"


def test_one_sealed_over_what_is_no_safetensors_file_is_damaged_too(checkpoints, events):
    save(checkpoints, 1)
    seal(checkpoints.folder / "000002-00000000", {VARIABLES: b"no such thing", STATE: b"{}"})
    assert checkpoints.load_latest()[0].epoch == 1
    assert any("damaged" in event.message for event in events if isinstance(event, Log))


def test_every_single_byte_counts(checkpoints, events, tmp_path):
    save(checkpoints, 1)
    save(checkpoints, 2)
    good = tmp_path / "good"
    shutil.copytree(checkpoints.folder, good)
    places = [(path.name, at) for path in (good / "000002-00000000").iterdir() for at in range(path.stat().st_size)]
    for name, at in places[:: max(1, len(places) // 150)]:
        shutil.rmtree(checkpoints.folder)
        shutil.copytree(good, checkpoints.folder)
        path = checkpoints.folder / "000002-00000000" / name
        content = bytearray(path.read_bytes())
        content[at] ^= 1 << (at % 8)
        path.write_bytes(content)
        assert checkpoints.load_latest()[0].epoch == 1, (name, at)


def test_when_all_are_damaged_it_starts_anew(checkpoints, events):
    save(checkpoints, 1)
    DAMAGES["emptied"](checkpoints.folder / "000001-00000000" / STATE)
    assert checkpoints.load_latest() is None
    assert events[-1].values["other"] == "the start"


def test_leftovers_of_a_kill_are_cleared(checkpoints):
    save(checkpoints, 1)
    for left in (".tmp-abc", ".old-000000-00000003"):
        (checkpoints.folder / left).mkdir()
        (checkpoints.folder / left / VARIABLES).write_bytes(b"half")
    assert checkpoints.load_latest()[0].epoch == 1
    assert names(checkpoints) == ["000001-00000000"]


def test_a_full_disk_leaves_the_former_one(checkpoints, monkeypatch):
    save(checkpoints, 1)

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(UserError, match="full"):
            save(checkpoints, 2)
    assert names(checkpoints) == ["000001-00000000"]
    assert checkpoints.load_latest()[0].epoch == 1


def test_one_written_anew_replaces_the_old(checkpoints):
    save(checkpoints, 1)
    checkpoints.save(TrainingState(epoch=1, seed=5), values(8))
    state, variables = checkpoints.load_latest()
    assert state.seed == 5
    assert variables["optimizer/iteration"] == 8


def test_one_of_a_newer_version_asks_for_an_update_and_stays(checkpoints):
    save(checkpoints, 1)
    folder = checkpoints.folder / "000001-00000000"
    files = {name: (folder / name).read_bytes() for name in (VARIABLES, STATE)}
    seal(folder, files, 99)
    with pytest.raises(UserError, match="newer version"):
        checkpoints.load_latest()
    assert names(checkpoints) == ["000001-00000000"]
