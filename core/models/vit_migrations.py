"""Brings the variables of older Vision Transformers up to date, on NumPy arrays."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

OLD_BIAS, OLD_KERNEL = re.compile(r"embedding([/_])bias"), re.compile(r"embedding[/_]kernel")
MOMENT = re.compile(r"optimizer/(\w+)/patches_kernel_(\w+)")


def fold_embedding(values: dict[str, Any]) -> dict[str, Any]:
    """Makes format 2 of format 1, in which all tokens went through one product more.

    That product becomes part of the convolution before it. Its bias had a row for each place: it is the position
    embedding, and what the class token was in the first row stays there, added to a class token of zeros. A bias for
    all places alike, where there were no positions, becomes the convolution's and the class token.

    The optimizer's moments of the convolution and the class token start at zero: a square can't be carried through a
    product. A model that reads out the mean is given a class token too, which nobody asks for.
    """
    old = dict(values["variables"])
    product, bias = old["model/embedding/kernel"], old["model/embedding/bias"]  # (D, D); (T, D) or (D,)
    of_places = bias.ndim == 2
    shared = np.zeros_like(product[0]) if of_places else bias  # (D,)
    changed = {
        "model/patches/kernel": old["model/patches/kernel"] @ product,  # (P, P, C, D)
        "model/patches/bias": shared,
        "model/class_token/embeddings": shared[np.newaxis],  # (1, D)
    }
    kept = {
        OLD_BIAS.sub(r"position_embedding\1embeddings", name): value
        for name, value in old.items()
        if not OLD_KERNEL.search(name)
    }
    anew = {
        f"optimizer/{moment[1]}/{name.removeprefix('model/').replace('/', '_')}_{moment[2]}": np.zeros_like(value)
        for moment in filter(None, map(MOMENT.fullmatch, old))
        for name, value in changed.items()
    }
    return {**values, "variables": {**kept, **changed, **anew}}
