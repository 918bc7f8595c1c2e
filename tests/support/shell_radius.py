"""How long latents are on average, by hand: what is compared with."""

import math


def shell_radius(dims: int, truncation: float = 0.0) -> float:
    """Returns the root mean square norm of latents drawn with that truncation, as in `latents`: sqrt(D) without."""
    if not truncation:
        return math.sqrt(dims)
    density = math.exp(-(truncation**2) / 2) / math.sqrt(2 * math.pi)
    return math.sqrt(dims * (1 - 2 * truncation * density / math.erf(truncation / math.sqrt(2))))
