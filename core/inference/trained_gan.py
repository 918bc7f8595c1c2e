"""Gets the GAN of a run, as it is kept or as it was at an earlier age."""

from __future__ import annotations

import json
from weakref import WeakKeyDictionary

import numpy as np

from core import catalog
from core.context import Context
from core.errors import UserError
from core.files.migrations import migrate
from core.files.sealed import DamagedError, unseal_versioned
from core.inference.trained import trained_model
from core.models.dcgan import Gan
from core.models.shared.formats import migrations_of
from core.models.shared.saved import ModelDescription
from core.models.shared.variables import named, read_variables, unpack, write_variables
from core.runs.run import Run
from core.training.gan.snapshots import GROUP, STAGE, WEIGHTS

KEPT = "kept generator"


def trained_gan(run: Run, context: Context, epoch: int = 0) -> tuple[Gan, ModelDescription]:
    """Returns the run's GAN, its generator having the age that is asked for.

    Args:
        run: of a GAN.
        context: gets the progress.
        epoch: int, epochs it has been trained; 0 takes the model that is kept. The description's `epochs` says which.

    Raises:
        UserError: the run is no GAN's, holds no model, or has kept no such age.
    """
    catalog.check_use("generate", run.record().job.model, run.id)
    model, description = trained_model(run, context)
    if not isinstance(model, Gan):
        raise TypeError(f"A GAN's row builds a GAN. Received: {type(model).__name__}")
    generator = dict(named(GROUP, model.generator.variables))
    # The model stays in memory from job to job: who gave it an earlier age must give it back its own.
    kept: WeakKeyDictionary[Gan, dict[str, np.ndarray]] = context.cache.setdefault(KEPT, WeakKeyDictionary())
    if model not in kept:
        kept[model] = read_variables(generator)
    own = kept[model]
    if not epoch or epoch == description.epochs:
        write_variables(generator, own)
        return model, description
    values, found = _stage(run, epoch)
    try:
        write_variables(generator, values)
    except ValueError as error:
        raise _damaged(run, epoch, error) from error
    return model, ModelDescription(**{**vars(description), "epochs": found})


def _stage(run: Run, epoch: int) -> tuple[dict[str, np.ndarray], int]:
    known = run.ages()
    if epoch not in known:
        raise UserError(
            "The run '{run}' has kept no snapshot of epoch {epoch}.",
            hint="Choose one of: {known}; or 0 for the model as it is.",
            run=run.id,
            epoch=epoch,
            known=", ".join(map(str, known)) or "0",
        )
    try:
        folder = run.snapshots / f"{epoch:06d}"
        version, contents = unseal_versioned(folder)
        variables = _renamed(unpack(contents[WEIGHTS]), GROUP, "model")
        read = {"format": version, "variables": variables, "stage": json.loads(contents[STAGE])}
        read = migrate(read, migrations_of(run.record().job.model), folder)
        return _renamed(read["variables"], "model", GROUP), int(read["stage"]["epoch"])
    except (DamagedError, ValueError, KeyError, TypeError) as error:
        raise _damaged(run, epoch, error) from error


def _renamed(variables: dict[str, np.ndarray], before: str, after: str) -> dict[str, np.ndarray]:
    """Returns the generator's variables under the names of another group: a checkpoint has them among the model's."""
    return {f"{after}/{name.removeprefix(f'{before}/')}": value for name, value in variables.items()}


def _damaged(run: Run, epoch: int, reason: Exception) -> UserError:
    return UserError(
        "The run '{run}' as it was after epoch {epoch} is damaged: {reason}.",
        hint="Choose another age, or 0 for the model as it is.",
        run=run.id,
        epoch=epoch,
        reason=reason,
    )
