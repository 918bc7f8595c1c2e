"""Batches in an order that seed and epoch fix, so that a training can go on from any step. Knows no Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.data.augment import Augmentation
from core.data.dataset import Dataset
from core.data.placement import Placement
from core.data.targets.target import Targets
from core.data.unloaded import UnloadedImages

ORDER, AUGMENT, CHOICE = 1, 2, 5  # which of its independent random streams a seed is used for

Prepare = Callable[[np.ndarray, Any], tuple[Any, Any]]


class Batches:
    """The samples of one split, batch by batch. Training batches all have one shape.

    Args:
        images: uint8 (N, H, W, C), may decode or read from disk while it is indexed.
        targets: N of them.
        indices: int64 (M,), the samples of the split.
        batch_size: int; never more than M.
        seed: int, fixes order and augmentation; None keeps the order of the indices, and the last batch short.
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
        self.images = images
        self._targets = targets
        self._placement, self._prepare = placement, prepare
        self._indices = indices
        self._seed = seed
        self._augmentation = augmentation
        self._order: tuple[int, np.ndarray] = (-1, indices)
        self.batch_size = min(batch_size, len(indices))

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        split: str,
        batch_size: int,
        seed: int | None = None,
        augmentation: Augmentation | None = None,
        prepare: Prepare | None = None,
    ) -> Batches:
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
        return -(-len(self._indices) // self.batch_size) if len(self._indices) else 0

    def order(self, epoch: int) -> np.ndarray:
        """Returns the indices as that epoch goes through them, int64 (M,) or a few more.

        The last training batch is filled up from the start of the order: a backend that compiles for
        each shape then compiles once.
        """
        if self._seed is None:
            return self._indices
        known, order = self._order  # taken once: another thread may be in another epoch
        if known != epoch:
            mixed = np.random.default_rng((self._seed, ORDER, epoch)).permutation(self._indices)
            missing = len(self) * self.batch_size - len(mixed)
            order = np.concatenate([mixed, mixed[:missing]])
            self._order = epoch, order
        return order

    def batch(self, epoch: int, step: int, check: Callable[[], object] = lambda: None) -> tuple[Any, Any]:
        """Returns one batch; the same one whenever it is asked for.

        Args:
            epoch: int, from 0.
            step: int, from 0, within the epoch.
            check: called before each picture that has to be read, which may take long; what it raises ends the batch.

        Returns:
            uint8 (B, H, W, C) pictures, and their targets as `Targets.batch` gives them; or what `prepare` makes of
            both.
        """
        chosen = self.order(epoch)[step * self.batch_size : (step + 1) * self.batch_size]
        images = self.images
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
