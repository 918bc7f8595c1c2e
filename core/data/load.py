"""Loads a data set, whatever it is: index it, read its pictures, divide them. The one way in for tasks."""

from __future__ import annotations

import hashlib

import numpy as np

from core.context import Context
from core.data.dataset import Dataset, Skipped
from core.data.open_index import open_index
from core.data.readable import none_readable
from core.data.reading import Pictures, read_pictures
from core.data.sources.remarks import listed
from core.data.splits import given_splits, make_splits
from core.data.targets.classes import ClassTargets
from core.data.targets.target import Targets
from core.errors import UserError
from core.events import Log
from core.kinds.kind import Wanted
from core.settings.dataset import DatasetSettings

LISTED_SKIPPED = 20
FEW_TESTED = 30
CLASSES = Wanted()


def load(settings: DatasetSettings, seed: int, context: Context, wanted: Wanted = CLASSES) -> Dataset:
    """Loads the data set that the settings name.

    Args:
        settings: which pictures, at which size, and how they are divided.
        seed: int >= 0, decides the splits, and the scenes of "shapes". Same seed, same result.
        context: gets progress and the files left out; is asked whether to stop.
        wanted: what the samples must carry: two classes at least, unless something else is said. To score a model one
            is enough.

    Returns:
        All readable pictures, N of them, with targets and splits. Classes without a readable picture are left out.

    Raises:
        UserError: there is no such data set, no picture can be read, or too little is left to learn from.
        CancelledError: the user has asked the job to stop.
    """
    index = open_index(settings, seed, context, wanted)
    if index.problem is not None:
        raise index.problem
    if index.target is None:
        raise ValueError(f"An index without a problem has targets. Received: {index.source!r} without")
    for remark in index.remarks:
        context.report(remark)
    pictures = read_pictures(index, settings, context)
    skipped = index.skipped + pictures.skipped
    report_skipped(skipped, len(index) + len(index.skipped), context)
    if not len(pictures.kept):
        raise none_readable(settings.data, pictures.skipped)
    given = index.given[pictures.kept]
    names = tuple(index.names[place] for place in pictures.kept)
    targets = index.target.take(pictures.kept).present(settings.data, wanted.fewest)
    _report_vanished(index.target, targets, context)
    groups = None if index.groups is None else index.groups[pictures.kept]
    splits = make_splits(
        index.strata()[pictures.kept],
        test_share=settings.test_share,
        validation_share=settings.validation_share,
        seed=seed,
        given=given,
        digests=pictures.digests,
        groups=groups,
    )
    divided = 0 if groups is None else count_leaks(splits, groups)
    leaks = count_leaks(splits, pictures.digests)
    _report_leaks(divided, leaks, context)
    return Dataset(
        source=index.source,
        fingerprint=_fingerprint(targets, pictures, groups),
        images=pictures.images,
        targets=targets,
        names=names,
        splits=splits,
        skipped=skipped,
        given=given_splits(index.given),
        leaks=leaks,
        placement=pictures.placement,
        digests=pictures.digests,
        reading=pictures.reading,
    )


def _report_vanished(found: Targets, left: Targets, context: Context) -> None:
    """Says which classes are gone, since none of their pictures can be read."""
    if not (isinstance(found, ClassTargets) and isinstance(left, ClassTargets)):
        return
    if gone := [name for name in found.classes if name not in left.classes]:
        message = "None of the pictures of these classes can be read, so they are left out: {classes}."
        context.report(Log(message, "warning", {"classes": listed(gone)}))


def _report_leaks(divided: int, leaks: int, context: Context) -> None:
    if divided:
        context.report(
            Log(
                "{count} pictures of the test split belong to a group that is in another split too: "
                "the test score is too optimistic.",
                "warning",
                {"count": divided},
            )
        )
    if leaks:
        context.report(
            Log(
                "{count} pictures of the test split have an exact copy in another split: the test "
                "score is too optimistic.",
                "warning",
                {"count": leaks},
            )
        )


def count_leaks(splits: dict[str, np.ndarray], digests: np.ndarray) -> int:
    """Returns how many test pictures have an exact copy, or another of their group, in train or validation.

    Args:
        splits: "train", "validation", "test" -> indices.
        digests: (N,), equal where pictures are exact copies, or of one group.
    """
    seen = np.concatenate([splits["train"], splits["validation"]])
    return int(np.isin(digests[splits["test"]], digests[seen]).sum())


def report_small_test(count: int, context: Context) -> None:
    """Warns where a score on so many pictures of the test split is largely chance."""
    if 0 < count < FEW_TESTED:
        message = "The test split holds very few pictures ({count}): its score says little."
        context.report(Log(message, "warning", {"count": count}))


def report_skipped(skipped: tuple[Skipped, ...], count: int, context: Context) -> None:
    """Reports the first of the files left out, and how many there are."""
    for one in skipped[:LISTED_SKIPPED]:
        context.report(Log("Skipped '{path}'. {reason}", "warning", {"path": one.path, "reason": one.reason}))
    if skipped:
        values = {"skipped": len(skipped), "count": count}
        context.report(Log("{skipped} of {count} files could not be used and were skipped.", "warning", values))


def none_to_train(source: str) -> UserError:
    """Returns the error for a data set whose pictures all belong to validation and test."""
    return UserError(
        "No picture of '{source}' is left to train on.",
        hint="Lower the test and validation shares, or add pictures.",
        source=source,
    )


def _fingerprint(targets: Targets, pictures: Pictures, groups: np.ndarray | None) -> str:
    """Returns a hash of targets, pixels and groups: a copy of the data elsewhere has the same."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(repr((targets.header(), pictures.images.shape)).encode("utf-8", "backslashreplace"))
    digest.update(targets.content())
    digest.update(pictures.digests.astype("<u8").tobytes())
    if groups is not None:  # they decide the splits, and come from names, of which nothing else here knows
        digest.update(groups.astype("<i8").tobytes())
    return digest.hexdigest()
