"""A trained model on disk: weights, and what is needed to build it again. Nothing foreign is ever deserialised.

The folder also holds `model.keras` for use outside Pixelwright, which itself never opens it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from core import catalog
from core.errors import UserError
from core.files.atomic import writing_to
from core.files.migrations import migrate
from core.files.sealed import DamagedError, seal, unseal_versioned
from core.models.shared.formats import format_of, migrations_of
from core.models.shared.size import check_size, count_parameters
from core.models.shared.variables import named_variables, pack, read_variables, unpack, write_variables
from core.settings.base import Settings
from core.settings.intensity import AUTO, FULL

WEIGHTS, DESCRIPTION, ELSEWHERE = "weights.safetensors", "model.json", "model.keras"
LARGEST_SIDE = 4096
BYTES_TO_USE, BYTES_TO_TRAIN = 4, 16  # of one parameter; to train it needs a gradient and two moments too


@dataclass(frozen=True)
class ModelDescription:
    """What a picture model is, beside its weights.

    Args:
        model: str, a key of `catalog.MODELS`.
        settings: dict, the values of the Settings it was trained with; they also say how to read pictures.
        target: what it was trained for says of itself, as `Targets.summary` returns it: {"target": a key of
            `catalog.TARGETS`, and by kind whatever a model must know, such as "classes": names, in the order of the
            logits}.
        input_shape: (H, W, C).
        epochs: int, epochs trained when these weights were taken.
        reading: str, how the pictures of its training became 8 bits, see `core.data.reading.Pictures`.
    """

    model: str
    settings: dict[str, Any]
    target: dict[str, Any]
    input_shape: tuple[int, int, int]
    epochs: int = 0
    reading: str = ""

    @property
    def reads(self) -> str:
        """How pictures that it is shown become 8 bits: as those of its training; by their type where it saw none."""
        asked = str(self.settings.get("intensity", AUTO))
        return self.reading or (FULL if asked == AUTO else asked)

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> ModelDescription:
        """Returns what `asdict` and JSON have made of a description.

        Raises:
            TypeError, ValueError, KeyError: it is none.
        """
        values = dict(values)
        if "target" not in values:  # classes were all that a model could be trained for
            values["target"] = {"target": "class", "classes": list(values.pop("classes"))}
        return cls(**{**values, "target": dict(values["target"]), "input_shape": tuple(values["input_shape"])})

    @property
    def classes(self) -> tuple[str, ...]:
        """Names, in the order of the logits; empty where it was trained for something else."""
        return tuple(self.target.get("classes", ()))

    def typed_settings(self) -> Settings:
        """Returns the settings, checked."""
        settings: Settings = catalog.load(catalog.find(catalog.MODELS, self.model, "model").settings).parse(
            self.settings, self.model
        )
        return settings

    def check(self, *, bytes_each: int, parameters: int | None = None) -> None:
        """Bounds what `build` would build, before it takes any memory.

        Args:
            bytes_each: int, as in `check_size`.
            parameters: int, more than these are refused; None sets no bound but the memory.

        Raises:
            ValueError: a shape, a target or a size that can't be right.
            UserError: the computer has too little memory.
        """
        height, width, channels = self.input_shape
        if not (1 <= height <= LARGEST_SIDE and 1 <= width <= LARGEST_SIDE and channels in (1, 3)):
            raise ValueError(f"a model can't have the input shape {self.input_shape}")
        found = count_parameters(self.build)
        if parameters is not None and found > parameters:
            raise ValueError("its weights are fewer than its settings ask for")
        check_size(found, bytes_each=bytes_each)

    def build(self) -> keras.Model:
        """Builds the model with fresh weights; raises ValueError where it can't be trained for the target."""
        build = catalog.load(catalog.find(catalog.MODELS, self.model, "model").build)
        model: keras.Model = build(self.typed_settings(), self.input_shape, self.target)
        return model


def save_model(folder: Path, model: keras.Model, description: ModelDescription) -> None:
    """Writes the model's folder in one step, replacing an older one.

    Raises:
        UserError: the disk is full, or the place cannot be written.
    """
    with writing_to(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".tmp-", ignore_cleanup_errors=True) as temporary:
            elsewhere = Path(temporary) / ELSEWHERE
            # Of a GAN the generator alone is of use elsewhere.
            getattr(model, "portable", model).save(elsewhere, include_optimizer=False)
            files: dict[str, bytes | Path] = {
                WEIGHTS: pack(read_variables(named_variables(model))),
                DESCRIPTION: json.dumps(asdict(description), indent=1, ensure_ascii=False).encode(),
                ELSEWHERE: elsewhere,
            }
            seal(folder, files, format_of(description.model))


def rebuild(description: ModelDescription, weights: Mapping[str, np.ndarray]) -> keras.Model:
    """Builds the model anew and gives it weights, having made sure that it is no larger than these.

    Args:
        description: what it is.
        weights: name -> array, as `read_variables` returns them.

    Raises:
        ValueError: they do not fit each other.
        UserError: a setting does not fit, or the computer has too little memory.
    """
    description.check(bytes_each=BYTES_TO_USE, parameters=sum(value.size for value in weights.values()))
    model = description.build()
    write_variables(named_variables(model), weights)
    return model


def load_model(folder: Path) -> tuple[keras.Model, ModelDescription]:
    """Builds the model anew and gives it the saved weights.

    Raises:
        UserError: there is no model, a file has changed since it was written, or a newer version has written it.
    """
    if not folder.is_dir():
        raise UserError(
            "'{run}' holds no trained model yet.",
            hint="Resume the run, or let it train for at least one epoch.",
            run=folder.parent,
        )
    try:
        version, contents = unseal_versioned(folder, only=(WEIGHTS, DESCRIPTION))
        read = {"description": json.loads(contents[DESCRIPTION]), "variables": unpack(contents[WEIGHTS])}
        read = migrate({"format": version, **read}, migrations_of(read["description"]["model"]), folder)
        description = ModelDescription.of_json(read["description"])
        model = rebuild(description, read["variables"])
    except (DamagedError, ValueError, TypeError, KeyError) as error:
        raise UserError(
            "The model in '{folder}' is damaged: {reason}.",
            hint="Resume the run to write it again, or restore it from a copy.",
            folder=folder,
            reason=error,
        ) from error
    return model, description
