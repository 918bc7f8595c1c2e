"""The feature extractor that FID, KID and Inception Score are computed with; there are three to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

from core.context import Context
from core.data.dataset import Dataset
from core.data.fitting import change_channels, fit_picture
from core.data.targets.classes import classes_of
from core.evaluation.own_extractor import INDEPENDENT, OWN, Plan, own_extractor
from core.inference.predict import predict, predict_batch_size
from core.inference.trained import trained_model
from core.metrics.classification import softmax
from core.models.foreign.inception import load_inception
from core.runs.find_extractor import find_extractor
from core.runs.run import Run


class ExtractorSettings(Protocol):
    """The part of a training's settings that chooses the feature extractor."""

    @property
    def judge(self) -> str:
        """A classifier's run, a file of InceptionV3 weights, or nothing for a network trained on the same data."""


class FeatureExtractor:
    """A trained network that gives features of pictures to compare them by, and where it can class probabilities.

    Args:
        name: str, English, shown beside the score: what it is, and its accuracy.
        network: float32 (B, H, W, C) of 0 to 255 -> float32 (B, D + K), features and then logits.
        context: asked between batches whether to stop.
        classes: K names; none where it gives features only.
        accuracy: float in [0, 1], on unseen pictures; None where it is not known.
        chance: float in [0, 1), the accuracy of guessing.
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
        """How much better than guessing it is: 0 is no better, 1 is always right; 1 where it is not known."""
        return 1.0 if self.accuracy is None else (self.accuracy - self._chance) / (1 - self._chance)

    def extract(self, pictures: np.ndarray, places: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns features and probabilities of pictures, which are resized to what the network takes.

        Args:
            pictures: uint8 (M, H, W, C), C being 1 or 3; may read from disk while it is indexed: a batch at a time.
            places: int (N,), which of them; None for all.

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


def make_extractor(dataset: Dataset, settings: ExtractorSettings, context: Context, run: Run) -> FeatureExtractor:
    """Returns the feature extractor that the settings name.

    Where it is a network of the data's own, the random state afterwards is that of the job's seed.

    Args:
        dataset: what the generator learns from.
        settings: with `judge`: empty for a small network trained on these data within seconds, a classifier's run by
            id, name or folder, or a `.h5` file of InceptionV3 weights.
        context: gets the progress, and is asked whether to stop.
        run: the generator's run; a network of the data's own is kept in its folder `judge`.

    Raises:
        UserError: there is no such run or file, or it gives no features.
        CancelledError: the user has asked the job to stop.
    """
    named = find_extractor(settings.judge, context.workspace)
    if named is None:
        return _own(dataset, context, run, OWN)
    return _of_run(named, context) if isinstance(named, Run) else _inception(named, context)


def independent_extractor(dataset: Dataset, context: Context, run: Run) -> FeatureExtractor | None:
    """Returns a classifier of the data that nothing else was measured with, for class agreement.

    It has another width, activation, pooling and augmentation, and other random numbers than the data's own extractor.

    Args:
        dataset: what the generator has learnt from.
        context: as in `make_extractor`.
        run: the generator's run, in whose folder `judge-independent` it is kept.

    Returns:
        The extractor; None where the data have but one class.
    """
    return _own(dataset, context, run, INDEPENDENT) if len(classes_of(dataset.targets).classes) > 1 else None


def _own(dataset: Dataset, context: Context, run: Run, plan: Plan) -> FeatureExtractor:
    model, known = own_extractor(dataset, context, run, plan)
    what = "CNN trained to recognise rotations of this data" if known.turns else "CNN of this data"
    if plan is INDEPENDENT:
        what = f"independent {what}"
    classes = () if known.turns else known.description.classes
    network, chance = _with_features(model, len(classes)), 1 / max(2, len(known.description.classes))
    return FeatureExtractor(_name(what, known.accuracy), network, context, classes, known.accuracy, chance)


def _of_run(run: Run, context: Context) -> FeatureExtractor:
    model, description = trained_model(run, context)
    record = run.record()
    # Not that on its test split: those may be the pictures that the generator is tested by, and this chooses its epoch.
    right = record.result.get("metrics", {}).get("validation_accuracy")
    name = _name(f"{record.job.model} of the run '{record.name}'", right)
    classes = description.classes
    return FeatureExtractor(
        name, _with_features(model, len(classes)), context, classes, right, 1 / max(2, len(classes))
    )


def _inception(path: Path, context: Context) -> FeatureExtractor:
    network, count = load_inception(path)
    return FeatureExtractor(
        f"InceptionV3 ({path.name})", network, context, [f"ImageNet {place}" for place in range(count)]
    )


def _with_features(model: keras.Model, classes: int) -> keras.Model:
    """Returns a classifier that gives its last layer's inputs, then its logits."""
    head = model.get_layer("logits")
    outputs: list[Any] = [head.input, head.output] if classes else [head.input]
    joined = keras.layers.Concatenate(name="features_logits")(outputs) if classes else outputs[0]
    return keras.Model(model.input, joined, name="feature_extractor")


def _name(what: str, accuracy: float | None) -> str:
    return what if accuracy is None else f"{what}, {100 * accuracy:.1f} % right"


def _fitted(pictures: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Returns pictures of another size or with other channels as the network takes them."""
    height, _, channels = shape
    if pictures.shape[1:3] == tuple(shape[:2]):
        return change_channels(pictures, channels)
    return np.stack([fit_picture(one, height, channels, fit="stretch", background="#ffffff") for one in pictures])
