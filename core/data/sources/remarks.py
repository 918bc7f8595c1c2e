"""What is said of folders before a training: what was guessed, what looks wrong, what is left out."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from core.data.dataset import SPLITS
from core.data.sources.plan import OUTSIDE, Folder, Plan
from core.data.sources.split_folders import PLAIN, splits_of
from core.errors import UserError
from core.events import Log

NAMED = 8  # of a list of names so many are spelt out
SIGNS = re.compile(r"[\W_]+")
SAME_NAMES = 0.5  # of all names of inner folders
FEW_FOLDERS = 3


def listed(names: Iterable[str]) -> str:
    """Returns names for a sentence: "'a', 'b'"; of many the first."""
    names = list(names)
    return ", ".join(f"'{name}'" for name in names[:NAMED]) + (", ..." if len(names) > NAMED else "")


def remarks_on(plan: Plan, folders: Collection[Folder], classes: Collection[str], *, grouped: bool) -> list[Log]:
    """Returns what is to be said of what the folders were taken for.

    Args:
        plan: what they were taken for.
        folders: those with pictures.
        classes: the names of the classes that were found.
        grouped: bool, whether the user has said what the folders inside the class folders are.
    """
    found = [*_on_splits(plan), *_on_left_out(plan, folders), *_on_alike(classes)]
    if plan.splits or plan.inner:
        return found
    inside: dict[str, set[str]] = defaultdict(set)
    for folder in folders:
        place = plan.place(folder)
        if place.label is not None:
            doubled = place.below[:1] == (place.label,)
            inside[place.label].update(place.below[1:2] if doubled else place.below[:1])
    found += _on_split_names(inside.keys())
    if grouped:
        return found
    suspicions = (_on_copies(inside), _on_same_names(inside), _on_one_around_others(inside))
    return found + next((list(remarks) for logs in suspicions if (remarks := list(logs))), [])


def no_classes(plan: Plan, source: str) -> UserError | None:
    """Returns what is wrong with folders that are splits and no classes, for who needs classes."""
    if not plan.flat:
        return None
    return UserError(
        "The folders {folders} in '{path}' are taken for splits, and hold their pictures in no class folders.",
        hint="Put one folder per class into each of them; where they are classes themselves, set layout to classes.",
        folders=listed(sorted(plan.splits)),
        path=source,
    )


def on_empty(folders: Collection[str]) -> list[Log]:
    """Returns what is said of folders in which no picture lies."""
    message = "No picture lies in these folders, so they are left out: {folders}."
    return [Log(message, "warning", {"folders": listed(folders)})] if folders else []


def on_hidden(folders: Collection[str]) -> list[Log]:
    """Returns what is said of hidden folders."""
    message = "These folders are hidden, and left out: {folders}. Rename those whose pictures are wanted."
    return [Log(message, "warning", {"folders": listed(folders)})] if folders else []


def on_archives(archives: Sequence[str]) -> list[Log]:
    """Returns what is said of archives among the pictures."""
    message = (
        "Archives inside the data are not looked into ({count}, such as '{name}'): unpack them to have their pictures."
    )
    return [Log(message, "warning", {"count": len(archives), "name": archives[0]})] if archives else []


def _on_splits(plan: Plan) -> list[Log]:
    """Says which folders were taken for splits, where that is not plain from their names."""
    splits: Mapping[str, int] = plan.inner or plan.splits
    if not plan.inner and not plan.flat and all(name.casefold() in PLAIN for name in splits):
        return []
    folders = ", ".join(f"'{name}' = {SPLITS[split]}" for name, split in sorted(splits.items(), key=lambda row: row[1]))
    if plan.inner:
        message = (
            "The folders inside the classes are taken for splits: {folders}. If they are not, set layout to classes."
        )
    else:
        message = "These folders are taken for splits: {folders}. Where they are classes, set layout to classes."
    return [Log(message, values={"folders": folders})]


def _on_left_out(plan: Plan, folders: Collection[Folder]) -> list[Log]:
    """Names the folders with pictures that lie beside the splits, and are none."""
    if plan.flat:  # whose pictures lie in no class, wherever they lie
        return []
    depth = len(plan.outer) + (2 if plan.inner else 1)
    beside = {"/".join(folder[len(plan.outer) : depth]) for folder in folders if plan.place(folder).reason == OUTSIDE}
    message = (
        "These folders lie beside the splits, and are left out: {folders}. Call them as splits are, such as train, val "
        "and test, where they are wanted."
    )
    return [Log(message, "warning", {"folders": listed(sorted(beside))})] if beside else []


def _on_alike(classes: Collection[str]) -> list[Log]:
    alike = defaultdict(list)
    for name in sorted(classes):
        alike[SIGNS.sub("", name.casefold()) or name].append(name)
    message = (
        "These classes differ only in capitals, spaces or signs: {classes}. If they are one, name their folders alike."
    )
    return [Log(message, "warning", {"classes": listed(names)}) for names in alike.values() if len(names) > 1]


def _on_split_names(tops: Collection[str]) -> list[Log]:
    """A lone "train" among other classes is a vehicle; two folders that are called as splits are hardly classes."""
    named = splits_of(tops)
    if len(named) < 2:
        return []
    message = (
        "The folders {folders} are called as splits are, and taken for classes like those beside them. If they are "
        "splits, put one folder per class into each of them, and the other folders elsewhere."
    )
    return [Log(message, "warning", {"folders": listed(sorted(named))})]


def _on_copies(inside: Mapping[str, set[str]]) -> Iterable[Log]:
    """A folder that holds folders called like those beside it is most often a copy of the whole data set."""
    message = (
        "The folder '{name}' holds folders called like those beside it, and is taken for a class: if it is a copy, "
        "remove it."
    )
    for name, folders in sorted(inside.items()):
        beside = inside.keys() - {name}
        common = folders & beside
        if common and 2 * len(common) >= len(beside) and (len(common) > 1 or common == folders):
            yield Log(message, "warning", {"name": name})


def _on_same_names(inside: Mapping[str, set[str]]) -> Iterable[Log]:
    """Folders that hold nearly the same folders are often batches, places or splits, and the inner ones the classes."""
    holders = {name: folders for name, folders in inside.items() if folders}
    holding = Counter(name for folders in holders.values() for name in folders)
    shared = sorted(name for name, count in holding.items() if count > 1)
    if len(shared) < 2 or len(shared) < SAME_NAMES * len(holding) or 2 * len(holders) <= len(inside):
        return
    message = (
        "The folders {folders} are taken for classes, but hold folders of the same names ({inner}). If those are the "
        "classes, put all pictures of a class into one folder, or call the outer folders train and test."
    )
    yield Log(message, "warning", {"folders": listed(sorted(holders)), "inner": listed(shared)})


def _on_one_around_others(inside: Mapping[str, set[str]]) -> Iterable[Log]:
    """Beside one or two folders of pictures, one that holds folders may be the data set, and these something else."""
    holders = {name: folders for name, folders in inside.items() if len(folders) > 1}
    if len(holders) != 1 or not 1 < len(inside) <= FEW_FOLDERS:
        return
    message = (
        "The folder '{name}' holds folders ({inner}), and is taken for one class: if those are the classes, choose "
        "that folder itself."
    )
    ((name, folders),) = holders.items()
    yield Log(message, "warning", {"name": name, "inner": listed(sorted(folders))})
