"""Encodes pictures as an animated GIF, its colours as near to theirs as the format allows. Writes no file."""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.context import Context

COLOURS = 256
KEPT = COLOURS - 1  # the place that means: as in the frame before
UNSEEN = 2  # levels a shown colour may be off before it is drawn anew
MARK = b"Pixelwright"


def encode_gif(frames: Sequence[np.ndarray], fps: float, scale: int = 1, context: Context | None = None) -> bytes:
    """Encodes an animation that repeats for ever.

    Greys, and up to 256 colours in all frames together, are kept as they are. Of more, each frame gets the 255 that
    suit what changes in it, by median cut and k-means, and no dither; a pixel that stands still, or is shown well
    enough, is left as it is and so can't flicker. One palette for all frames would be three times as far off on a film
    of photographs, and soft changes would go in visible steps.

    Args:
        frames: uint8 (H, W, 1) or (H, W, 3), all of one shape, at least one.
        fps: float, frames a second, above 0, at most 50; the format counts hundredths of a second, so that single
            frames may last one more or less than others.
        scale: int, how many px a pixel becomes.
        context: asked between frames whether to go on.

    Returns:
        The file's content.

    Reference:
        Heckbert, Color image quantization for frame buffer display, SIGGRAPH 1982.
    """
    palette = _shared_palette(frames)
    images = []
    shown = frames[0]
    for place, frame in enumerate(frames):
        if context is not None:
            context.check()
        if palette is not None:
            image = _indexed(frame, palette)
        else:
            image, shown = _changed(frame, frames[place - 1] if place else None, shown)
        images.append(image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST))
    ends = [round(place * 100 / fps) for place in range(len(frames) + 1)]
    file = io.BytesIO()
    images[0].save(
        file,
        "GIF",
        save_all=True,
        append_images=images[1:],
        duration=[10 * (end - start) for start, end in itertools.pairwise(ends)],
        loop=0,
        optimize=False,
        comment=MARK,
    )
    return file.getvalue()


def _shared_palette(frames: Sequence[np.ndarray]) -> np.ndarray | None:
    """Returns uint8 (K, 3), every colour of all frames; None where they are more than 256."""
    if frames[0].shape[-1] == 1:
        return np.repeat(np.arange(COLOURS, dtype=np.uint8)[:, None], 3, axis=1)
    palette: np.ndarray = np.empty((0, 3), np.uint8)
    for frame in frames:  # (H, W, 3)
        palette = np.unique(np.concatenate([palette, frame.reshape(-1, 3)]), axis=0)
        if len(palette) > COLOURS:
            return None
    return palette


def _indexed(frame: np.ndarray, palette: np.ndarray) -> Image.Image:
    """Returns the frame (H, W, C), all of whose colours are in the palette, as places in it."""
    if frame.shape[-1] == 1:
        image = Image.fromarray(frame[..., 0], "L").convert("P")
        image.putpalette(palette.tobytes())
        return image
    holder = Image.new("P", (1, 1))
    holder.putpalette(np.resize(palette, (COLOURS, 3)).tobytes())
    return Image.fromarray(frame).quantize(palette=holder, dither=Image.Dither.NONE)


def _changed(frame: np.ndarray, former: np.ndarray | None, shown: np.ndarray) -> tuple[Image.Image, np.ndarray]:
    """Reduces what changes to 255 colours.

    Args:
        frame: uint8 (H, W, 3).
        former: the frame before, or None.
        shown: what a player shows of the frame before.

    Returns:
        The frame as places in a palette of its own, and what a player shows of it.
    """
    keep = np.zeros(frame.shape[:2], bool)
    if former is not None:
        off = np.abs(frame.astype(np.int16) - shown).max(axis=-1)  # (H, W)
        keep = (frame == former).all(axis=-1) | (off <= UNSEEN)
    indices = np.full(frame.shape[:2], KEPT, np.uint8)
    palette = np.zeros((COLOURS, 3), np.uint8)
    if not keep.all():
        pixels = Image.fromarray(frame[~keep][None])  # (1, N, 3)
        reduced = pixels.quantize(KEPT, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
        colours = np.array(reduced.getpalette(), np.uint8).reshape(-1, 3)[:KEPT]
        palette[: len(colours)] = colours
        indices[~keep] = np.asarray(reduced)[0]
    image = Image.fromarray(indices, "L").convert("P")
    image.putpalette(palette.tobytes())
    if former is not None:
        image.info["transparency"] = KEPT
    return image, np.where(keep[..., None], shown, palette[indices])
