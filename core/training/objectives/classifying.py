"""The objective of a classifier: to predict the class of every picture."""

from __future__ import annotations

import keras

from core.data.augment import Augmentation
from core.data.dataset import Dataset
from core.data.picture_batches import PictureBatches
from core.settings.picture_fit import PictureFitSettings
from core.training.objectives.losses import ClassifierLoss
from core.training.objectives.objective import Objective


def classifying(dataset: Dataset, settings: PictureFitSettings, seed: int) -> Objective:
    """Returns what a classifier is trained for.

    Args:
        dataset: its train split is trained on, its validation split measured.
        settings: batch size, augmentation, label smoothing.
        seed: int >= 0, fixes order and augmentation.
    """
    pad = round(settings.crop * min(dataset.shape[:2]))
    augmentation = Augmentation(pad, settings.flip) if pad or settings.flip else None
    return Objective(
        PictureBatches.of(dataset, "train", settings.batch_size, seed, augmentation),
        PictureBatches.of(dataset, "validation", settings.batch_size),
        ClassifierLoss(settings.label_smoothing),
        [keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
