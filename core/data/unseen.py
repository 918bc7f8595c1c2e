"""Which classes have no picture where they need one: they can't be learnt, or nobody learns how well they were."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from core.data.sources.remarks import listed
from core.data.targets.classes import ClassTargets
from core.data.targets.target import Targets
from core.events import Log


def unseen_classes(targets: Targets, splits: Mapping[str, np.ndarray]) -> dict[str, list[str]]:
    """Returns the classes without a picture in a split.

    Args:
        targets: of all samples.
        splits: "train", "test" -> indices of samples.

    Returns:
        "untrained" (none to train on), "untested" (none in a test split that has pictures) and "empty" (class folders
        in which no picture lies) -> names; nothing for targets that are no classes.
    """
    if not isinstance(targets, ClassTargets):
        return {"untrained": [], "untested": [], "empty": []}

    def missing(split: str) -> list[str]:
        seen = set(targets.labels[splits[split]].tolist())
        return [name for label, name in enumerate(targets.classes) if label not in seen]

    return {
        "untrained": missing("train"),
        "untested": missing("test") if len(splits["test"]) else [],
        "empty": list(targets.empty),
    }


def remarks_on_unseen(unseen: Mapping[str, Collection[str]], total: int) -> list[Log]:
    """Returns what is said of them; that folders are empty is said by those who have looked into them.

    Args:
        unseen: as above.
        total: int, how many classes there are.
    """
    found = []
    if untrained := unseen["untrained"]:
        message = "No training picture shows these classes, so the model can't recognise them: {classes}."
        found.append(Log(message, "warning", {"classes": listed(untrained)}))
    if untested := unseen["untested"]:
        message = (
            "1 of {total} classes has no test picture, so the score does not tell how well it is recognised: {classes}."
            if len(untested) == 1
            else "{count} of {total} classes have no test picture, so the score does not tell how well they are "
            "recognised: {classes}."
        )
        values = {"count": len(untested)} if len(untested) > 1 else {}
        found.append(Log(message, "warning", {**values, "total": total, "classes": listed(untested)}))
    return found
