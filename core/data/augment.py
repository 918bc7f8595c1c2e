"""What is done to training pictures at random, each with an offset and a flip of its own. Plain NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.placement import Placement


@dataclass(frozen=True)
class Augmentation:
    """What is done to a training picture, at random and anew in each epoch.

    Args:
        pad_px: int, how far the edge pixels are repeated before the picture is cut back at a random place; 0 is off.
        flip: bool, whether half the pictures are mirrored left to right.
    """

    pad_px: int = 0
    flip: bool = False

    def __call__(self, images: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, Placement]:
        """Augments a batch.

        Args:
            images: uint8 (B, H, W, C).
            random: where chance comes from.

        Returns:
            The batch, uint8 (B, H, W, C), and where the points of its pictures went.
        """
        count, height, width, _ = images.shape
        placement = Placement.none(count, (height, width))
        if self.pad_px:
            offsets = random.integers(0, 2 * self.pad_px + 1, (2, count)).T  # (B, 2), down and across
            images = _shifted(images, self.pad_px, offsets)
            placement = Placement(placement.scale, self.pad_px - offsets.astype(np.float64), (height, width))
        if self.flip:
            mirrored = random.random(count) < 0.5
            images[mirrored] = images[mirrored, :, ::-1]
            across = np.where(mirrored, -1.0, 1.0)
            flip = Placement(
                np.stack([np.ones(count), across], axis=1),
                np.stack([np.zeros(count), np.where(mirrored, float(width), 0.0)], axis=1),
                (height, width),
            )
            placement = placement.then(flip)
        return images, placement


def _shifted(images: np.ndarray, pad: int, offsets: np.ndarray) -> np.ndarray:
    """Pads each picture with its edge pixels and cuts it back at its own offset, int (B, 2)."""
    _, height, width, _ = images.shape
    padded = np.pad(images, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode="edge")
    cut = np.empty_like(images)
    # Slice by slice: one fancy index over all windows takes three times as long.
    for number, (top, left) in enumerate(offsets):
        cut[number] = padded[number, top : top + height, left : left + width]
    return cut
