"""The sentences of scenes: writing them, reading them back, and how surprising they are.

    sentence = opening thing
             | opening thing relation thing
             | opening thing relation thing joint thing
    opening  = "there is" | "the picture shows" | "one can see"
    thing    = "a" size colour shape
    relation = two phrases for each of the four
    joint    = "and also" | "together with"

Things come from the largest to the smallest, so no "large" follows a "small". No two ways through the grammar give the
same sentence, so a sentence has one meaning, and its probability is that of its meaning times that of its wording.
"""

from __future__ import annotations

import math

from core.data.sources.shapes.scenes import COLOURS, COUNTS, RELATIONS, SHAPES, SIZES, Attributes, Scene, Thing

OPENINGS = ("there is", "the picture shows", "one can see")
PHRASES = {
    "left of": ("left of", "to the left of"),
    "right of": ("right of", "to the right of"),
    "above": ("above", "over"),
    "below": ("below", "under"),
}
JOINTS = ("and also", "together with")


def wordings(count: int) -> int:
    """Returns in how many ways a scene of that many things can be described."""
    return len(OPENINGS) * (len(PHRASES["above"]) if count > 1 else 1) * (len(JOINTS) if count > 2 else 1)


def write(attributes: Attributes, wording: int) -> str:
    """Describes a scene.

    Args:
        attributes: what is in it.
        wording: int, 0 to `wordings(...)` - 1, in which of the ways.
    """
    things = [f"a {thing.size} {thing.colour} {thing.shape}" for thing in attributes.things]
    wording, opening = divmod(wording, len(OPENINGS))
    parts = [OPENINGS[opening], things[0]]
    if len(things) > 1:
        wording, phrase = divmod(wording, len(PHRASES[attributes.relation]))
        parts += [PHRASES[attributes.relation][phrase], things[1]]
    if len(things) > 2:
        parts += [JOINTS[wording % len(JOINTS)], things[2]]
    return " ".join(parts)


def sentences(scene: Scene) -> tuple[str, ...]:
    """Returns the scene's sentences, each worded in another way, each way as likely."""
    left = list(range(wordings(len(scene.attributes.things))))
    return tuple(write(scene.attributes, left.pop(int(draw * len(left)))) for draw in scene.wordings)


def parse(sentence: str) -> Attributes:
    """Reads a sentence back.

    Args:
        sentence: str, as `write` gives it: lower case, words parted by one space, no stop.

    Raises:
        ValueError: the grammar does not give it.
    """
    reader = _Reader(sentence)
    reader.one_of({opening: opening for opening in OPENINGS})
    things, relation = [reader.thing()], ""
    if reader.rest:
        relation = reader.one_of({phrase: name for name, phrases in PHRASES.items() for phrase in phrases})
        things.append(reader.thing())
    if reader.rest:
        reader.one_of({joint: joint for joint in JOINTS})
        things.append(reader.thing())
    if reader.rest:
        raise reader.error()
    sizes = [SIZES.index(thing.size) for thing in things]
    if sizes != sorted(sizes):
        raise ValueError(f"A small thing is named before a large one. Received: sentence={sentence!r}")
    return Attributes(tuple(things), relation)


def log_probability(sentence: str) -> float:
    """Returns the natural logarithm of the probability that a sentence drawn from the data set is this one.

    Raises:
        ValueError: the grammar does not give it.
    """
    attributes = parse(sentence)
    count = len(attributes.things)
    ways = len(COUNTS) * (count + 1) * (len(COLOURS) * len(SHAPES)) ** count * wordings(count)
    return -math.log(ways * (len(RELATIONS) if count > 1 else 1))


def entropy() -> float:
    """Returns the entropy of a sentence, nats, over scenes and wordings.

    No model of the sentences, one that does not see the pictures, can reach a lower mean loss a sentence.
    """
    total = math.log(len(COUNTS))
    for count in COUNTS:
        things = count * math.log(len(COLOURS) * len(SHAPES)) + math.log(count + 1)
        relation = math.log(len(RELATIONS)) if count > 1 else 0.0
        total += (things + relation + math.log(wordings(count))) / len(COUNTS)
    return total


class _Reader:
    """Takes a sentence from its beginning, phrase by phrase."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        self.rest = sentence

    def one_of(self, phrases: dict[str, str]) -> str:
        for phrase, meaning in phrases.items():
            if self.rest == phrase or self.rest.startswith(phrase + " "):
                self.rest = self.rest[len(phrase) + 1 :]
                # A space at the very end would vanish here unseen.
                if not self.rest and self.sentence.endswith(" "):
                    raise self.error()
                return meaning
        raise self.error()

    def thing(self) -> Thing:
        self.one_of({"a": "a"})
        size, colour, shape = (self.one_of({word: word for word in words}) for words in (SIZES, COLOURS, SHAPES))
        return Thing(size, colour, shape)

    def error(self) -> ValueError:
        return ValueError(f"The grammar does not give {self.rest!r} there. Received: sentence={self.sentence!r}")
