"""Finds out what the folders of a data set mean: outer ones, splits, classes. Knows the folders' names alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from core.data.sources.split_folders import PLAIN, is_division, is_wrapper, splits_of
from core.data.splits import TRAIN, UNGIVEN

Folder = tuple[str, ...]  # the names on the way to it; () is the data set's own
Folders = Mapping[Folder, int]  # folder -> how many pictures lie in it, not counting those in folders inside it
NO_CLASS = "It lies in no class folder."
OUTSIDE = "It lies outside the train and test folders."


@dataclass(frozen=True)
class Place:
    """Where the pictures in one folder belong.

    Args:
        label: str, the class's folder; None where they have no class.
        split: int, 0 train, 1 validation, 2 test, -1 where nothing says.
        below: the folders between the class's folder and the pictures.
        reason: str, why they have no class, for those of a data set with classes.
    """

    label: str | None
    split: int
    below: Folder
    reason: str = NO_CLASS


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

    outer: Folder = ()
    splits: Mapping[str, int] = field(default_factory=dict)
    flat: bool = False
    loose: Collection[str] = ()
    wrappers: Mapping[str, int] = field(default_factory=dict)
    inner: Mapping[str, int] = field(default_factory=dict)

    def place(self, folder: Folder) -> Place:
        """Returns where the pictures in a folder belong."""
        folder = folder[self._shared(folder) :]
        top = folder[0] if folder else ""
        if self.flat:
            split = self.splits.get(top, UNGIVEN)
            return Place(None, split, folder[1 + self.wrappers.get(top, 0) :], OUTSIDE)
        if not folder:
            return Place(None, UNGIVEN, folder)
        if self.splits:
            depth = 1 + self.wrappers.get(top, 0)
            if top not in self.splits:
                return Place(None, UNGIVEN, folder, NO_CLASS if top in self.loose else OUTSIDE)
            if len(folder) <= depth:
                return Place(None, UNGIVEN, folder)
            return Place(folder[depth], self.splits[top], folder[depth + 1 :])
        if not self.inner or len(folder) == 1:
            return Place(top, UNGIVEN, folder[1:])
        if folder[1] not in self.inner:
            return Place(None, UNGIVEN, folder, OUTSIDE)
        return Place(top, self.inner[folder[1]], folder[2:])

    def named_by(self, folder: Folder) -> str | None:
        """Returns the class that a folder would be if there were a picture in it, or where one would look for classes.

        Args:
            folder: the names on the way to it.
        """
        same = self._shared(folder)
        if same < len(self.outer):  # beside an outer folder
            return folder[-1] if len(folder) == same + 1 else None
        folder = folder[same:]
        if self.flat or not folder:
            return None
        depth = 1 + self.wrappers.get(folder[0], 0) if folder[0] in self.splits else 0
        return folder[depth] if len(folder) == depth + 1 else None

    def _shared(self, folder: Folder) -> int:
        """Returns how many outer folders a folder lies in."""
        same = 0
        while same < min(len(self.outer), len(folder)) and folder[same] == self.outer[same]:
            same += 1
        return same


def make_plan(folders: Folders, *, with_splits: bool = True) -> Plan:
    """Returns what the folders of some pictures mean.

    Understood are `CLASS/.../picture`, `SPLIT/CLASS/.../picture`, `CLASS/SPLIT/.../picture` and `SPLIT/picture`, each
    of them inside any number of outer folders, and with folders around the classes of a split ("train/train/cats").

    Args:
        folders: those with pictures.
        with_splits: bool, whether folders may be splits; else every outermost one is a class.
    """
    outer, folders = _unwrapped(folders, keep=PLAIN if with_splits else {})
    plan = Plan(outer=outer)
    if not with_splits:
        return plan
    tops = {folder[0] for folder in folders if folder}
    named = splits_of(tops)
    if named and (len(named) == len(tops) or is_division(named)):
        found = _split_first(folders, named, alone=len(named) == len(tops))
        if found is not None:
            return replace(found, outer=outer)
    return replace(plan, inner=_inside_classes(folders, tops))


def _only_folder(folders: Folders) -> str | None:
    """Returns the one folder that all pictures in folders lie in, where most of them lie in a folder inside it."""
    tops = {folder[0] for folder in folders if folder}
    return next(iter(tops)) if len(tops) == 1 and _share(folders, depth=2) > 0.5 else None


def _share(folders: Folders, *, depth: int) -> float:
    """Returns the share of the pictures that lie in at least so many folders."""
    return sum(count for folder, count in folders.items() if len(folder) >= depth) / max(1, sum(folders.values()))


def _without(folders: Folders, top: str) -> Folders:
    """Returns the folders as if one outermost folder weren't there, but what lies in it were."""
    found: dict[Folder, int] = defaultdict(int)
    for folder, count in folders.items():
        found[folder[1:] if folder[:1] == (top,) else folder] += count
    return found


def _unwrapped(folders: Folders, keep: Mapping[str, int]) -> tuple[Folder, Folders]:
    """Returns the outer folders that hold nothing but one folder with the data set in it, and what lies in them."""
    outer: Folder = ()
    while (only := _only_folder(folders)) is not None and only.casefold() not in keep:
        outer += (only,)
        folders = _without(folders, only)
    return outer, folders


def _split_first(folders: Folders, named: Mapping[str, int], *, alone: bool) -> Plan | None:
    """Returns the plan where the outermost folders are splits.

    Args:
        folders: below the outer ones.
        named: the folders that are called as splits are.
        alone: bool, whether there are no others beside them.
    """
    inside: dict[str, Folders] = {
        top: {folder[1:]: count for folder, count in folders.items() if folder[:1] == (top,)} for top in named
    }
    wrappers, inside = _unwrapped_each(inside)
    # A folder of a split in which most pictures lie loose has no class folders.
    splits = {top: split for top, split in named.items() if _share(inside[top], depth=1) > 0.5}
    if splits and (alone or (TRAIN in splits.values() and is_division(named))):
        return Plan(splits=splits, loose=named.keys() - splits.keys(), wrappers=wrappers)
    if not splits and alone and (is_division(named) or set(named.values()) == {TRAIN}):
        return Plan(splits=named, flat=True, wrappers=wrappers)
    return None


def _unwrapped_each(inside: dict[str, Folders]) -> tuple[dict[str, int], dict[str, Folders]]:
    """Leaves out the folders around the classes of each split that mean nothing: "train/train/cats", "test/images".

    Args:
        inside: folder of a split -> the folders in it.

    Returns:
        How many they are of each, and what lies in them.
    """
    depths = dict.fromkeys(inside, 0)
    around = {top: top for top in inside}
    while True:
        only = {top: name for top, folders in inside.items() if (name := _only_folder(folders)) is not None}
        if len(only) < len(inside) or len(set(only.values())) > 1:
            only = {}
        for top, folders in inside.items():
            names = {folder[0] for folder in folders if folder}
            if len(names) == 1 and is_wrapper(lone := next(iter(names)), around[top]):
                only[top] = lone
        if not only:
            return depths, inside
        for top, name in only.items():
            depths[top] += 1
            around[top] = name
            inside = {**inside, top: _without(inside[top], name)}


def _inside_classes(folders: Folders, tops: Collection[str]) -> dict[str, int]:
    """Returns the folders inside the class folders that are splits: "cats/train", "cats/test", "dogs/train" ..."""
    second = defaultdict(set)
    for folder in folders:
        if len(folder) > 1:
            second[folder[0]].add(folder[1])
    named = splits_of({name for names in second.values() for name in names})
    divided = sum(1 for names in second.values() if names & named.keys())
    inside = sum(count for folder, count in folders.items() if len(folder) > 1 and folder[1] in named)
    half = sum(folders.values()) / 2
    return named if is_division(named) and 2 * divided > len(tops) and inside > half else {}
