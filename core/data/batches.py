"""Batches in an order that seed and epoch fix, so that a training can go on from any step. Knows no Keras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ORDER, AUGMENT = 1, 2  # which of its independent random streams a seed is used for


@dataclass(frozen=True)
class Augmentation:
    """What is done to a training picture, at random and anew in each epoch.

    Args:
        pad_px: int, how far the edge pixels are repeated before the picture is cut back at a random place; 0 is off.
        flip: bool, whether half the pictures are mirrored left to right.
    """

    pad_px: int = 0
    flip: bool = False

    def __call__(self, images: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Returns the augmented batch.

        Args:
            images: uint8 (B, H, W, C).
            random: where chance comes from.

        Returns:
            uint8 (B, H, W, C), each picture with an offset and a flip of its own.
        """
        count, height, width, _ = images.shape
        if self.pad_px:
            pad = self.pad_px
            padded = np.pad(images, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode="edge")
            # Every place the window may lie, as a view: (B, 2P+1, 2P+1, C, H, W)
            windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(1, 2))
            top, left = random.integers(0, 2 * pad + 1, (2, count))
            images = windows[np.arange(count), top, left]  # (B, C, H, W)
            images = np.ascontiguousarray(images.transpose(0, 2, 3, 1))  # (B, H, W, C)
        if self.flip:
            mirrored = random.random(count) < 0.5
            images[mirrored] = images[mirrored, :, ::-1]
        return images


class Batches:
    """The samples of one split, batch by batch. Training batches all have one shape.

    Args:
        images: uint8 (N, H, W, C), may be a memory map.
        labels: int32 (N,).
        indices: int64 (M,), the samples of the split.
        batch_size: int; never more than M.
        seed: int, fixes order and augmentation; None keeps the order of the indices, and the last batch short.
        augmentation: what is done to the pictures.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        indices: np.ndarray,
        batch_size: int,
        seed: int | None = None,
        augmentation: Augmentation | None = None,
    ) -> None:
        self._images = images
        self._labels = np.asarray(labels, np.int32)
        self._indices = indices
        self._seed = seed
        self._augmentation = augmentation
        self._order: tuple[int, np.ndarray] = (-1, indices)
        self.batch_size = min(batch_size, len(indices))
        self.shape: tuple[int | None, ...] = images.shape[1:]  # of a sample; None for a side that changes
        self.dtype = np.dtype(images.dtype).name
        self.label_shape: tuple[int | None, ...] = self._labels.shape[1:]

    def __len__(self) -> int:
        return -(-len(self._indices) // self.batch_size) if len(self._indices) else 0

    def order(self, epoch: int) -> np.ndarray:
        """Returns the indices as that epoch goes through them, int64 (M,) or a few more.

        The last training batch is filled up from the start of the order: a backend that compiles for
        each shape then compiles once.
        """
        if self._seed is None:
            return self._indices
        if self._order[0] != epoch:
            mixed = np.random.default_rng((self._seed, ORDER, epoch)).permutation(self._indices)
            missing = len(self) * self.batch_size - len(mixed)
            self._order = epoch, np.concatenate([mixed, mixed[:missing]])
        return self._order[1]

    def batch(self, epoch: int, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns one batch; the same one whenever it is asked for.

        Args:
            epoch: int, from 0.
            step: int, from 0, within the epoch.

        Returns:
            uint8 (B, H, W, C) pictures and int32 (B,) labels.
        """
        chosen = self.order(epoch)[step * self.batch_size : (step + 1) * self.batch_size]
        images = np.asarray(self._images[chosen])
        if self._augmentation and self._seed is not None:
            images = self._augmentation(images, np.random.default_rng((self._seed, AUGMENT, epoch, step)))
        return images, self._labels[chosen]
