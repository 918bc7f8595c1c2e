"""Turns an index into pictures of one size. Must not know where the files lie nor what is trained on them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from core.context import Context
from core.data.dataset import Skipped
from core.data.fitting import change_channels, fit_picture
from core.data.index import Index
from core.data.progress import Progressing
from core.settings.dataset import DatasetSettings

LARGEST_OWN_SIDE_PX = 64


@dataclass(frozen=True, eq=False)
class Pictures:
    """All readable pictures of an index, at one size. M of them.

    Args:
        images: uint8 (M, H, W, C), C being 1 or 3; may be a memory map.
        kept: int64 (M,), the place of each in the index.
        digests: uint64 (M,), equal where pictures are exact copies.
        skipped: the files that could not be read.
    """

    images: np.ndarray
    kept: np.ndarray
    digests: np.ndarray
    skipped: tuple[Skipped, ...] = ()


def read_pictures(index: Index, settings: DatasetSettings, context: Context) -> Pictures:
    """Reads every picture of the index, at the size and in the colours that the settings ask for.

    Raises:
        UserError: not one can be read.
        CancelledError: the user has asked the job to stop.
    """
    assert index.draw is not None  # noqa: S101
    images = _bring_to_size(index.draw(context), settings, context)
    return Pictures(images, np.arange(len(index)), picture_digests(images, context))


def digest(picture: np.ndarray) -> int:
    """Returns 64 bits of hash of a picture's pixels."""
    return int.from_bytes(hashlib.blake2b(picture.tobytes(), digest_size=8).digest(), "little")


def picture_digests(images: np.ndarray, context: Context) -> np.ndarray:
    """Returns uint64 (N,), the digest of each of (N, H, W, C)."""
    digests = np.empty(len(images), np.uint64)
    for place, picture in enumerate(images):
        if place % 1024 == 0:
            context.check()
        digests[place] = digest(picture)
    return digests


def _bring_to_size(images: np.ndarray, settings: DatasetSettings, context: Context) -> np.ndarray:
    count, height, width, channels = images.shape
    side = settings.image_px or min(max(height, width), LARGEST_OWN_SIDE_PX)
    channels = {"auto": channels, "rgb": 3, "grey": 1}[settings.colour]
    if (height, width) == (side, side):
        return change_channels(images, channels)
    fitted = np.empty((count, side, side, channels), np.uint8)
    progress = Progressing(context, "decode", count, "pictures")
    for place, picture in enumerate(images):
        fitted[place] = fit_picture(picture, side, channels, fit=settings.fit, background=settings.background)
        progress.advance()
    progress.end()
    return fitted
