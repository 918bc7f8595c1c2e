"""The list of runs, newest first, with what can be done with each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from desktop_app.store import RunRow
from desktop_app.theme import colour
from desktop_app.translation import mark, say, tr, translator
from desktop_app.widgets.elements import plain_tip

STATUS = {
    "queued": mark("waiting"),
    "running": mark("running"),
    "paused": mark("paused"),
    "done": mark("done"),
    "stopped": mark("stopped"),
    "failed": mark("failed"),
    "interrupted": mark("cut off"),
}
SHADES = {"done": "good", "failed": "bad", "interrupted": "warning", "running": "accent", "paused": "warning"}

ROW_PX = 28
NAME_PX = 150

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()  # what Qt passes where there is no parent


def _model(row: RunRow) -> str:
    return " · ".join(part for part in (row.job.model, tr(str(row.job.settings.get("size", "")))) if part)


def _score(row: RunRow) -> str:
    """The figure with its name: those of different kinds of models stand below each other."""
    return "" if row.score is None else row.score.brief()


def _tip(row: RunRow) -> str:
    return row.record.message or "\n".join(
        part for part in (row.score.tip() if row.score else "", str(row.run.folder)) if part
    )


def _when(row: RunRow) -> str:
    try:
        return f"{datetime.fromisoformat(row.record.created):%Y-%m-%d %H:%M}"
    except ValueError:
        return row.record.created


COLUMNS: tuple[tuple[str, Callable[[RunRow], str]], ...] = (
    (mark("Name"), lambda row: row.record.name),
    (mark("Status"), lambda row: tr(STATUS[row.record.status])),
    (mark("Score"), _score),
    (mark("Epochs"), lambda row: "" if row.epochs is None else str(row.epochs)),
    (mark("Model"), _model),
    (mark("Data"), lambda row: row.data),
    (mark("When"), _when),
)
STATUS_COLUMN, RIGHT = 1, (2, 3)


class RunModel(QAbstractTableModel):
    """The rows as Qt's table wants them."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[RunRow] = []
        translator().changed.connect(self.refresh)

    def show_rows(self, rows: Sequence[RunRow]) -> None:
        """Replaces all rows."""
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    @Slot()
    def refresh(self) -> None:
        """Draws all texts anew."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)
        self.layoutChanged.emit()

    def rowCount(self, parent: Index = ROOT) -> int:  # noqa: N802 (Qt's name)
        """How many runs."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = ROOT) -> int:  # noqa: N802 (Qt's name)
        """How many columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802 (Qt's name)
        """A column's title."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(COLUMNS[section][0])
        if role == Qt.ItemDataRole.TextAlignmentRole and section in RIGHT:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = 0) -> Any:
        """A cell."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[index.column()][1](row)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() in RIGHT:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == STATUS_COLUMN:
            return colour(SHADES.get(row.record.status, "muted"))
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(_tip(row))
        return None


class RunTable(QTableView):
    """A table of runs of which one is chosen.

    Signals:
        row_chosen: the `RunRow`, or None.
    """

    row_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("runTable")
        self.runs = RunModel()
        self.setModel(self.runs)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.setTabKeyNavigation(False)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column in range(len(COLUMNS)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)  # `_fit` sees to it
        say(self.setAccessibleName, "Runs")
        self.selectionModel().selectionChanged.connect(self._tell)

    def show_rows(self, rows: Sequence[RunRow]) -> None:
        """Replaces the rows; the run that was chosen stays chosen."""
        chosen = self.chosen()
        self.runs.show_rows(rows)
        if chosen is not None:
            self.choose(chosen.run.id)
        elif rows:
            self.selectRow(0)
        self._fit()
        self._tell()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Gives the name what the other columns leave."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        header = self.horizontalHeader()
        others = sum(header.sectionSize(column) for column in range(1, len(COLUMNS)))
        header.resizeSection(0, max(NAME_PX, self.viewport().width() - others))

    def height_of(self, rows: int) -> int:
        """Returns the height, in px, at which that many rows are seen."""
        return self.horizontalHeader().sizeHint().height() + rows * ROW_PX + 2 * self.frameWidth()

    def choose(self, run_id: str) -> None:
        """Chooses a run."""
        for line, row in enumerate(self.runs.rows):
            if row.run.id == run_id:
                self.selectRow(line)

    def chosen(self) -> RunRow | None:
        """Returns the row that is chosen."""
        lines = self.selectionModel().selectedRows()
        return self.runs.rows[lines[0].row()] if lines and lines[0].row() < len(self.runs.rows) else None

    @Slot()
    def _tell(self) -> None:
        self.row_chosen.emit(self.chosen())
