"""Who looks at generated pictures so that they can be measured: three sources of features, and their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import keras
import numpy as np

from core.context import Context
from core.data.dataset import Dataset
from core.data.fitting import change_channels, fit_picture
from core.data.targets.classes import classes_of
from core.errors import UserError
from core.evaluation.own_judge import INDEPENDENT, OWN, Plan, own_judge
from core.files.atomic import path_of
from core.inference.predict import predict, predict_batch_size
from core.inference.trained import trained_model
from core.metrics.classification import softmax
from core.models.foreign.inception import load_inception
from core.runs.run import Run


class JudgeSettings(Protocol):
    """What a judge needs to know of a training's settings."""

    @property
    def judge(self) -> str:
        """A classifier's run, a file of InceptionV3 weights, or nothing for one of the data's own."""


class Judge:
    """A trained network that looks at pictures: features to compare them by, and what it takes them for.

    Args:
        name: str, English, for whoever reads the score: what it is, and how often it is right.
        network: float32 (B, H, W, C) of 0 to 255 -> float32 (B, D + K), features and then logits.
        context: asked between batches whether to stop.
        classes: K names; none where it only gives features.
        accuracy: float in [0, 1], share of unseen pictures it is right about; None where nobody knows.
        chance: float in [0, 1), share of them that a guess would be right about.
    """

    def __init__(
        self,
        name: str,
        network: keras.Model,
        context: Context,
        classes: Sequence[str] = (),
        accuracy: float | None = None,
        chance: float = 0.0,
    ) -> None:
        self.name = name
        self.classes = tuple(classes)
        self.accuracy = accuracy
        self._chance = chance
        self._network, self._context, self._logits = network, context, len(classes)
        self.dimensions = int(network.output_shape[-1]) - self._logits

    @property
    def skill(self) -> float:
        """How much better than a guess it is: 0 is as good, 1 is always right, as far as anybody knows."""
        return 1.0 if self.accuracy is None else (self.accuracy - self._chance) / (1 - self._chance)

    def look(self, pictures: np.ndarray, places: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns features and probabilities of pictures, which are resized to what the network takes.

        Args:
            pictures: uint8 (M, H, W, C), C being 1 or 3; may be a memory map, of which a batch at a time is read.
            places: int (N,), which of them are looked at; None for all.

        Returns:
            float32 (N, D), and float32 (N, K) or None without classes.

        Raises:
            CancelledError: the user has asked the job to stop.
        """
        shape = tuple(int(side) for side in self._network.input_shape[1:])
        size = predict_batch_size((shape[0], shape[1], shape[2]))
        parts = [np.zeros((0, self.dimensions + self._logits), np.float32)]
        for start in range(0, len(pictures if places is None else places), size):
            self._context.check()
            batch = slice(start, start + size)
            chosen = np.asarray(pictures[batch if places is None else places[batch]])
            parts.append(predict(self._network, _fitted(chosen, shape), size))
        seen = np.concatenate(parts)
        features = seen[:, : self.dimensions]
        return features, softmax(seen[:, self.dimensions :]).astype(np.float32) if self.classes else None


def make_judge(dataset: Dataset, settings: JudgeSettings, context: Context, run: Run) -> Judge:
    """Returns the judge that the settings name.

    The random state afterwards is that of the job's seed where the judge is one of the data's own.

    Args:
        dataset: what the generator learns from.
        settings: with `judge`: empty for a small network trained on these data within seconds, a classifier's run by
            id, name or folder, or a `.h5` file of InceptionV3 weights.
        context: is told of the progress, and asked whether to stop.
        run: the generator's run; a network of the data's own is kept in its folder `judge`.

    Raises:
        UserError: there is no such run or file, or it can't judge.
        CancelledError: the user has asked the job to stop.
    """
    named = settings.judge.strip()
    if not named:
        return _own(dataset, context, run, OWN)
    if named.lower().endswith((".h5", ".hdf5")):
        return _inception(named, context)
    return _of_run(context.workspace.find(named), context)


def independent_judge(dataset: Dataset, context: Context, run: Run) -> Judge | None:
    """Returns a classifier of the data that nothing else was measured with, for class agreement.

    It has another width, activation, pooling and augmentation, and other random numbers than the data's own judge.

    Args:
        dataset: what the generator has learnt from.
        context: as in `make_judge`.
        run: the generator's run, in whose folder `judge-independent` it is kept.

    Returns:
        The judge; None where the data have but one class.
    """
    return _own(dataset, context, run, INDEPENDENT) if len(classes_of(dataset.targets).classes) > 1 else None


def _own(dataset: Dataset, context: Context, run: Run, plan: Plan) -> Judge:
    model, known = own_judge(dataset, context, run, plan)
    what = "CNN that tells how pictures of this data are turned" if known.turns else "CNN of this data"
    if plan is INDEPENDENT:
        what = f"independent {what}"
    classes = () if known.turns else known.description.classes
    network, chance = _with_features(model, len(classes)), 1 / max(2, len(known.description.classes))
    return Judge(_name(what, known.accuracy), network, context, classes, known.accuracy, chance)


def _of_run(run: Run, context: Context) -> Judge:
    model, description = trained_model(run, context)
    record = run.record()
    if "logits" not in {layer.name for layer in model.layers}:
        raise UserError(
            "The run '{run}' is no classifier: it can't judge pictures.",
            hint="Name a classifier's run, or leave the judge empty for one of the data's own.",
            run=run.id,
        )
    right = record.result.get("metrics", {}).get("test_accuracy")
    name = _name(f"{record.job.model} of the run '{record.name}'", right)
    classes = description.classes
    return Judge(name, _with_features(model, len(classes)), context, classes, right, 1 / max(2, len(classes)))


def _inception(named: str, context: Context) -> Judge:
    path = path_of(named)
    network, count = load_inception(path)
    return Judge(f"InceptionV3 ({path.name})", network, context, [f"ImageNet {place}" for place in range(count)])


def _with_features(model: keras.Model, classes: int) -> keras.Model:
    """Returns a classifier that gives what its last layer sees before what it says."""
    head = model.get_layer("logits")
    outputs: list[Any] = [head.input, head.output] if classes else [head.input]
    joined = keras.layers.Concatenate(name="features_logits")(outputs) if classes else outputs[0]
    return keras.Model(model.input, joined, name="judge")


def _name(what: str, accuracy: float | None) -> str:
    return what if accuracy is None else f"{what}, {100 * accuracy:.1f} % right"


def _fitted(pictures: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Returns pictures of another size or with other channels as the network takes them."""
    height, _, channels = shape
    if pictures.shape[1:3] == tuple(shape[:2]):
        return change_channels(pictures, channels)
    return np.stack([fit_picture(one, height, channels, fit="stretch", background="#ffffff") for one in pictures])
