"""Finds out what the folders of a data set mean: outer ones, splits, classes. Knows parts of paths alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.data.sources.split_folders import PLAIN, is_division, is_wrapper, splits_of
from core.data.splits import TRAIN, UNGIVEN

Parts = Sequence[list[str]]
NO_CLASS = "It lies in no class folder."
OUTSIDE = "It lies outside the train and test folders."


@dataclass(frozen=True)
class Plan:
    """What the folders mean.

    Args:
        outer: folders around the whole data set, outermost first, that mean nothing.
        splits: outermost folder -> its split; empty where those are classes.
        flat: whether the splits' folders hold their pictures in no class folders.
        loose: folders called as splits are, beside those, that hold their pictures in no class folders.
        wrappers: folder of a split -> how many folders inside it, around its class folders, mean nothing.
        inner: folder inside the classes -> its split; empty where classes hold no splits.
    """

    outer: tuple[str, ...] = ()
    splits: Mapping[str, int] = field(default_factory=dict)
    flat: bool = False
    loose: Collection[str] = ()
    wrappers: Mapping[str, int] = field(default_factory=dict)
    inner: Mapping[str, int] = field(default_factory=dict)

    def place(self, pieces: list[str]) -> tuple[str | None, int, list[str], str]:
        """Returns a picture's class (None where it has none), its split, its path below, and why it has no class."""
        pieces = self.below_outer(pieces)
        if self.flat:
            split = self.splits.get(pieces[0], UNGIVEN) if len(pieces) > 1 else UNGIVEN
            depth = min(1 + self.wrappers.get(pieces[0], 0), len(pieces) - 1)
            return None, split, pieces[depth:], OUTSIDE
        if self.splits:
            return self._in_split(pieces)
        if len(pieces) < 2:
            return None, UNGIVEN, pieces, NO_CLASS
        if not self.inner or len(pieces) == 2:
            return pieces[0], UNGIVEN, pieces[1:], NO_CLASS
        if pieces[1] not in self.inner:
            return None, UNGIVEN, pieces, OUTSIDE
        return pieces[0], self.inner[pieces[1]], pieces[2:], NO_CLASS

    def _in_split(self, pieces: list[str]) -> tuple[str | None, int, list[str], str]:
        if len(pieces) < 2 or pieces[0] not in self.splits:
            outside = len(pieces) > 1 and pieces[0] not in self.loose
            return None, UNGIVEN, pieces, OUTSIDE if outside else NO_CLASS
        depth = 1 + self.wrappers.get(pieces[0], 0)
        if len(pieces) < depth + 2:
            return None, UNGIVEN, pieces, NO_CLASS
        return pieces[depth], self.splits[pieces[0]], pieces[depth + 1 :], NO_CLASS

    def below_outer(self, pieces: list[str]) -> list[str]:
        """Returns a path without the outer folders that it lies in."""
        depth = 0
        while depth < min(len(self.outer), len(pieces) - 1) and pieces[depth] == self.outer[depth]:
            depth += 1
        return pieces[depth:]

    def named_by(self, folder: list[str]) -> str | None:
        """Returns the class that a folder would be if there were a picture in it, or where one would look for classes.

        Args:
            folder: the pieces of its path.
        """
        same = 0
        while same < min(len(self.outer), len(folder)) and folder[same] == self.outer[same]:
            same += 1
        if same < len(self.outer):  # beside an outer folder
            return folder[-1] if len(folder) == same + 1 else None
        folder = folder[same:]
        if self.flat or not folder:
            return None
        depth = 1 + self.wrappers.get(folder[0], 0) if folder[0] in self.splits else 0
        return folder[depth] if len(folder) == depth + 1 else None


def make_plan(parts: Parts, *, with_splits: bool = True) -> Plan:
    """Returns what the folders of some pictures mean.

    Understood are `CLASS/.../picture`, `SPLIT/CLASS/.../picture`, `CLASS/SPLIT/.../picture` and `SPLIT/picture`, each
    of them inside any number of outer folders, and with folders around the classes of a split ("train/train/cats").

    Args:
        parts: the pieces of each picture's path.
        with_splits: bool, whether folders may be splits; else every outermost one is a class.
    """
    outer, parts = _unwrapped(parts, keep=PLAIN if with_splits else {})
    plan = Plan(outer=tuple(outer))
    if not with_splits:
        return plan
    tops = {pieces[0] for pieces in parts if len(pieces) > 1}
    named = splits_of(tops)
    if named and (len(named) == len(tops) or is_division(named)):
        found = _split_first(parts, named, alone=len(named) == len(tops))
        if found is not None:
            return replace(found, outer=plan.outer)
    if inner := _inside_classes(parts, tops):
        return Plan(plan.outer, inner=inner)
    return plan


def only_folder(parts: Parts) -> str | None:
    """Returns the one folder that all pictures in folders lie in, where most of them lie in a folder inside it."""
    tops = {pieces[0] for pieces in parts if len(pieces) > 1}
    nested = sum(len(pieces) > 2 for pieces in parts)
    return next(iter(tops)) if len(tops) == 1 and 2 * nested > len(parts) else None


def _unwrapped(parts: Parts, keep: Mapping[str, int]) -> tuple[list[str], Parts]:
    """Returns the outer folders that hold nothing but one folder with the data set in it, and the rest of the paths."""
    outer = []
    while (only := only_folder(parts)) is not None and only.casefold() not in keep:
        outer.append(only)
        parts = [pieces[1:] if pieces[0] == only else pieces for pieces in parts]
    return outer, parts


def _split_first(parts: Parts, named: Mapping[str, int], *, alone: bool) -> Plan | None:
    """Returns the plan where the outermost folders are splits.

    Args:
        parts: below the outer folders.
        named: the folders that are called as splits are.
        alone: bool, whether there are no others beside them.
    """
    inside: dict[str, list[list[str]]] = {top: [] for top in named}
    for pieces in parts:
        if len(pieces) > 1 and pieces[0] in named:
            inside[pieces[0]].append(pieces[1:])
    wrappers, inside = _unwrapped_each(inside)
    # A folder of a split in which most pictures lie loose has no class folders.
    with_classes = {top for top, bodies in inside.items() if 2 * sum(len(body) > 1 for body in bodies) > len(bodies)}
    splits = {top: split for top, split in named.items() if top in with_classes}
    if splits and (alone or (TRAIN in splits.values() and is_division(named))):
        return Plan(splits=splits, loose=named.keys() - splits.keys(), wrappers=wrappers)
    if not splits and alone and (is_division(named) or set(named.values()) == {TRAIN}):
        return Plan(splits=named, flat=True, wrappers=wrappers)
    return None


def _unwrapped_each(inside: dict[str, list[list[str]]]) -> tuple[dict[str, int], dict[str, list[list[str]]]]:
    """Leaves out the folders around the classes of each split that mean nothing: "train/train/cats", "test/images".

    Args:
        inside: folder of a split -> the pieces of its pictures' paths below it.

    Returns:
        How many they are of each, and the rest of the paths.
    """
    depths = dict.fromkeys(inside, 0)
    around = {top: top for top in inside}
    while True:
        only = {top: name for top, bodies in inside.items() if (name := only_folder(bodies)) is not None}
        if len(only) < len(inside) or len(set(only.values())) > 1:
            only = {}
        for top, bodies in inside.items():
            names = {body[0] for body in bodies if len(body) > 1}
            if len(names) == 1 and is_wrapper(lone := next(iter(names)), around[top]):
                only[top] = lone
        if not only:
            return depths, inside
        for top, name in only.items():
            depths[top] += 1
            around[top] = name
        inside = {
            top: [body[1:] if top in only and body[0] == only[top] and len(body) > 1 else body for body in bodies]
            for top, bodies in inside.items()
        }


def _inside_classes(parts: Parts, tops: set[str]) -> dict[str, int]:
    """Returns the folders inside the class folders that are splits: "cats/train", "cats/test", "dogs/train" ..."""
    second = defaultdict(set)
    for pieces in parts:
        if len(pieces) > 2:
            second[pieces[0]].add(pieces[1])
    named = splits_of({name for names in second.values() for name in names})
    divided = sum(1 for names in second.values() if names & named.keys())
    inside = sum(1 for pieces in parts if len(pieces) > 2 and pieces[1] in named)
    return named if is_division(named) and 2 * divided > len(tops) and 2 * inside > len(parts) else {}
