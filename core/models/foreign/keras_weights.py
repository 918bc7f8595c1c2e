"""Looks over the weights of a .keras file from anywhere before any of them is read. Knows no model."""

from __future__ import annotations

from math import prod
from pathlib import Path

import h5py

from core.models.foreign.keras_layers import RefusedError

LARGEST_NUMBER, SLACK_BYTES = 8, 2**20  # bytes of a float64; metrics and the like beside the layers' own
TRAINED_BY = "optimizer"  # stays unread, as the model is never compiled


def check_weights(path: Path, parameters: int) -> None:
    """Refuses weights that would take more memory than the model's own, or that are no real numbers.

    Keras reads an array before it compares its shape, and a small file may declare, or hold packed, a huge one.

    Args:
        path: the HDF5 file.
        parameters: int, that the model has.

    Raises:
        RefusedError: they are too large, or no numbers.
        OSError: it is no HDF5 file. What else is damaged raises ValueError, TypeError, KeyError or RuntimeError.
    """
    room = parameters * LARGEST_NUMBER + SLACK_BYTES

    def look(_: str, found: object) -> None:
        nonlocal room
        if not isinstance(found, h5py.Dataset):
            return
        if found.dtype.kind not in "fiu" and found.attrs.get("dtype") != "bfloat16":
            raise RefusedError("some of its weights are no numbers")
        # A whole chunk is unpacked where only a corner of it is the array's.
        room -= max(prod(found.shape), prod(found.chunks or ())) * found.dtype.itemsize
        if room < 0:
            raise RefusedError("its weights are larger than its layers ask for")

    with h5py.File(path, "r") as file:
        for name in file:
            # Group by group: each walk meets everything once, also what the optimizer's group holds too.
            if name != TRAINED_BY and isinstance(file.get(name, getlink=True), h5py.HardLink):
                found = file[name]
                look(name, found)
                if isinstance(found, h5py.Group):
                    found.visititems(look)
