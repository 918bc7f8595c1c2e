"""What a data set consists of before any picture is decoded. Every source makes one, every reader takes one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from core.context import Context
from core.data.dataset import Skipped
from core.data.targets.target import Targets
from core.errors import UserError
from core.events import Log


class Draw(Protocol):
    """Makes a source's pictures."""

    def __call__(self, context: Context, places: np.ndarray | None = None) -> np.ndarray:
        """Returns uint8 (N, H, W, C): all pictures, or those at the places."""


class OnDemand(Mapping[str, Targets]):
    """Targets that are made when they are first asked for: not every training wants every kind.

    Args:
        make: kind -> what makes them.
    """

    def __init__(self, make: Mapping[str, Callable[[], Targets]]) -> None:
        self._make = make
        self._made: dict[str, Targets] = {}

    def __getitem__(self, kind: str) -> Targets:
        if kind not in self._made:
            self._made[kind] = self._make[kind]()
        return self._made[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._make)

    def __len__(self) -> int:
        return len(self._make)


@dataclass(frozen=True, eq=False)
class Index:
    """The pictures of a source, each with its targets and its split, still unread. N of them.

    Exactly one of `read` and `draw` is set: pictures come one by one, or all at once.

    Args:
        source: str, what the user named.
        identity: str, hexadecimal; changes whenever the source's pictures may have changed.
        names: (N,), what each picture is called: its path, or a name such as "digits/17".
        targets: kind -> the targets of that kind that the source offers, N in each; see `OnDemand`.
        given: int8 (N,), 0 train, 1 validation, 2 test, -1 where the source sets no split.
        read: returns one picture's file, the bytes of it, or its pixels, uint8 (H, W, C). May be called from several
            threads.
        draw: returns pictures, uint8 (N, H, W, C), C being 1 or 3: all, or those at the places it is given.
        skipped: files that are no pictures of this data set, each with its reason.
        groups: (N,), equal where pictures must stay in one split; None where nothing is known.
        inside: (N,), each file's path below its class folder; None where the pictures are no files.
        side_px: int, px, the size its maker asked for; 0 where pictures have the sizes they happen to have.
        problem: why nothing can be trained on it, though its pictures can be looked at; None where all is well.
        no_classes: why its samples have no classes, where more can be said of it; for whoever needs some.
        remarks: what was guessed, looks wrong or is left out: to be said before a training.
        target: of the targets those that are wanted, which `open_index` sets; None where the source has none.
    """

    source: str
    identity: str
    names: Sequence[str]
    targets: Mapping[str, Targets]
    given: np.ndarray
    read: Callable[[int], Path | bytes | np.ndarray] | None = None
    draw: Draw | None = None
    skipped: tuple[Skipped, ...] = ()
    groups: np.ndarray | None = None
    inside: Sequence[str] | None = None
    side_px: int = 0
    problem: UserError | None = None
    no_classes: UserError | None = None
    remarks: tuple[Log, ...] = ()
    target: Targets | None = None

    def __len__(self) -> int:
        return len(self.names)

    def strata(self) -> np.ndarray:
        """Returns int (N,), by which the splits are balanced: what is wanted decides, and classes where there are."""
        if self.target is not None and (found := self.target.strata()).any():
            return found
        return self.targets["class"].strata() if "class" in self.targets else np.zeros(len(self), np.int64)
