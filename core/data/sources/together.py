"""Several things that were named at once, such as dropped on the window: what they are as one data set."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from core.data.sources.layout import is_junk, is_picture_name


def common_folder(paths: Sequence[Path]) -> Path | None:
    """Returns the folder that holds just these: class folders, splits, or the files of one set.

    Args:
        paths: at least one.

    Returns:
        None where they lie in several folders, or something else lies beside them that would be read too; and for zips,
        which are read one at a time.
    """
    folder = paths[0].parent
    if any(path.parent != folder or path.suffix.casefold() == ".zip" for path in paths):
        return None
    named = {path.name for path in paths}
    try:
        beside = [entry for entry in os.scandir(folder) if entry.name not in named and not is_junk(entry.name)]
        alone = not any(entry.is_dir() or is_picture_name(entry.name) for entry in beside)
    except OSError:
        return None
    return folder if alone else None
