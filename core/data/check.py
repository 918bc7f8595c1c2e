"""The data doctor: the task that looks at every picture and says what may spoil a training. It changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core import catalog
from core.context import Context
from core.data.dataset import SPLITS, Skipped
from core.data.decode import DecodeError
from core.data.digests import digest_of
from core.data.form import DepthFoundError, Form, choose_form, decode_one, usual_ratio, with_range
from core.data.index import Index
from core.data.load import none_to_train
from core.data.notices import Overview, notices
from core.data.open_index import open_index
from core.data.parallel import each
from core.data.progress import Progressing
from core.data.readable import none_readable
from core.data.splits import given_splits, make_splits
from core.data.targets.classes import ClassTargets, class_counts
from core.data.targets.target import Targets
from core.data.unseen import remarks_on_unseen, unseen_classes
from core.errors import UserError, counted, fill
from core.kinds.kind import Wanted
from core.settings.dataset import DatasetSettings

LISTED_GROUPS = 1000
COLOURS = (("grey", 1), ("rgb", 3))  # and the channels that they have


@dataclass(frozen=True, slots=True)
class Seen:
    """What is remembered of a picture.

    Args:
        digest: int, of its decoded pixels at full size.
        width: int, px.
        height: int, px.
        channels: int, 1 or 3.
        notes: as of `core.data.decode.decode_noting`.
    """

    digest: int
    width: int
    height: int
    channels: int
    notes: frozenset[str] = field(default=frozenset(), compare=False)


def check(settings: DatasetSettings, context: Context) -> dict[str, Any]:
    """Looks at every picture of a data set, for a training of the job's model where it names one.

    Returns:
        `samples` (pictures that can be read), `classes` (name -> count of these; empty where they have none), `counts`
        (what else is counted of what they are learnt as, by name), `splits` (name -> count, as training would take
        them; empty where nothing can be trained on it), `unseen_classes` (as `core.data.unseen`; empty
        where there are no splits), `given` (splits the source sets itself), `refused`
        (why training would refuse it; empty where it would not), `groups` (how many there are; None where `group_by`
        asks for none), `unreadable` and `left_out` ([{path, reason}], pictures that can't be read and files that are no
        part of the data set), `duplicates` ([{paths, labels, splits, leak, conflict}], exact copies by their pixels: a
        leak where given splits share them, a conflict where their targets contradict each other), `duplicate_groups`,
        `leaks` and `conflicts` (how many such groups), `copies` (pictures beyond the first of each group), `imbalance`
        (largest class over smallest), `sizes`, `colours`, and `warnings`, a sentence each.

    Raises:
        UserError: there is no such data set, or no picture in it can be read.
        CancelledError: the user has asked the job to stop.
    """
    wanted = catalog.wanted(context.job.model)
    index = open_index(settings, context.job.seed, context, wanted)
    if index.problem is not None and not len(index):
        raise index.problem
    seen, unreadable, form = _look(index, settings, context)
    if not seen:
        raise none_readable(settings.data, unreadable)
    places = np.array(sorted(seen), np.int64)
    target, given = None if index.target is None else index.target.take(places), index.given[places]
    duplicates = _duplicates(index, seen)
    problem = index.problem or _too_little(index, target, wanted)
    divided = {} if problem else _divided(index, places, seen, settings, context.job.seed)
    splits = {name: len(divided[name]) for name in divided}
    if splits and not splits["train"]:
        problem = none_to_train(index.source)
    report: dict[str, Any] = {
        "source": index.source,
        "samples": len(seen),
        "classes": class_counts(target),
        "counts": {} if target is None else target.counts(),
        "unseen_classes": unseen_classes(target, divided) if divided and target is not None else {},
        "splits": splits,
        "given": list(given_splits(given)),
        "refused": "" if problem is None else str(problem),
        "groups": None if index.groups is None else len(np.unique(index.groups[places])),
        "unreadable": listed_files(unreadable),
        "left_out": listed_files(index.skipped),
        "duplicates": duplicates[:LISTED_GROUPS],
        "duplicate_groups": len(duplicates),
        "copies": sum(len(group["paths"]) - 1 for group in duplicates),
        "leaks": sum(group["leak"] for group in duplicates),
        "conflicts": sum(group["conflict"] for group in duplicates),
        "imbalance": round(target.imbalance(), 2) if isinstance(target, ClassTargets) else 1.0,
        "sizes": _sizes(list(seen.values())),
        "colours": {name: sum(one.channels == channels for one in seen.values()) for name, channels in COLOURS},
    }
    report["warnings"] = _warnings(report, duplicates, index, target, given)
    report["warnings"] += _read_so(list(seen.values()), form, settings)
    return report


def _look(
    index: Index, settings: DatasetSettings, context: Context
) -> tuple[dict[int, Seen], tuple[Skipped, ...], Form | None]:
    """Decodes every picture.

    Returns:
        What is remembered of each by its place, those that can't be read, and how they were read; None of drawn ones.
    """
    settings = settings.model_copy(update={"colour": "auto"})  # as the files are
    form = choose_form(index, settings, context) if index.draw is None else None
    while True:
        try:
            return *_look_at_all(index, settings, form, context), form
        except DepthFoundError:
            assert form is not None  # noqa: S101
            form = with_range(index, form, context)


def _look_at_all(
    index: Index, settings: DatasetSettings, form: Form | None, context: Context
) -> tuple[dict[int, Seen], tuple[Skipped, ...]]:
    drawn = index.draw(context) if index.draw is not None else None

    def look(place: int) -> Seen | Skipped:
        notes: frozenset[str] = frozenset()
        try:
            if drawn is not None:
                picture = drawn[place]
            else:
                picture, notes = decode_one(index, place, settings, None if form is None else form.found)
        except DecodeError as error:
            return Skipped(index.names[place], error.reason)
        height, width, channels = picture.shape
        return Seen(digest_of(picture), width, height, channels, notes)

    seen: dict[int, Seen] = {}
    unreadable: list[Skipped] = []
    progress = Progressing(context, "decode", len(index), "pictures")
    for place, result in each(look, len(index), progress, 1 if form is None else form.workers):
        if isinstance(result, Skipped):
            unreadable.append(result)
        else:
            seen[place] = result
    progress.end()
    return seen, tuple(unreadable)


def _too_little(index: Index, target: Targets | None, wanted: Wanted) -> UserError | None:
    """Returns what training says where the samples that can be read, whose targets these are, leave it too little."""
    try:
        if target is not None:
            target.present(index.source, wanted.fewest)
    except UserError as error:
        return error
    return None


def _divided(
    index: Index, places: np.ndarray, seen: dict[int, Seen], settings: DatasetSettings, seed: int
) -> dict[str, np.ndarray]:
    return make_splits(
        index.strata()[places],
        test_share=settings.test_share,
        validation_share=settings.validation_share,
        seed=seed,
        given=index.given[places],
        digests=np.array([seen[place].digest for place in places], np.uint64),
        groups=None if index.groups is None else index.groups[places],
    )


def _duplicates(index: Index, seen: dict[int, Seen]) -> list[dict[str, Any]]:
    """Returns the groups of exact copies, the harmful ones first."""
    members: dict[Seen, list[int]] = {}
    for place, one in seen.items():
        members.setdefault(one, []).append(place)
    groups = []
    for places in members.values():
        if len(places) > 1:
            labels = ["" if index.target is None else index.target.caption(place) for place in places]
            splits = [SPLITS[index.given[place]] if index.given[place] >= 0 else "" for place in places]
            groups.append(
                {
                    "paths": [index.names[place] for place in places],
                    "labels": labels,
                    "splits": splits,
                    "leak": len(set(splits)) > 1,
                    "conflict": index.target is not None and index.target.conflict(places),
                }
            )
    return sorted(groups, key=lambda group: -(2 * group["leak"] + group["conflict"]))


def _sizes(seen: list[Seen]) -> dict[str, Any]:
    sizes = Counter((one.width, one.height) for one in seen)
    by_area = sorted((width * height, width, height) for width, height in sizes)
    return {
        "most_common": list(max((count, size) for size, count in sizes.items())[1]),
        "smallest": list(by_area[0][1:]),
        "largest": list(by_area[-1][1:]),
        "different": len(sizes),
    }


def _read_so(seen: list[Seen], form: Form | None, settings: DatasetSettings) -> list[str]:
    """Returns what there is to say of how the pictures are read, a sentence each."""
    overview = Overview(
        len(seen),
        Counter(note for one in seen for note in one.notes),
        None if form is None else form.found,
        usual_ratio([(one.width, one.height) for one in seen]),
    )
    return [fill(log.message, log.values) for log in notices(overview, intensity=settings.intensity, fit=settings.fit)]


def _warnings(
    report: dict[str, Any], duplicates: list[dict[str, Any]], index: Index, target: Targets | None, given: np.ndarray
) -> list[str]:
    found = warnings_on_files(report, "picture")
    if report["leaks"]:
        leaks = sum(len(group["paths"]) for group in duplicates if group["leak"])
        found.append(f"{leaks:,} pictures have an exact copy in another given split: the test score will flatter.")
    if report["conflicts"]:
        conflicts = sum(len(group["paths"]) for group in duplicates if group["conflict"])
        found.append(f"{conflicts:,} pictures have an exact copy under another label: one of the labels is wrong.")
    if report["duplicate_groups"]:
        copies = counted(report["copies"], "picture is an exact copy", "pictures are exact copies")
        found.append(f"{copies} of another; copies are kept in one split.")
    if target is not None:
        found += target.warnings()
    if _may_be_grouped(index, given):
        found.append(
            "The class folders hold folders: where the pictures of one belong together, such as those of one person, "
            "set group_by=folder."
        )
    unseen = remarks_on_unseen(report["unseen_classes"], len(report["classes"])) if report["unseen_classes"] else []
    found += [fill(remark.message, remark.values) for remark in (*index.remarks, *unseen)]
    return found


def warnings_on_files(report: Mapping[str, Any], sample: str) -> list[str]:
    """Returns what a check of any samples warns of: that training would refuse them, and files that it leaves out.

    Args:
        report: with `refused`, `unreadable` and `left_out`, as `check` returns them.
        sample: str, what a sample is called, in the singular.
    """
    found = []
    if report["refused"]:
        found.append(f"Training would refuse this data: {report['refused']}")
    if report["unreadable"]:
        unreadable = counted(len(report["unreadable"]), sample, f"{sample}s")
        found.append(f"{unreadable} cannot be read; training leaves out what it can't read.")
    if report["left_out"]:
        count, first = counted(len(report["left_out"]), "file is", "files are"), report["left_out"][0]
        found.append(f"{count} no part of the data set, such as '{first['path']}': {first['reason']}")
    return found


def listed_files(skipped: Iterable[Skipped]) -> list[dict[str, str]]:
    """Returns files that were left out as a report holds them."""
    return [{"path": one.path, "reason": one.reason} for one in skipped]


def _may_be_grouped(index: Index, given: np.ndarray) -> bool:
    """Whether folders inside the class folders may be groups that nobody has asked to keep together."""
    if index.groups is not None or index.inside is None or set(given_splits(given)) == set(SPLITS):
        return False
    return len({path.partition("/")[0] for path in index.inside if "/" in path}) > 1
