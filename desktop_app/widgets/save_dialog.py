"""Asks where to save a file. The dialog asks by itself before one is overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop_app.translation import tr


def save_dialog(parent: QWidget, title: str, start: Path, kinds: Mapping[str, str]) -> QFileDialog:
    """Returns a dialog that names a file to save.

    Args:
        parent: the window it belongs to.
        title: str, as it is shown.
        start: folder and name it offers, without a suffix.
        kinds: suffix without its point -> English name of that kind of file; the first is offered.
    """
    dialog = QFileDialog(parent, title, str(start.parent))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    filters = {f"{tr(name)} (*.{suffix})": suffix for suffix, name in kinds.items()}
    dialog.setNameFilters(list(filters))
    # Added by the dialog, not after it: else it would not ask before "a" overwrites "a.png".
    dialog.setDefaultSuffix(next(iter(kinds)))
    dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(filters[chosen]))
    dialog.selectFile(start.name)
    return dialog


def ask_where(parent: QWidget, title: str, start: Path, kinds: Mapping[str, str]) -> Path | None:
    """Asks for a file to save, as `save_dialog`; None where the user thinks better of it."""
    dialog = save_dialog(parent, title, start, kinds)
    try:
        return Path(dialog.selectedFiles()[0]) if dialog.exec() else None
    finally:
        dialog.deleteLater()


def pictures_folder() -> str:
    """Returns the user's own folder for pictures; its home where there is none."""
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation) or str(Path.home())
