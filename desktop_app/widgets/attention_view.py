"""What each head of a transformer looks at: a map of one head, or of the mean of all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QSpinBox, QStackedWidget, QWidget

from desktop_app.theme import SPACING
from desktop_app.translation import say, tr, translator
from desktop_app.widgets.elements import column, label, row
from desktop_app.widgets.heat_map import HeatMap

WORDS_PX = 200


class AttentionView(QWidget):
    """Shows the attention of one text.

    Signals:
        head_changed: another layer or head is shown.
        token_chosen: int, the token whose row was clicked.
    """

    head_changed = Signal()
    token_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("attentionView")
        self._attention: np.ndarray | None = None  # (L, H, T, T)
        self._names: Sequence[str] = ()
        self.layer = QSpinBox(minimum=1, maximum=1)
        self.layer.setObjectName("attentionLayer")
        say(self.layer.setAccessibleName, "Layer")
        self.head = QComboBox()
        self.head.setObjectName("attentionHead")
        self.head.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)  # in each language
        say(self.head.setAccessibleName, "Head")
        self.map = HeatMap()
        self.empty = label(role="empty", wrap=True, name="attentionEmpty")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        say(self.empty.setText, "What each token looks at is shown here, for texts of up to 256 tokens.")
        words = label(
            "Row: the token that looks. Column: the one looked at. Click a row, or a token in the text.",
            role="muted",
            wrap=True,
        )
        words.setMinimumWidth(WORDS_PX)
        side = column(row(label("Layer"), self.layer, 1), row(label("Head"), self.head, 1), words, 1, spacing=SPACING)
        shown = QWidget()
        shown.setLayout(row(side, self.map, spacing=2 * SPACING))
        shown.layout().setStretch(1, 1)  # type: ignore[union-attr]
        self._pages = QStackedWidget()
        self._pages.addWidget(self.empty)
        self._pages.addWidget(shown)
        whole = column(self._pages)
        whole.setContentsMargins(0, SPACING, 0, 0)
        self.setLayout(whole)
        self.layer.valueChanged.connect(self._change_head)
        self.head.currentIndexChanged.connect(self._change_head)
        self.map.row_chosen.connect(self.token_chosen)
        translator().changed.connect(self._name_heads)

    def show_attention(self, attention: np.ndarray | None, names: Sequence[str]) -> None:
        """Shows another text's; layer and head stay where they are, if there are so many. Emits nothing.

        Args:
            attention: uint8 (L, H, T, T), 255 for all of a token's attention; None where it is not known.
            names: the tokens.
        """
        self._attention, self._names = attention, names
        if attention is not None:
            layers, heads = attention.shape[:2]
            with QSignalBlocker(self.layer):
                self.layer.setMaximum(layers)
            with QSignalBlocker(self.head):
                chosen = self.head.currentIndex()
                self.head.clear()
                self.head.addItems([""] + [str(head + 1) for head in range(heads)])
                self.head.setCurrentIndex(chosen if 0 <= chosen <= heads else 0)
            self._name_heads()
        self._show()

    def weights(self, place: int) -> np.ndarray | None:
        """Returns how much a token looks at each one: float (T,); None where that is not known."""
        shown = self._matrix()
        return shown[place] if shown is not None and 0 <= place < len(shown) else None

    def choose(self, place: int) -> None:
        """Marks a token's row, or none with -1."""
        self.map.choose(place)

    def _matrix(self) -> np.ndarray | None:
        if self._attention is None:
            return None
        layer, head = self._attention[self.layer.value() - 1], self.head.currentIndex()
        found: np.ndarray = (layer.mean(axis=0) if head <= 0 else layer[head - 1]) / np.float32(255.0)
        return found

    def _show(self) -> None:
        self.map.show_values(self._matrix(), self._names)
        self._pages.setCurrentIndex(0 if self._attention is None else 1)

    @Slot()
    def _change_head(self) -> None:
        self._show()
        self.head_changed.emit()

    @Slot()
    def _name_heads(self) -> None:
        if self.head.count():
            self.head.setItemText(0, tr("mean of all"))
