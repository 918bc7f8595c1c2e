"""The table of classified pictures: thumbnail, file, class, probability."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from desktop_app.translation import mark, say, tr, translator
from desktop_app.widgets.elements import plain_tip
from desktop_app.widgets.pixels import tile_icon, to_image

THUMBNAIL_PX = 40
COLUMNS = (mark("Picture"), mark("Class"), mark("Probability"))

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()  # what Qt passes where there is no parent


class PredictionModel(QAbstractTableModel):
    """Rows {"path", "label", "probability", "top"}, some with a picture."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []
        self.pictures: dict[str, np.ndarray] = {}
        self._thumbnails: dict[str, QIcon] = {}
        self._lines: dict[str, int] = {}  # path -> its row
        translator().changed.connect(self._rename)

    def add(self, rows: list[dict[str, Any]]) -> None:
        """Appends rows whose path is new; a row whose path is known replaces the older one."""
        fresh: dict[str, dict[str, Any]] = {}
        for row in rows:
            if (line := self._lines.get(row["path"])) is None:
                fresh[row["path"]] = row
            elif self.rows[line] != row:
                self.rows[line] = row
                self.dataChanged.emit(self.index(line, 0), self.index(line, len(COLUMNS) - 1))
        if fresh:
            first = len(self.rows)
            self.beginInsertRows(ROOT, first, first + len(fresh) - 1)
            self.rows += fresh.values()
            self._lines.update({path: first + number for number, path in enumerate(fresh)})
            self.endInsertRows()

    def show_picture(self, path: str, picture: np.ndarray) -> None:
        """Takes the picture of a path; it may have changed on the disk since the last time."""
        self.pictures[path] = picture
        self._thumbnails.pop(path, None)

    def clear(self) -> None:
        """Forgets all rows and pictures."""
        self.beginResetModel()
        self.rows = []
        self.pictures = {}
        self._thumbnails = {}
        self._lines = {}
        self.endResetModel()

    @Slot()
    def _rename(self) -> None:
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    def rowCount(self, parent: Index = ROOT) -> int:  # noqa: N802 (Qt's name)
        """How many pictures."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = ROOT) -> int:  # noqa: N802 (Qt's name)
        """How many columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802 (Qt's name)
        """A column's title."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(COLUMNS[section])
        if role == Qt.ItemDataRole.TextAlignmentRole and section == 2:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = 0) -> Any:
        """A cell."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (Path(row["path"]).name, row["label"], f"{row['probability']:.1%}")[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return self._thumbnail(row["path"])
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(row["path"])
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 2:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def _thumbnail(self, path: str) -> QIcon | None:
        """Scaled only once it is looked at: a folder may hold thousands."""
        if path not in self._thumbnails and path in self.pictures:
            self._thumbnails[path] = tile_icon(to_image(self.pictures[path]), THUMBNAIL_PX, 2.0)
        return self._thumbnails.get(path)


class PredictionTable(QTableView):
    """Shows what was classified; one row is chosen.

    Signals:
        row_chosen: the row's mapping, or None.
    """

    row_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("predictionTable")
        self.predictions = PredictionModel()
        self.setModel(self.predictions)
        self.setIconSize(QSize(THUMBNAIL_PX, THUMBNAIL_PX))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(THUMBNAIL_PX + 8)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(1, 140)
        header.resizeSection(2, 110)
        say(self.setAccessibleName, "Classified pictures")
        self.selectionModel().selectionChanged.connect(self._tell)

    def chosen(self) -> dict[str, Any] | None:
        """Returns the row that is chosen."""
        lines = self.selectionModel().selectedRows()
        return self.predictions.rows[lines[0].row()] if lines else None

    @Slot()
    def _tell(self) -> None:
        self.row_chosen.emit(self.chosen())
