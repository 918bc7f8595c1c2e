"""Pictures and their targets batch by batch. Knows no Keras."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from core.data.augment import Augmentation
from core.data.batches import AUGMENT, CHOICE, Order
from core.data.dataset import Dataset
from core.data.placement import Placement
from core.data.targets.target import Targets
from core.data.unloaded import UnloadedImages

WORTHWHILE_BYTES = 2**20  # of a batch in memory; for a smaller one a second thread would only be in the way
MAX_WORKERS = 8

Prepare = Callable[[np.ndarray, Any], tuple[Any, Any]]


class PictureBatches:
    """The samples of one split; see `core.data.batches.Batches`.

    Args:
        images: uint8 (N, H, W, C), may decode or read from disk while it is indexed.
        targets: N of them.
        indices: int64 (M,), the samples of the split.
        batch_size: int; never more than M.
        seed: int, fixes order, augmentation and what else is left to chance; None leaves nothing to it, and the last
            batch short.
        augmentation: what is done to the pictures.
        placement: of the N pictures, from their files; for targets that lie in the pictures.
        prepare: makes samples and labels, arrays or structures of them, of a batch's pictures and targets: tokens of
            captions, say, which the model reads too. May be called from several threads. None leaves them as they are.

    Raises:
        ValueError: the targets lie in the pictures, and nothing is known of where these went.
    """

    def __init__(
        self,
        images: np.ndarray,
        targets: Targets,
        indices: np.ndarray,
        batch_size: int,
        seed: int | None = None,
        augmentation: Augmentation | None = None,
        placement: Placement | None = None,
        prepare: Prepare | None = None,
    ) -> None:
        if targets.follows_picture and placement is None:
            raise ValueError(f"Targets of the kind '{targets.kind}' lie in the pictures. Received: placement=None")
        self._images, self._targets = images, targets
        self._placement, self._prepare = placement, prepare
        self._seed, self._augmentation = seed, augmentation
        self.order = Order(indices, batch_size, seed)
        self.batch_size = self.order.batch_size
        self.batch_bytes = self.batch_size * int(np.prod(images.shape[1:])) * images.dtype.itemsize

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        split: str,
        batch_size: int,
        seed: int | None = None,
        augmentation: Augmentation | None = None,
        prepare: Prepare | None = None,
    ) -> PictureBatches:
        """Makes the batches of a data set's split; arguments as above."""
        return cls(
            dataset.images,
            dataset.targets,
            dataset.splits[split],
            batch_size,
            seed,
            augmentation,
            dataset.placement,
            prepare,
        )

    def __len__(self) -> int:
        return len(self.order)

    @property
    def workers(self) -> int:
        """One, but for large batches and for pictures that lie on disk."""
        loaded = isinstance(self._images, np.ndarray)
        return 1 if loaded and self.batch_bytes < WORTHWHILE_BYTES else min(MAX_WORKERS, os.cpu_count() or 1)

    def batch(self, epoch: int, step: int, check: Callable[[], object] = lambda: None) -> tuple[Any, Any]:
        """See `Batches`.

        Returns:
            uint8 (B, H, W, C) pictures, and their targets as `Targets.batch` gives them; or what `prepare` makes of
            both.
        """
        chosen, images = self.order.chosen(epoch, step), self._images
        images = images.read(chosen, check) if isinstance(images, UnloadedImages) else np.asarray(images[chosen])
        moved = random = None
        if self._seed is not None:
            random = np.random.default_rng((self._seed, CHOICE, epoch, step))
            if self._augmentation:
                images, moved = self._augmentation(images, np.random.default_rng((self._seed, AUGMENT, epoch, step)))
        targets = self._targets.batch(chosen, self._placed(chosen, moved), random)
        return (images, targets) if self._prepare is None else self._prepare(images, targets)

    def _placed(self, chosen: np.ndarray, moved: Placement | None) -> Placement | None:
        if self._placement is None:
            return None
        placed = self._placement.take(chosen)
        return placed if moved is None else placed.then(moved)
