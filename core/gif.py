"""Encodes pictures as an animated GIF whose colours keep still. Writes no file."""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.context import Context

COLOURS = 256
MOST_SAMPLED = 65_536  # px that the palette is chosen from: a second's work
MARK = b"Pixelwright"


def encode_gif(frames: Sequence[np.ndarray], fps: float, context: Context | None = None) -> bytes:
    """Encodes an animation that repeats for ever.

    All frames share one palette and none is dithered, so that what stands still does not flicker. Up to 256 colours,
    greys among them, are kept as they are; more are reduced by median cut over pixels of all frames, then k-means.

    Args:
        frames: uint8 (H, W, 1) or (H, W, 3), all of one shape, at least one.
        fps: float, frames a second, above 0, at most 50; the format counts hundredths of a second, so that single
            frames may last one more or less than others.
        context: asked between frames whether to go on.

    Returns:
        The file's content.

    Reference:
        Heckbert, Color image quantization for frame buffer display, SIGGRAPH 1982.
    """
    palette = _palette(frames)
    indexed = []
    for frame in frames:
        if context is not None:
            context.check()
        indexed.append(_indexed(frame, palette))
    ends = [round(place * 100 / fps) for place in range(len(frames) + 1)]
    file = io.BytesIO()
    indexed[0].save(
        file,
        "GIF",
        save_all=True,
        append_images=indexed[1:],
        duration=[10 * (end - start) for start, end in itertools.pairwise(ends)],
        loop=0,
        optimize=False,
        comment=MARK,
    )
    return file.getvalue()


def _palette(frames: Sequence[np.ndarray]) -> np.ndarray:
    """Returns uint8 (K, 3), at most 256 colours."""
    if frames[0].shape[-1] == 1:
        return np.repeat(np.arange(COLOURS, dtype=np.uint8)[:, None], 3, axis=1)
    few: np.ndarray = np.empty((0, 3), np.uint8)
    for frame in frames:  # (H, W, 3)
        few = np.unique(np.concatenate([few, np.unique(frame.reshape(-1, 3), axis=0)]), axis=0)
        if len(few) > COLOURS:
            break
    else:
        return few
    pixels = np.concatenate([frame.reshape(-1, 3) for frame in frames])  # (N, 3)
    if len(pixels) > MOST_SAMPLED:  # drawn, since every n-th could miss whole columns
        pixels = pixels[np.random.default_rng(0).integers(len(pixels), size=MOST_SAMPLED)]
    reduced = Image.fromarray(pixels[None]).quantize(COLOURS, Image.Quantize.MEDIANCUT, kmeans=2)
    return np.array(reduced.getpalette(), np.uint8).reshape(-1, 3)[:COLOURS]


def _indexed(frame: np.ndarray, palette: np.ndarray) -> Image.Image:
    """Returns the frame (H, W, C) with each pixel as the place of the nearest colour."""
    if frame.shape[-1] == 1:
        image = Image.fromarray(frame[..., 0], "L").convert("P")
        image.putpalette(palette.tobytes())
        return image
    holder = Image.new("P", (1, 1))
    holder.putpalette(np.resize(palette, (COLOURS, 3)).tobytes())
    return Image.fromarray(frame).quantize(palette=holder, dither=Image.Dither.NONE)
