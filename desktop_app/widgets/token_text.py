"""A text whose tokens can be told apart: each stands on a tint of its own and can be chosen. It must not know a model.

Positions in the text are Qt's, which counts UTF-16 units.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import (
    QFont,
    QKeyEvent,
    QMouseEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QTextEdit

from desktop_app.theme import colour, theme
from desktop_app.translation import say

LINE_HEIGHT_PERCENT = 150.0
MOST_ALPHA = 150  # of a tint: the text on it stays easy to read
FONT_GROWTH = 1.15
# What would break the line without being seen is shown as a sign.
SIGNS = {"\r": "␍", "\t": "⇥", "\u2028": " ", "\u2029": " ", "\0": "␀", "\ufdd0": " ", "\ufdd1": " ", "\ufffc": " "}
SIGNS |= dict.fromkeys(("\ufeff", "\ufffe"), " ")  # PySide drops one that begins a text


def visible(piece: str) -> str:
    """Returns a token's piece as it is shown: an end of line as an arrow before it."""
    return "".join("↵\n" if sign == "\n" else SIGNS.get(sign, sign) for sign in piece)


def units(text: str) -> int:
    """Returns a text's length as Qt counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class TokenText(QTextEdit):
    """Shows tokens as flowing text; the arrow keys go from one to the next.

    Signals:
        token_chosen: int, the place of the token that the user has chosen.
    """

    token_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__(readOnly=True)
        self.setObjectName("tokenText")
        self.setUndoRedoEnabled(False)
        self.setAcceptDrops(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        say(self.setAccessibleName, "Text")
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * FONT_GROWTH)
        self.document().setDefaultFont(font)
        self.document().setDocumentMargin(8)
        self._ends: list[int] = []  # where each token ends
        self._tints: list[float] = []
        self._shade = "warning"
        self._muted = 0
        self._chosen = -1
        theme().changed.connect(self._paint_anew)

    @property
    def count(self) -> int:
        """How many tokens are shown."""
        return len(self._ends)

    @property
    def chosen(self) -> int:
        """The place of the token that is chosen; -1 for none."""
        return self._chosen

    def show_tokens(self, pieces: Sequence[str], tints: Sequence[float], *, shade: str, muted: int = 0) -> None:
        """Shows other tokens.

        Args:
            pieces: what each adds to the text; "" for one that shows nothing by itself.
            tints: in [0, 1], how strongly each is tinted; 0 not at all.
            shade: field of `theme.Colours` that they are tinted in.
            muted: int, how many of the first tokens are written in a paler colour.
        """
        self._ends, self._tints, self._shade, self._muted, self._chosen = [], [], shade, muted, -1
        self.setExtraSelections([])
        self.clear()
        block = QTextBlockFormat()
        block.setLineHeight(LINE_HEIGHT_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        QTextCursor(self.document()).setBlockFormat(block)
        self.add_tokens(pieces, tints)
        self.verticalScrollBar().setValue(0)

    def add_tokens(self, pieces: Sequence[str], tints: Sequence[float]) -> None:
        """Appends tokens; follows them where the end is in sight."""
        bar = self.verticalScrollBar()
        following = bar.value() >= bar.maximum() - 4
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        end = self._ends[-1] if self._ends else 0
        for piece, tint in zip(pieces, tints, strict=True):
            shown = visible(piece)
            end += units(shown)
            self._ends.append(end)
            self._tints.append(tint)
            cursor.insertText(shown, self._format(len(self._ends) - 1))
        cursor.endEditBlock()
        if following:
            bar.setValue(bar.maximum())

    def follow(self) -> None:
        """Goes to the end, where more tokens come."""
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def show_tints(self, tints: Sequence[float], shade: str) -> None:
        """Tints the tokens otherwise.

        Args:
            tints: as for `show_tokens`, one a token.
            shade: as for `show_tokens`.
        """
        if list(tints) != self._tints or shade != self._shade:
            self._tints, self._shade = list(tints), shade
            self._paint_anew()

    def choose(self, place: int) -> None:
        """Marks a token, or none with -1; emits nothing."""
        self._chosen = place if 0 <= place < self.count else -1
        self._mark()

    def place_at(self, position: int) -> int:
        """Returns which token holds a position of the text; -1 where there is none."""
        place = bisect_right(self._ends, position)
        while 0 < place >= self.count or (place > 0 and self._start(place) == self._ends[place]):
            place -= 1
        return place if self._ends else -1

    def span(self, place: int) -> tuple[int, int]:
        """Returns where a token begins and ends in the text."""
        return self._start(place), self._ends[place]

    # -- Qt's events --------------------------------------------------------------------------------------

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Chooses the token under the pointer, unless a stretch of text was being selected."""
        super().mouseReleaseEvent(event)
        if event.button() != Qt.MouseButton.LeftButton or self.textCursor().hasSelection() or not self._ends:
            return
        point = event.position().toPoint()
        cursor = self.cursorForPosition(point)
        # The cursor stands between two letters: it is the one before it that lies under the pointer's left half.
        position = cursor.position() - (1 if point.x() < self.cursorRect(cursor).left() else 0)
        self._choose(self.place_at(max(0, position)))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Goes from token to token."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -self.count, Qt.Key.Key_End: self.count}
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if plain and event.key() in steps and self._ends:
            step = steps[Qt.Key(event.key())]
            place = min(max(self._chosen + step, 0), self.count - 1)
            while 0 < place < self.count - 1 and self._start(place) == self._ends[place]:
                place += 1 if step > 0 else -1  # one that shows nothing is passed over
            self._choose(place)
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Keeps the marks in step with the palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._mark()

    # -- painting -----------------------------------------------------------------------------------------

    def _choose(self, place: int) -> None:
        if place >= 0:
            self.choose(place)
            cursor = QTextCursor(self.document())
            cursor.setPosition(self._ends[place])
            self.setTextCursor(cursor)  # which scrolls there
            self.token_chosen.emit(place)

    def _start(self, place: int) -> int:
        return self._ends[place - 1] if place else 0

    def _format(self, place: int) -> QTextCharFormat:
        made = QTextCharFormat()
        made.setForeground(colour("muted" if place < self._muted else "text"))
        if self._tints[place] > 0.0:
            ground = colour(self._shade)
            ground.setAlpha(round(MOST_ALPHA * min(1.0, self._tints[place])))
            made.setBackground(ground)
        return made

    @Slot()
    def _paint_anew(self) -> None:
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for place, end in enumerate(self._ends):
            cursor.setPosition(self._start(place))
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(self._format(place))
        cursor.endEditBlock()
        self._mark()

    def _mark(self) -> None:
        if self._chosen < 0:
            self.setExtraSelections([])
            return
        selection = QTextEdit.ExtraSelection()
        start, end = self.span(self._chosen)
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        look = QTextCharFormat()
        look.setBackground(colour("accent"))
        look.setForeground(colour("on_accent"))
        selection.cursor, selection.format = cursor, look
        self.setExtraSelections([selection])
