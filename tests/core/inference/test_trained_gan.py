"""The ages of a GAN: each is drawn with when it is asked for, also when several runs take turns."""

import json

import keras
import numpy as np
import pytest
from class_target import class_target

from core.context import Context
from core.errors import UserError
from core.files.sealed import seal
from core.inference.trained_gan import trained_gan
from core.jobs import Job
from core.models.shared.saved import ModelDescription, save_model
from core.models.shared.variables import named, pack, read_variables
from core.runs.run import Workspace
from core.training.gan.snapshots import STAGE, WEIGHTS

KERNEL = "generator/first/kernel"


def made_run(workspace, value):
    """Returns a run whose generator's first kernel holds that value, and twice as much at the age of one epoch."""
    values = {"data": "digits", "filters": 4, "latent": 8}
    run, job = workspace.create_run(Job(task="train", model="dcgan", settings=values))
    description = ModelDescription("dcgan", job.settings, class_target("ab"), (28, 28, 1), epochs=3)
    gan = description.build()
    kernel = gan.generator.get_layer("first").kernel
    stage = read_variables(dict(named("generator", gan.generator.variables)))
    stage[KERNEL] = np.full(kernel.shape, 2 * value, np.float32)
    seal(run.snapshots / "000001", {WEIGHTS: pack(stage), STAGE: json.dumps({"epoch": 1}).encode()})
    kernel.assign(np.full(kernel.shape, value, np.float32))
    save_model(run.model_folder, gan, description)
    run.update(status="done")
    return run


def seen(run, context, epoch=0):
    gan, description = trained_gan(run, context, epoch)
    kernel = np.asarray(keras.ops.convert_to_numpy(gan.generator.get_layer("first").kernel.value))
    assert (kernel == kernel.flat[0]).all()
    return float(kernel.flat[0]), description.epochs


def test_two_runs_take_turns_at_their_ages(tmp_path):
    workspace = Workspace(tmp_path)
    one, other = made_run(workspace, 1.0), made_run(workspace, 5.0)
    context = Context(one.record().job, workspace)
    assert one.ages() == [1]
    assert seen(one, context, 1) == (2.0, 1)
    assert seen(other, context) == (5.0, 3)
    assert seen(one, context) == (1.0, 3)
    assert seen(other, context, 1) == (10.0, 1)
    assert seen(one, context, 1) == (2.0, 1)
    assert seen(other, context) == (5.0, 3)


def test_an_age_that_was_not_kept_is_told_with_those_that_were(tmp_path):
    workspace = Workspace(tmp_path)
    run = made_run(workspace, 1.0)
    with pytest.raises(UserError, match=r"has kept no snapshot of epoch 2\..*Choose one of: 1"):
        trained_gan(run, Context(run.record().job, workspace), 2)
