"""Invents scenes from a seed: what is in them, and where. Knows neither pixels nor sentences' wording.

What is in a scene is drawn first, each part evenly and by itself; only then are places sought for it, until they fit.
So the distribution of attributes is exactly the one written here, and `grammar.entropy` is exact. All places are in
parts of the picture's side, so a scene is the same at every size; nothing but `random()` of Python's generator is
used, which is the same on every machine and in every version.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange")
SHAPES = ("circle", "square", "triangle", "cross")
SIZES = ("large", "small")
RELATIONS = ("left of", "right of", "above", "below")
GROUNDS = ("plain", "noisy")
COUNTS = (1, 2, 3)
SENTENCES = (1, 2, 3)
CLASSES = tuple(sorted(f"{colour} {shape}" for colour in COLOURS for shape in SHAPES))

FILL = {"circle": math.pi / 4, "square": 1.0, "triangle": 1 / 2, "cross": 5 / 9}  # of the box
SIDES = {"large": (0.195, 0.39), "small": (0.09, 0.18)}  # of a box, in parts of the picture's side
AREA_RATIO = 1.4  # of one thing to the next smaller one, both of boxes and of what is drawn: at least
GAP = 0.02  # between boxes
BORDER = 0.01
CLEARLY = 1.25  # how much farther apart in the relation's direction than across it
ATTEMPTS = 200

Option = TypeVar("Option")


@dataclass(frozen=True)
class Thing:
    """What can be said of an object.

    Args:
        size: "large" or "small".
        colour: one of `COLOURS`.
        shape: one of `SHAPES`.
    """

    size: str
    colour: str
    shape: str


@dataclass(frozen=True)
class Attributes:
    """What a sentence says of a scene.

    Args:
        things: 1 to 3, from the largest to the smallest.
        relation: where the largest lies from the second largest, one of `RELATIONS`; empty where there is but one.
    """

    things: tuple[Thing, ...]
    relation: str = ""


@dataclass(frozen=True)
class Scene:
    """One scene.

    Args:
        seed: int, of the data set.
        number: int, which scene of it.
        attributes: what is in it.
        boxes: (left, top, right, bottom) of each thing, in parts of the picture's side, in the order of the things.
        ground: "plain" or "noisy".
        tone: int, 0 to 255, the grey of the ground.
        wordings: how each sentence is worded, a number in [0, 1) a sentence; see `grammar.write`.
    """

    seed: int
    number: int
    attributes: Attributes
    boxes: tuple[tuple[float, float, float, float], ...]
    ground: str
    tone: int
    wordings: tuple[float, ...]

    @property
    def label(self) -> int:
        """Place in `CLASSES` of the largest thing's colour and shape."""
        largest = self.attributes.things[0]
        return CLASSES.index(f"{largest.colour} {largest.shape}")

    @property
    def sentences(self) -> tuple[str, ...]:
        """One to three sentences, no two alike."""
        from core.data.sources.shapes.grammar import sentences  # the grammar knows scenes, so not the other way round

        return sentences(self)

    def boxes_px(self, side_px: int) -> list[tuple[float, float, float, float]]:
        """Returns (left, top, right, bottom) of each thing, px, in a picture of that side."""
        return [(a * side_px, b * side_px, c * side_px, d * side_px) for a, b, c, d in self.boxes]


def make_scene(seed: int, number: int) -> Scene:
    """Returns one scene of a data set; it depends on nothing but the two numbers.

    Args:
        seed: int >= 0.
        number: int >= 0.
    """
    rng = random.Random((seed << 32) | number)  # noqa: S311 (scenes, not secrets)
    attributes = _attributes(rng)
    sides = _sides(attributes.things, rng)
    ground, tone = pick(GROUNDS, rng), pick((30, 45, 60, 205, 220, 235), rng)
    wordings = tuple(rng.random() for _ in range(pick(SENTENCES, rng)))
    return Scene(seed, number, attributes, _boxes(sides, attributes.relation, rng), ground, tone, wordings)


def pick(options: Sequence[Option], rng: random.Random) -> Option:
    """Returns one of the options, each as likely as the other."""
    return options[int(rng.random() * len(options))]


def _attributes(rng: random.Random) -> Attributes:
    count = pick(COUNTS, rng)
    # From the largest to the smallest, so the large ones come first: only how many there are is open.
    large = pick(range(count + 1), rng)
    things = tuple(
        Thing(SIZES[0] if place < large else SIZES[1], pick(COLOURS, rng), pick(SHAPES, rng)) for place in range(count)
    )
    return Attributes(things, pick(RELATIONS, rng) if count > 1 else "")


def _sides(things: tuple[Thing, ...], rng: random.Random) -> list[float]:
    """Returns the side of each thing's box, each clearly larger than the next both in box and in area."""
    ratios = [
        math.sqrt(AREA_RATIO * max(1.0, FILL[after.shape] / FILL[before.shape]))
        for before, after in itertools.pairwise(things)
    ]
    least = [SIDES[thing.size][0] for thing in things]
    for place in reversed(range(len(ratios))):
        least[place] = max(least[place], least[place + 1] * ratios[place])
    sides: list[float] = []
    for place, thing in enumerate(things):
        most = SIDES[thing.size][1]
        if sides:
            most = min(most, sides[-1] / ratios[place - 1])
        sides.append(least[place] + (most - least[place]) * rng.random())
    return sides


def _boxes(sides: list[float], relation: str, rng: random.Random) -> tuple[tuple[float, float, float, float], ...]:
    while True:
        boxes: list[tuple[float, float, float, float]] = []
        for side in sides:
            for _ in range(ATTEMPTS):
                box = _place(side, rng)
                related = len(boxes) != 1 or holds(relation, boxes[0], box)
                if related and not any(_touch(box, other) for other in boxes):
                    boxes.append(box)
                    break
            else:
                break
        if len(boxes) == len(sides):
            return tuple(boxes)


def _place(side: float, rng: random.Random) -> tuple[float, float, float, float]:
    room = 1 - 2 * BORDER - side
    left, top = BORDER + room * rng.random(), BORDER + room * rng.random()
    return left, top, left + side, top + side


def _touch(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    across = one[0] < other[2] + GAP and other[0] < one[2] + GAP
    down = one[1] < other[3] + GAP and other[1] < one[3] + GAP
    return across and down


def holds(relation: str, one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    """Whether the first box lies so from the second, clearly: wholly on that side, and more there than elsewhere."""
    right = (other[0] + other[2] - one[0] - one[2]) / 2
    down = (other[1] + other[3] - one[1] - one[3]) / 2
    if relation == "left of":
        return one[2] <= other[0] and right >= CLEARLY * abs(down)
    if relation == "right of":
        return other[2] <= one[0] and -right >= CLEARLY * abs(down)
    if relation == "above":
        return one[3] <= other[1] and down >= CLEARLY * abs(right)
    return other[3] <= one[1] and -down >= CLEARLY * abs(right)
