"""Checkpoints survive kills, full disks and damaged files."""

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.errors import UserError
from core.events import Log
from core.files.sealed import MANIFEST, UnreadableError, seal
from core.training.loop import checkpoints as module
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


def test_a_damaged_one_is_set_aside_until_the_training_has_come_past_it(checkpoints):
    save(checkpoints, 1)
    save(checkpoints, 3)
    DAMAGES["flipped"](checkpoints.folder / "000003-00000000" / VARIABLES)
    content = (checkpoints.folder / "000003-00000000" / VARIABLES).read_bytes()
    assert checkpoints.load_latest()[0].epoch == 1
    save(checkpoints, 2)
    assert names(checkpoints) == [".damaged-000003-00000000", "000001-00000000", "000002-00000000"]
    assert (checkpoints.folder / ".damaged-000003-00000000" / VARIABLES).read_bytes() == content
    save(checkpoints, 3)
    assert names(checkpoints) == [f"{epoch:06d}-00000000" for epoch in (1, 2, 3)]


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EIO, errno.EACCES, errno.ESTALE])
@pytest.mark.parametrize("file", [VARIABLES, STATE, MANIFEST])
def test_one_that_cannot_be_read_for_now_stays_and_is_told(checkpoints, events, monkeypatch, number, file):
    save(checkpoints, 1)
    save(checkpoints, 2)
    read = Path.read_bytes

    def refuse(path):
        if path.name == file:
            raise OSError(number, os.strerror(number))
        return read(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        with pytest.raises(UnreadableError, match="try again") as told:
            checkpoints.load_latest()
        assert str(checkpoints.folder / "000002-00000000" / file) in str(told.value)
        for ask in (lambda: checkpoints.load_epoch(1), lambda: checkpoints.weights_to_keep(best=False)):
            with pytest.raises(UnreadableError):
                ask()
    assert names(checkpoints) == ["000001-00000000", "000002-00000000"]
    assert checkpoints.load_latest()[0].epoch == 2


def test_a_folder_that_cannot_be_looked_into_is_no_empty_one(checkpoints, monkeypatch):
    save(checkpoints, 1)

    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(UnreadableError, match="Permission denied"):
        checkpoints.load_latest()


def rewrite(checkpoints, **changes):
    """Gives the newest checkpoint another state.json, or other variables, with a manifest that fits."""
    folder = max(checkpoints.folder.iterdir())
    files = {name: (folder / name).read_bytes() for name in (VARIABLES, STATE)}
    state = json.loads(files[STATE])
    seal(folder, {**files, STATE: json.dumps({**state, **changes}).encode()})
    return folder, files, state


def test_one_with_a_field_that_this_version_does_not_know_stays(checkpoints):
    save(checkpoints, 1)
    save(checkpoints, 2)
    folder, _, _ = rewrite(checkpoints, loss_scale=2.0)
    with pytest.raises(UserError, match="version that wrote it") as told:
        checkpoints.load_latest()
    assert str(folder) in str(told.value)
    assert names(checkpoints) == ["000001-00000000", "000002-00000000"]


def test_one_sealed_over_what_is_no_safetensors_file_stays_too(checkpoints):
    save(checkpoints, 1)
    seal(checkpoints.folder / "000002-00000000", {VARIABLES: b"no such thing", STATE: b"{}"})
    with pytest.raises(UserError, match="version that wrote it"):
        checkpoints.load_latest()
    assert names(checkpoints) == ["000001-00000000", "000002-00000000"]


@pytest.mark.parametrize("error", [KeyError("model/a"), ValueError("shapes")])
def test_one_that_cannot_be_migrated_stays(checkpoints, monkeypatch, error):
    save(checkpoints, 1)

    def fail(values):
        raise error

    monkeypatch.setattr(module, "migrations_of", lambda model: (fail,))
    with pytest.raises(UserError, match="version that wrote it"):
        checkpoints.load_latest()
    assert names(checkpoints) == ["000001-00000000"]


def test_the_state_has_a_format_of_its_own(checkpoints, monkeypatch):
    save(checkpoints, 1)
    folder, files, state = rewrite(checkpoints)
    assert state["format"] == 1
    del state["format"]  # as it was written before
    seal(folder, {**files, STATE: json.dumps(state).encode()})
    assert checkpoints.load_latest()[0].epoch == 1

    monkeypatch.setattr(module, "MIGRATIONS", (lambda values: {**values, "seed": values["seed"] + 7},))
    assert checkpoints.load_latest()[0].seed == 7
    rewrite(checkpoints, format=2)
    assert checkpoints.load_latest()[0].seed == 0
    rewrite(checkpoints, format=3)
    with pytest.raises(UserError, match="newer version"):
        checkpoints.load_latest()
    assert names(checkpoints) == ["000001-00000000"]


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


@pytest.mark.parametrize("damage", DAMAGES)
def test_where_none_is_intact_all_stay_and_it_is_told(checkpoints, tmp_path, damage):
    for epoch in (1, 2):
        save(checkpoints, epoch)
        DAMAGES[damage](checkpoints.folder / f"{epoch:06d}-00000000" / STATE)
    for _ in range(2):
        with pytest.raises(UserError, match=f"No checkpoint of the run '{tmp_path.name}' is intact"):
            checkpoints.load_latest()
    assert names(checkpoints) == ["000001-00000000", "000002-00000000"]


def test_an_old_one_that_cannot_be_removed_costs_nothing(checkpoints, monkeypatch):
    for epoch in (1, 2, 3):
        save(checkpoints, epoch)
    replace = Path.replace

    def refuse(path, target):
        if Path(target).name.startswith(".tmp-0"):
            raise PermissionError(errno.EACCES, "The file is in use")
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        save(checkpoints, 4)
    assert len(names(checkpoints)) == 4
    save(checkpoints, 5)
    assert names(checkpoints) == [f"{epoch:06d}-00000000" for epoch in (3, 4, 5)]


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
