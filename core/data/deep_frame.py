"""Reads a picture of 16-bit colours with FFmpeg, which keeps them all. Imported by name only."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np


def read_frame(file: BinaryIO, container: str) -> np.ndarray:
    """Reads a picture.

    Args:
        file: at its beginning.
        container: str, FFmpeg's name of what it is: "png_pipe" or "tiff_pipe".

    Returns:
        uint16 (H, W, 4): red, green, blue, alpha; greys in all three.

    Raises:
        av.FFmpegError: it is damaged.
        StopIteration: it holds no picture.
    """
    import av  # the libraries of video

    with av.open(file, format=container) as opened:
        return next(opened.decode(video=0)).reformat(format="rgba64le").to_ndarray()
