"""Encodes pictures as an MP4 film. Names no file. The window must not import it: it loads the video libraries."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from core.context import Context
from core.errors import UserError

# By preference: x264 is in the packages of PyAV for every system, and MPEG-4 is part of FFmpeg itself.
ENCODERS = {"libx264": {"crf": "14", "preset": "medium"}, "mpeg4": {"qscale": "2", "flags": "+qscale"}}
BT709, LIMITED_RANGE = 1, 1
MARK = "Pixelwright"


def encode_mp4(
    file: BinaryIO, frames: Sequence[np.ndarray], fps: float, scale: int = 1, context: Context | None = None
) -> None:
    """Encodes a film that every player takes: H.264 where there is an encoder for it, else MPEG-4, both as 4:2:0.

    An odd side grows by a pixel that repeats the last, since 4:2:0 needs even ones. Frames are written as they are
    encoded; equal frames give equal bytes.

    Args:
        file: what is written into, open, empty and seekable.
        frames: uint8 (H, W, 1) or (H, W, 3), all of one shape, at least one.
        fps: float, frames a second, above 0.
        scale: int, how many px a pixel becomes.
        context: asked between frames whether to go on.

    Raises:
        UserError: no encoder is there.
    """
    import av  # loads the video libraries: only who writes a film waits for them
    from av.video.reformatter import ColorRange, Colorspace

    name = next((name for name in ENCODERS if name in av.codecs_available), None)
    if name is None:
        raise UserError(
            "No encoder for MP4 is installed.",
            hint="Write a .gif instead, or install a package of PyAV that holds one.",
        )
    with av.open(file, "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        container.metadata["comment"] = MARK
        stream = container.add_stream(name, Fraction(fps).limit_denominator(1001), options=ENCODERS[name])
        height, width = _fitting(frames[0], scale).shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1  # more would make the bytes depend on the computer's cores
        stream.codec_context.colorspace = stream.codec_context.color_primaries = BT709
        stream.codec_context.color_trc = BT709
        stream.codec_context.color_range = LIMITED_RANGE
        for frame in frames:
            if context is not None:
                context.check()
            picture = av.VideoFrame.from_ndarray(_fitting(frame, scale), format="rgb24").reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def _fitting(frame: np.ndarray, scale: int) -> np.ndarray:
    """Returns the frame as RGB, enlarged, with even sides: (H, W, C) -> (H', W', 3)."""
    if frame.shape[-1] == 1:
        frame = np.repeat(frame, 3, axis=-1)
    large = frame.repeat(scale, axis=0).repeat(scale, axis=1)
    height, width = large.shape[:2]
    return np.ascontiguousarray(np.pad(large, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge"))
