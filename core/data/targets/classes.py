"""One class a sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from core.data.placement import Placement
from core.data.printable import printable
from core.data.targets.target import Targets
from core.errors import UserError, counted
from core.files.atomic import path_of

IMBALANCE = 10.0
FEW_PICTURES = 10


class ClassTargets(Targets):
    """The class of each sample.

    Args:
        classes: K names, in the order of the labels.
        labels: int32 (N,), indices into `classes`.
        empty: names of class folders in which no picture lies; they are no classes.
    """

    kind: ClassVar[str] = "class"

    def __init__(self, classes: tuple[str, ...], labels: np.ndarray, empty: tuple[str, ...] = ()) -> None:
        self.classes = classes
        self.empty = empty
        self.labels = np.asarray(labels, np.int32)

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, places: np.ndarray) -> ClassTargets:
        """Returns the classes of some samples; a class keeps its label, even where no sample is left of it."""
        return ClassTargets(self.classes, self.labels[places], self.empty)

    def header(self) -> tuple[Any, ...]:
        """Returns the names."""
        return self.classes

    def content(self) -> bytes:
        """Returns the labels."""
        return self.labels.astype("<i4").tobytes()

    def strata(self) -> np.ndarray:
        """Returns the labels."""
        return self.labels

    def counts(self) -> dict[str, int]:
        """Returns how many samples each class has, in the order of the labels."""
        return dict(zip(self.classes, np.bincount(self.labels, minlength=len(self.classes)).tolist(), strict=True))

    def caption(self, place: int) -> str:
        """Returns the class's name."""
        return self.classes[self.labels[place]]

    def imbalance(self) -> float:
        """Returns how many times as many samples the largest class has as the smallest; 1 without samples."""
        present = [count for count in self.counts().values() if count]
        return max(present) / min(present) if present else 1.0

    def conflict(self, places: Sequence[int]) -> bool:
        """Whether they have several classes: one at most is right."""
        return len(set(self.labels[np.asarray(places)].tolist())) > 1

    def warnings(self) -> list[str]:
        """Returns which classes are too small."""
        found = []
        if self.imbalance() >= IMBALANCE:
            found.append(
                f"The largest class has {round(self.imbalance(), 2):g} times as many pictures as the smallest."
            )
        few = [name for name, count in self.counts().items() if count < FEW_PICTURES]
        if few:
            shown = ", ".join(f"'{name}'" for name in few[:5]) + (" ..." if len(few) > 5 else "")
            classes = counted(len(few), "class has", "classes have")
            found.append(f"{classes} fewer than {FEW_PICTURES} pictures that can be read: {shown}.")
        return found

    def summary(self) -> dict[str, Any]:
        """Returns the names as well."""
        return {"target": self.kind, "classes": list(self.classes)}

    def problem(self, source: str, fewest: int) -> UserError | None:
        """Returns why too few classes are no data set to learn from."""
        if len(self.classes) >= fewest:
            return None
        if self.empty:
            return UserError(
                "'{path}' holds pictures of only one class, '{name}': in the folder '{empty}' there are none.",
                hint="Put the pictures of another class into it.",
                path=source,
                name=self.classes[0],
                empty=self.empty[0],
            )
        return UserError(
            "'{path}' holds only one class, '{name}', and two are needed.",
            hint="Put a folder with pictures of another class beside it.",
            path=source,
            name=self.classes[0],
        )

    def present(self, source: str, fewest: int) -> ClassTargets:
        """Returns them without the classes that have no sample.

        Raises:
            UserError: fewer classes are left than are needed.
        """
        found, labels = np.unique(self.labels, return_inverse=True)
        classes = tuple(self.classes[label] for label in found)
        if len(classes) < fewest:
            raise one_class_readable(source, classes[0])
        return ClassTargets(classes, labels.astype(np.int32), self.empty)

    def batch(
        self, places: np.ndarray, placement: Placement | None = None, random: np.random.Generator | None = None
    ) -> np.ndarray:
        """Returns labels, int32 (B,)."""
        return self.labels[places]


def class_counts(targets: Targets | None) -> dict[str, int]:
    """Returns how many samples each class has, by its name; nothing where the samples have no classes."""
    return targets.counts() if isinstance(targets, ClassTargets) else {}


def classes_of(targets: Targets) -> ClassTargets:
    """Returns the targets as classes, for whoever can learn nothing else.

    Raises:
        TypeError: they are none.
    """
    if not isinstance(targets, ClassTargets):
        raise TypeError(f"The samples must have classes. Received: targets of the kind '{targets.kind}'")
    return targets


def stand_in(source: str, count: int, fewest: int) -> ClassTargets:
    """Returns what stands for the classes of samples that have none: one class, called as the data are.

    Args:
        source: str, what the user named.
        count: int, N.
        fewest: int, how many classes are needed at least.

    Raises:
        UserError: some are needed.
    """
    if fewest < 1:
        path = path_of(source).absolute()
        name = printable(path.stem if path.suffix.lower() == ".zip" else path.name) or source
        return ClassTargets((name,), np.zeros(count, np.int32))
    raise UserError(
        "The pictures in '{path}' lie in no class folders.",
        hint="Put one folder per class inside it, and move each picture into the folder of its class.",
        path=source,
    )


def one_class_readable(source: str, name: str) -> UserError:
    """Returns the error for a data set in which the pictures of one class alone can be read."""
    return UserError(
        "Only the class '{name}' in '{path}' holds pictures that can be read, and two are needed.",
        hint="Look at the list of skipped files, and put pictures of another class into a folder beside it.",
        name=name,
        path=source,
    )
