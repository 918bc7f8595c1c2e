"""The texts that were written, each below the one that it branched off from."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from core.text.perplexity_shown import perplexity_shown
from desktop_app.translation import say, tr, translator
from desktop_app.widgets.elements import button, column, plain_tip, row
from desktop_app.written_text import WrittenText

FIGURE_PX, MODEL_PX = 88, 128
TEXT = Qt.ItemDataRole.UserRole


class TextTree(QWidget):
    """A tree of texts.

    Signals:
        text_chosen: the `WrittenText` that the user has chosen.
        emptied: the button.
    """

    text_chosen = Signal(object)
    emptied = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._items: dict[int, QTreeWidgetItem] = {}
        self.list = QTreeWidget()
        self.list.setObjectName("textTree")
        self.list.setColumnCount(4)
        self.list.setUniformRowHeights(True)
        say(self.list.setAccessibleName, "Texts")
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        # Fixed: to fit their contents, all rows would be measured for each new one.
        for column_, width in ((1, MODEL_PX), (2, FIGURE_PX), (3, FIGURE_PX)):
            header.setSectionResizeMode(column_, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column_, width)
        self.clear_button = button(
            "Forget all", self.emptied, icon="trash", role="quiet", name="writeClear", tip="Forgets all these texts."
        )
        whole = column(self.list, row(1, self.clear_button))
        whole.setStretch(0, 1)
        whole.setContentsMargins(0, 8, 0, 0)
        self.setLayout(whole)
        self.list.currentItemChanged.connect(self._tell)
        translator().changed.connect(self._name)
        self._name()

    def add(self, text: WrittenText) -> None:
        """Adds a text, below its parent where that is listed."""
        above = self._items.get(id(text.parent))
        item = QTreeWidgetItem()
        item.setData(0, TEXT, text)
        self._fill(item, text)
        with QSignalBlocker(self.list):
            if above is None:
                self.list.addTopLevelItem(item)
            else:
                above.addChild(item)
                above.setExpanded(True)
        self._items[id(text)] = item

    def show_texts(self, texts: Iterable[WrittenText], chosen: WrittenText | None) -> None:
        """Shows other texts; parents stand before their branches."""
        with QSignalBlocker(self.list):
            self.list.clear()
        self._items = {}
        for text in texts:
            self.add(text)
        if chosen is not None:
            self.choose(chosen)

    def renew(self, text: WrittenText) -> None:
        """Shows a text as it is now."""
        if (item := self._items.get(id(text))) is not None:
            self._fill(item, text)

    def choose(self, text: WrittenText) -> None:
        """Marks a text; emits nothing."""
        if (item := self._items.get(id(text))) is not None:
            with QSignalBlocker(self.list):
                self.list.setCurrentItem(item)

    def _fill(self, item: QTreeWidgetItem, text: WrittenText) -> None:
        perplexity = text.perplexity
        item.setText(0, text.title or "…")
        item.setToolTip(0, plain_tip(text.text[:500]))
        item.setText(1, text.model)
        item.setToolTip(1, plain_tip(text.model))
        item.setText(2, f"{len(text.tokens):,}")
        item.setText(3, "" if perplexity is None else perplexity_shown(perplexity))
        for column_ in (2, 3):
            item.setTextAlignment(column_, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    @Slot()
    def _tell(self) -> None:
        if (item := self.list.currentItem()) is not None:
            self.text_chosen.emit(item.data(0, TEXT))

    @Slot()
    def _name(self) -> None:
        self.list.setHeaderLabels([tr("Text"), tr("Model"), tr("Tokens"), tr("Perplexity")])
