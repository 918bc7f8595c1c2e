"""What a score does not tell, in sentences that stand beside it: in results, reports and the window alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from core.data.dataset import Dataset
from core.data.targets.classes import classes_of
from core.data.unseen import remarks_on_unseen, unseen_classes
from core.events import Log


def told(caveats: Iterable[Log]) -> list[dict[str, Any]]:
    """Returns them as a result holds them: {"message", "values"} each, for whoever speaks another language."""
    return [{"message": caveat.message, "values": dict(caveat.values)} for caveat in caveats]


def of_untested(classes: Sequence[str], counts: Sequence[int]) -> list[Log]:
    """Returns the caveat that some classes have no picture that is scored; none where each has one.

    Args:
        classes: K names.
        counts: K numbers of pictures that are scored.
    """
    missing = [name for name, count in zip(classes, counts, strict=True) if not count]
    return remarks_on_unseen({"untrained": [], "untested": missing}, len(classes))


def of_split(dataset: Dataset) -> list[Log]:
    """Returns the caveats of a classifier's data set: classes that are never learnt, or never tested."""
    unseen = unseen_classes(dataset.targets, dataset.splits)
    return remarks_on_unseen(unseen, len(classes_of(dataset.targets).classes))


def of_known(train: int, validation: int, count: int) -> list[Log]:
    """Returns the caveat that some of the pictures are known to the run; none where all are new.

    Args:
        train: int, of the pictures, those that were trained on.
        validation: int, those that were validated on.
        count: int, all.
    """
    known = train + validation
    values = {"known": known, "count": count, "train": train, "validation": validation}
    if not known:
        return []
    if known == count:
        del values["known"]
        message = (
            "All {count} pictures are known from training ({train}) or validation ({validation}): this is no score on "
            "new pictures."
        )
    else:
        message = (
            "{known} of {count} pictures are known from training ({train}) or validation ({validation}): the score is "
            "that of the others."
        )
    return [Log(message, "warning", values)]


def of_own(data: str, count: int) -> list[Log]:
    """Returns the caveat that other data are the run's own: `count` pictures of its held-out ones are scored."""
    message = "'{data}' holds what the run was trained on: only the {count} pictures that were held out are scored."
    return [Log(message, "warning", {"data": data, "count": count})]


def of_known_text(known: int, total: int) -> list[Log]:
    """Returns the caveat that so many of the texts' characters are known to the run; none where all are new."""
    if not known:
        return []
    if known == total:
        return [Log("All of the text is known from training or validation: this is no score on new text.", "warning")]
    message = "{share} of the text is known from training or validation: the score is that of the rest."
    return [Log(message, "warning", {"share": f"{known / total:.1%}"})]


def of_own_text(data: str, count: int) -> list[Log]:
    """Returns the caveat that other texts are the run's own: `count` texts of its held-out ones are scored."""
    message = "'{data}' holds what the run was trained on: only the {count} texts that were held out are scored."
    return [Log(message, "warning", {"data": data, "count": count})]


UNKNOWN = Log(
    "It is not known which of these were seen in training: an earlier version made the run, and its own data are not "
    "there any more. Those that were make the score too good.",
    "warning",
)
