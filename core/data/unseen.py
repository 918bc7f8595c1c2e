"""Which classes have no picture where they need one: they can't be learnt, or nobody learns how well they were."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.context import Context
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


def remarks_on_unseen(unseen: Mapping[str, list[str]]) -> list[Log]:
    """Returns what is said of them; that folders are empty is said by those who have looked into them."""
    found = []
    if untrained := unseen["untrained"]:
        message = "These classes have no picture to train on, and will never be recognised: {classes}."
        found.append(Log(message, "warning", {"classes": listed(untrained)}))
    if untested := unseen["untested"]:
        message = "These classes have no test picture, so the test score says nothing of them: {classes}."
        found.append(Log(message, "warning", {"classes": listed(untested)}))
    return found


def report_unseen(unseen: Mapping[str, list[str]], context: Context) -> None:
    """Says which classes can't be learnt or scored, before a training."""
    for remark in remarks_on_unseen(unseen):
        context.report(remark)
