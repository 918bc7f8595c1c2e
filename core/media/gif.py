"""Encodes pictures as an animated GIF, its colours as near to theirs as the format allows. Names no file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
from PIL import Image

from core.context import Context
from core.media.gif_file import COLOURS, GifFile

KEPT = COLOURS - 1  # the place that means: as in the frame before
UNSEEN = 2  # levels a shown colour may be off before it is drawn anew
MARK = b"Pixelwright"
CODE = np.array([2**16, 2**8, 1])  # makes one number of a colour


def encode_gif(
    file: BinaryIO, frames: Sequence[np.ndarray], fps: float, scale: int = 1, context: Context | None = None
) -> None:
    """Encodes an animation that repeats for ever.

    Greys, and up to 256 colours in all frames together, are kept as they are. Of more, each frame gets the 255 that
    suit what changes in it, by median cut and k-means, and no dither; a pixel that stands still, or is shown well
    enough, is left as it is and so can't flicker. One palette for all frames would be three times as far off on a film
    of photographs, and soft changes would go in visible steps.

    Frames are enlarged one by one and written as they come, so that they are never held together.

    Args:
        file: what is written into, open and empty.
        frames: uint8 (H, W, 1) or (H, W, 3), all of one shape, at least one.
        fps: float, frames a second, above 0, at most 50; the format counts hundredths of a second, so that single
            frames may last one more or less than others.
        scale: int, how many px a pixel becomes.
        context: asked between frames whether to go on.

    Reference:
        Heckbert, Color image quantization for frame buffer display, SIGGRAPH 1982.
    """
    palette = _shared_palette(frames)
    height, width = frames[0].shape[:2]
    film = GifFile(file, (width * scale, height * scale), MARK, None if palette is None else _filled(palette))
    ends = [round(place * 100 / fps) for place in range(len(frames) + 1)]
    shown = frames[0]
    for place, frame in enumerate(frames):
        if context is not None:
            context.check()
        former = frames[place - 1] if place else None
        own: np.ndarray | None = None
        if palette is not None:
            indices = _indexed(frame, palette)
            changed = np.ones((height, width), bool) if former is None else (frame != former).any(axis=-1)
        else:
            indices, own, shown = _changed(frame, former, shown)
            changed = indices != KEPT
        hundredths = ends[place + 1] - ends[place]
        if place and not changed.any():
            film.hold(hundredths)
            continue
        top, bottom, left, right = _bounds(changed)
        part = indices[top:bottom, left:right].repeat(scale, axis=0).repeat(scale, axis=1)
        kept = KEPT if own is not None and place else -1
        film.add(part, (left * scale, top * scale), hundredths, palette=own, kept=kept)
    film.end()


def _bounds(changed: np.ndarray) -> tuple[int, int, int, int]:
    """Returns the top, bottom, left and right of what is true somewhere: bool (H, W)."""
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _filled(palette: np.ndarray) -> np.ndarray:
    """Returns a palette of 256 colours, the last ones used by nothing."""
    whole = np.zeros((COLOURS, 3), np.uint8)
    whole[: len(palette)] = palette
    return whole


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


def _indexed(frame: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Returns the frame (H, W, C), all of whose colours are in the palette, as places in it: uint8 (H, W)."""
    if frame.shape[-1] == 1:
        return frame[..., 0]
    codes = palette.astype(np.int64) @ CODE  # ascending, as the palette's rows are
    return np.searchsorted(codes, frame.astype(np.int64) @ CODE).astype(np.uint8)


def _changed(
    frame: np.ndarray, former: np.ndarray | None, shown: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reduces what changes to 255 colours.

    Args:
        frame: uint8 (H, W, 3).
        former: the frame before, or None.
        shown: what a player shows of the frame before.

    Returns:
        The frame as places in a palette of its own, uint8 (H, W); the palette, uint8 (256, 3); and what a player shows
        of it.
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
    return indices, palette, np.where(keep[..., None], shown, palette[indices])
